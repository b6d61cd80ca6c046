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
from crossmargin.rulebook.pocket import assess_pockets
from crossmargin.rulebook.run import PricedMarket
from crossmargin.wire.assets import bundled_registry

MARKET, MUST = "examples/market.json", 2.0


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
    """Recipes with scenario families, and why the others of them are left out."""
    for name in wanted or crossmargin.recipe_names():
        recipe = api.recipe_of(name)
        if not recipe.terms.scenarios:
            continue
        missing = recipe.terms.missing()
        yield name, recipe, f"incomplete: needs {', '.join(missing)}" if missing else None


def main():
    if "--reference" in sys.argv:
        sys.argv.remove("--reference")
        use_backend("reference")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    read = api.load_market(MARKET)
    book = book_of_market(read, count, recipe=api.HOUSE, seed=1)
    base = market_of(read, book)

    def run(recipe):
        fresh = replace(base, priced={}, sensitivities={}, discounted={})
        start = time.process_time()
        found = assess_pockets(recipe, book, fresh)
        return time.process_time() - start, found

    plain = load_recipe(RECIPE)
    variants, left_out = {}, {}
    for name, recipe, reason in scanning(sys.argv[3:]):
        if reason is not None:
            left_out[name] = reason
            continue
        try:
            level = run(recipe)[1].summary.levels[recipe.liquidation_level]
            variants[name] = (recipe, float((~np.isnan(level.buffer)).mean()))
        except InputRefused as refused:
            left_out[name] = "; ".join(failure.message for failure in refused.failures)
    run(plain)
    ratios = {name: [] for name in variants}
    taken = {name: [] for name in variants}
    for _ in range(rounds):
        for name, (recipe, _) in variants.items():
            plain_seconds = run(plain)[0]
            own = run(recipe)[0]
            ratios[name].append(own / plain_seconds)
            taken[name].append(own)
    print(f"{count:,} accounts, {rounds} rounds, backend {backend_name()}")
    print(f"plain scan of 200 scenarios: {run(plain)[0]:.2f} s")
    worst = 0.0
    for name, (_, share) in sorted(variants.items(), key=lambda item: ratios[item[0]]):
        ratio = statistics.median(ratios[name])
        worst = max(worst, ratio)
        print(
            f"  {name:28s} {statistics.median(taken[name]):7.2f} s  {ratio:6.2f} "
            f"{'' if ratio <= MUST else 'above 2':8s} figures for {share:.0%} of accounts"
        )
    for name, reason in left_out.items():
        print(f"  {name:28s} {reason}")
    sys.exit(0 if worst <= MUST else 3)


if __name__ == "__main__":
    main()
