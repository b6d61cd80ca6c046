"""The market's accounts under every rulebook that scans, against the plain scan of `bench`.

    python benchmarks/recipes.py [--reference] [ACCOUNTS] [ROUNDS] [RECIPE...]

The plain scan is the worst of 200 scenarios at two levels (`crossmargin.cli.bench_margin`). All
begin with a market of which nothing is priced. What is measured is processor time over all
threads, and variants are interleaved: a busy machine then gives the same ratios. Ends with 3 when
one is above 2.
"""

import statistics
import sys
import time
from dataclasses import replace

import numpy as np

import crossmargin
from crossmargin import api
from crossmargin.base.failure import InputRefused
from crossmargin.cli.bench_margin import RECIPE
from crossmargin.cli.market_book import book_of_market
from crossmargin.kernels import backend_name, use_backend
from crossmargin.market.columns import market_columns
from crossmargin.market.complete import completed_market
from crossmargin.rulebook.load import load_recipe
from crossmargin.rulebook.pocket import SETTLE, assess_pockets
from crossmargin.rulebook.run import PricedMarket, Run, reporting_rows
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.recipes import bundled_recipe

MARKET, MUST = "examples/market.json", 2.0
FIGURES = {
    "bybit-portfolio": {
        "price_range": 0.10,
        "vol_up": 0.40,
        "vol_down": 0.25,
        "initial_factor": 1.2,
        "short_option": 0.01,
        "stable_spread": 0.005,
        "futures_factor": 0.01,
        "borrow_initial": 0.10,
        "borrow_maintenance": 0.05,
    },
    "okx-portfolio": {
        "vol_relative": 0.40,
        "vega_spread": 0.10,
        "rate_shift": 0.01,
        "depeg_rates": [0.01, 0.02, 0.03],
    },
    "tims": {"range_up": 0.15, "range_down": 0.15, "minimum_per_unit": 10.0},
}


def market_of(read, book):
    """The market over the book's listings, nothing priced."""
    registry = bundled_registry()
    snapshot = completed_market(read.snapshot, read.listings.values())
    return PricedMarket(
        universe=book.universe,
        market=market_columns(snapshot, book.universe),
        totals=snapshot.totals,
        history=read.prices,
        vol_history=read.vol_index,
        assets={code: registry.asset(code) for code in registry.codes()},
    )


def scanning(wanted):
    """Recipes with scenario families, and why the others of them are left out.

    What no source gives is filled in (`FIGURES`): the work is the same whatever the figures are.
    """
    for name in wanted or crossmargin.recipe_names():
        recipe = bundled_recipe(name, FIGURES.get(name))
        if not recipe.terms.scenarios:
            continue
        missing = recipe.terms.missing()
        yield name, recipe, f"incomplete: needs {', '.join(missing)}" if missing else None


def measurable(recipe, base):
    """The recipe for the market's listings, and a market with every figure that it reads.

    A rulebook that is for none of them is taken as if it were for all: an account that it refuses
    would cost a sentence, not a margin.
    """
    covers = recipe.terms.covers
    kept = [each for each in covers if each.instruments(base.universe).any()]
    terms = recipe.terms if kept or not covers else replace(recipe.terms, covers=())
    sure = np.ones(base.universe.instruments_count)
    more = {**base.market.more, **dict.fromkeys(terms.fields, sure)}
    market = replace(base.market, more=more)
    return replace(recipe, terms=terms), replace(base, market=market)


def scenarios_of(recipe, book, market):
    """How many scenarios of the market its families have together."""
    currency = recipe.terms.reporting if recipe.terms.reporting != SETTLE else "USDC"
    run = Run(
        terms=recipe.terms,
        priced=replace(market, priced={}, sensitivities={}, discounted={}),
        reporting=currency,
        reporting_row=reporting_rows(book.universe, currency),
        tick_exponent=recipe.terms.tick_exponent(currency),
    )
    return sum(run.scan(name).scenarios.scenarios_count for name in recipe.terms.scenarios)


def run(recipe, book, market):
    """Processor seconds over all threads from a market of which nothing is priced, and answers."""
    fresh = replace(market, priced={}, sensitivities={}, discounted={})
    start = time.process_time()
    found = assess_pockets(recipe, book, fresh)
    return time.process_time() - start, found


def variants_of(wanted, book, base):
    """Recipe, market and share of accounts with figures by name; and why others are left out."""
    variants, left_out = {}, {}
    for name, written, reason in scanning(wanted):
        if reason is not None:
            left_out[name] = reason
            continue
        try:
            recipe, market = measurable(written, base)
            level = run(recipe, book, market)[1].summary.levels[recipe.liquidation_level]
            variants[name] = (recipe, market, float((~np.isnan(level.buffer)).mean()))
        except InputRefused as refused:
            left_out[name] = "; ".join(failure.message for failure in refused.failures)
    return variants, left_out


def main():
    if "--reference" in sys.argv:
        sys.argv.remove("--reference")
        use_backend("reference")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    read = api.load_market(MARKET)
    book = book_of_market(read, count, recipe=api.HOUSE, seed=1)
    base = market_of(read, book)
    plain = load_recipe(RECIPE)
    variants, left_out = variants_of(sys.argv[3:], book, base)
    run(plain, book, base)
    ratios = {name: [] for name in variants}
    taken = {name: [] for name in variants}
    for _ in range(rounds):
        for name, (recipe, market, _) in variants.items():
            plain_seconds = run(plain, book, base)[0]
            own = run(recipe, book, market)[0]
            ratios[name].append(own / plain_seconds)
            taken[name].append(own)
    median = {name: statistics.median(own) for name, own in ratios.items()}
    print(f"{count:,} accounts, {rounds} rounds, backend {backend_name()}")
    print(f"plain scan of 200 scenarios: {run(plain, book, base)[0]:.2f} s")
    for name in sorted(variants, key=median.__getitem__):
        recipe, market, share = variants[name]
        said = (
            f"{scenarios_of(recipe, book, market)} scenarios, figures for {share:.0%} of accounts"
        )
        print(
            f"  {name:28s} {statistics.median(taken[name]):7.2f} s  {median[name]:6.2f} "
            f"{'' if median[name] <= MUST else 'above 2':8s} {said}"
        )
    for name, reason in left_out.items():
        print(f"  {name:28s} {reason}")
    sys.exit(0 if max(median.values(), default=0.0) <= MUST else 3)


if __name__ == "__main__":
    main()
