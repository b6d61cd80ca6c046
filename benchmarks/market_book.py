"""A whole market's margin: a snapshot and book arrays to all levels and standings of all accounts.

    python benchmarks/market_book.py [--accounts N] [--rounds N] [--backend reference]

The bundled chain of 2026-08-08 (1,540 options) with its real open interest allotted to N accounts
of 6 to 18 positions (`study.generate.market_book`), cash set from each recipe's own maintenance.
The limit, in the same run and interleaved, is pricing and aggregation alone: every scenario set of
the recipe priced once, and `net_worst_tail` over the rows that each of its scans nets, which lie
ready, grouped and sorted. Ours starts from the same snapshot and book arrays and adds groupings,
shapes, add-ons, collateral, profit, every level, rounding and standings. Exit 3 above --must or
above 64 MiB.
"""

import argparse
import statistics
import sys
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from crossmargin.api import load_market
from crossmargin.domain.columns import BookColumns
from crossmargin.domain.universe import build_universe
from crossmargin.kernels import RowSet, backend_name, net_worst_tail, use_backend
from crossmargin.market.columns import market_columns
from crossmargin.market.complete import completed_market
from crossmargin.risk.measure import tail_at_level
from crossmargin.rulebook.assess import MarginColumns, assess
from crossmargin.rulebook.charge.expected_shortfall import ExpectedShortfall
from crossmargin.rulebook.charge.scan import is_plain, plain_rows
from crossmargin.rulebook.charge.scan_loss import ScanLoss
from crossmargin.rulebook.context import ACCOUNT, Context
from crossmargin.rulebook.load import load_recipe
from crossmargin.rulebook.node import BySign, Clamp, Extreme, Leaf, Node, Per, RoundTo, Scale, Sum
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket, Run, reporting_rows
from crossmargin.rulebook.standing import STANDINGS
from crossmargin.study.generate import market_book, whole_lots, with_cash
from crossmargin.valuation.unit_value import unit_value
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.recipes import bundled_recipe

MARKET = Path(__file__).parent.parent / "examples" / "market.json"
MEMORY_LIMIT_BYTES = 64 * 2**20
PLAIN_SCAN: dict[str, Any] = {
    "name": "plain-scan",
    "title": "The worst of 200 scenarios of price and vol",
    "valid_from": "2026-01-01",
    "source": "illustrative",
    "reporting": "USD",
    "tick_exponent": -14,
    "params": {"factor": {"value": 0.8, "low": 0.0, "high": 1.0, "source": "illustrative"}},
    "scenarios": {
        "grid": {
            "kind": "grid",
            "price_move": [round(-0.38 + 0.04 * step, 2) for step in range(20)],
            "vol": [f"v{step}" for step in range(10)],
            "vol_move": {
                f"v{step}": {"shock": "relative", "move": round(-0.4 + 0.1 * step, 1)}
                for step in range(10)
            },
        }
    },
    "define": {
        "worst": {"charge": "scan_loss", "scenarios": "grid"},
        "cash": {"charge": "cash"},
        "options": {"charge": "mark_value", "select": {"kind": "option"}},
        "equity": {"op": "sum", "parts": [{"ref": "cash"}, {"ref": "options"}]},
    },
    "level": {
        "initial": {"equity": {"ref": "equity"}, "requirement": {"ref": "worst"}},
        "maintenance": {
            "equity": {"ref": "equity"},
            "requirement": {"op": "scale", "part": {"ref": "worst"}, "factor": "$factor"},
        },
    },
}


@dataclass(frozen=True)
class Market:
    """Book arrays, and a market that has not priced anything yet."""

    book: BookColumns
    unpriced: Callable[[], PricedMarket]


def market(accounts_count: int) -> Market:
    """The bundled market and its book without cash."""
    read = load_market(MARKET)
    listings = {listing.listing_id: listing for listing in read.listings.values()}
    universe = build_universe(listings.values(), ["USD"])
    snapshot = completed_market(read.snapshot, listings.values())
    registry = bundled_registry()

    def unpriced() -> PricedMarket:
        return PricedMarket(
            universe=universe,
            market=market_columns(snapshot, universe),
            totals=snapshot.totals,
            history=read.prices,
            vol_history=read.vol_index,
            assets={code: registry.asset(code) for code in registry.codes()},
        )

    columns = unpriced().market
    lots_per_contract = np.array([int(1 / listings[x].contract_step) for x in universe.listing_ids])
    lots = whole_lots(columns.open_interest[: universe.listings_count], lots_per_contract)
    entry = unit_value(universe, columns)[: universe.listings_count]
    book = market_book(universe, lots, lots_per_contract, accounts_count, seed=1, entry_value=entry)
    return Market(book=book, unpriced=unpriced)


def with_own_cash(found: Market, recipe: Recipe) -> Market:
    """The book with cash set from the recipe's own liquidation level."""
    columns = assess(recipe, found.book, found.unpriced())
    needed = -columns.levels[recipe.liquidation_level].buffer * 2.0**columns.tick_exponent
    book = with_cash(found.book, needed, cash_asset="USD", decimals=2, venue="deribit", seed=1)
    return Market(book=book, unpriced=found.unpriced)


def scans(node: Node, at: str) -> Iterator[tuple[str, ScanLoss | ExpectedShortfall]]:
    """Every scan of a tree with the grouping in which it is measured."""
    match node:
        case Leaf():
            if isinstance(node.charge, ScanLoss | ExpectedShortfall):
                yield at, node.charge
        case Sum() | Extreme():
            for part in node.parts:
                yield from scans(part, at)
        case Scale() | BySign() | Clamp() | RoundTo():
            yield from scans(node.part, at)
        case Per():
            yield from scans(node.part, node.grouping)


@dataclass(frozen=True)
class Ready:
    """Rows of one scan, grouped and sorted, and how many scenarios its tail has."""

    family: str
    sets: tuple[RowSet, ...]
    whole_count: int
    part_frac: float


def ready_rows(recipe: Recipe, found: Market) -> list[Ready]:
    """What the kernels need, for each distinct scan of the recipe."""
    run, book = new_run(recipe, found), found.book
    everyone = Context(
        run=run,
        accounts_count=book.accounts_count,
        first_account=0,
        owner=book.owner,
        positions=book.positions,
        balances=book.balances,
        orders=book.orders,
        explain=False,
        balances_grouped=True,
        account_names=book.account_ids,
    )
    distinct = {
        (at, charge): None
        for level in recipe.levels
        for at, charge in scans(level.requirement, ACCOUNT)
    }
    rows = []
    for at, charge in distinct:
        scan = run.scan(charge.scenarios)
        whole, part = 1, 0.0
        if isinstance(charge, ExpectedShortfall):
            tail = tail_at_level(charge.level, scan.scenarios.scenarios_count)
            whole, part = tail.whole_count, tail.part_frac
        netted = [(charge.groups, at)]
        if not is_plain(everyone, charge.groups, at):
            netted = [((each,), each.by or at) for each in charge.groups]
        for components, by in netted:
            own = plain_rows(everyone, scan, components, by)
            rows.append(
                Ready(
                    family=charge.scenarios,
                    sets=own.sets,
                    whole_count=whole,
                    part_frac=part,
                )
            )
    return rows


def new_run(recipe: Recipe, found: Market) -> Run:
    """A run that has priced nothing."""
    priced = found.unpriced()
    return Run(
        terms=recipe.terms,
        priced=priced,
        reporting="USD",
        reporting_row=reporting_rows(priced.universe, "USD"),
        tick_exponent=recipe.terms.tick_exponent("USD"),
    )


def aggregate(rows: list[Ready], changes: Mapping[str, np.ndarray]) -> None:
    """The kernels over rows that lie ready, and nothing else."""
    for each in rows:
        net_worst_tail(
            changes[each.family],
            *each.sets[0],
            each.whole_count,
            tail_fraction=each.part_frac,
            more=each.sets[1:],
        )


@dataclass(frozen=True)
class Seconds:
    """One round: all of ours, and the two parts of the limit."""

    ours: float
    pricing: float
    aggregation: float


def one_round(recipe: Recipe, found: Market, rows: list[Ready]) -> Seconds:
    """Ours, then the limit, from the same snapshot and arrays."""
    start = perf_counter()
    assess(recipe, found.book, found.unpriced())
    ours = perf_counter() - start
    start = perf_counter()
    run = new_run(recipe, found)
    changes = {name: run.scan(name).change for name in {each.family for each in rows}}
    pricing = perf_counter() - start
    start = perf_counter()
    aggregate(rows, changes)
    return Seconds(ours=ours, pricing=pricing, aggregation=perf_counter() - start)


def memory_added(recipe: Recipe, found: Market) -> int:
    """Peak bytes of arrays that one assessment adds beside its result columns."""
    tracemalloc.start()
    result = assess(recipe, found.book, found.unpriced())
    traced = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return traced - result_bytes(result)


def result_bytes(result: MarginColumns) -> int:
    """What the caller is given."""
    levels = sum(level.equity.nbytes + level.requirement.nbytes for level in result.levels.values())
    return levels + result.net_liquidation.nbytes + result.standing.nbytes


def measured(recipe: Recipe, plain: Market, rounds: int, must: float) -> bool:
    """Print one recipe's split; whether ratio and memory are within their limits."""
    found = with_own_cash(plain, recipe)
    rows = ready_rows(recipe, found)
    one_round(recipe, found, rows)
    taken = [one_round(recipe, found, rows) for _ in range(rounds)]
    ours = statistics.median(each.ours for each in taken)
    pricing = statistics.median(each.pricing for each in taken)
    aggregation = statistics.median(each.aggregation for each in taken)
    rest = statistics.median(each.ours - each.pricing - each.aggregation for each in taken)
    ratio = statistics.median(each.ours / (each.pricing + each.aggregation) for each in taken)
    traced = memory_added(recipe, found)
    result = assess(recipe, found.book, found.unpriced())
    count = found.book.accounts_count
    standing = np.bincount(result.standing, minlength=len(STANDINGS))
    said = ", ".join(f"{n:,} {s.value}" for n, s in zip(standing, STANDINGS, strict=True) if n)
    print(f"{recipe.terms.name}: {said}")
    print(
        f"  all levels and standings  {ours:8.3f} s  {count / ours / 1e3:8.0f} thousand accounts/s"
    )
    print(f"  limit: pricing            {pricing:8.3f} s")
    print(f"  limit: aggregation        {aggregation:8.3f} s")
    print(f"  the rest                  {rest:8.3f} s")
    print(f"  ratio                     {ratio:8.2f}    must be at most {must:g}")
    print(
        f"  memory added              {traced / 2**20:8.1f} MiB"
        f"    must be at most {MEMORY_LIMIT_BYTES / 2**20:.0f}"
    )
    return ratio <= must and traced <= MEMORY_LIMIT_BYTES


def main() -> int:
    """Measure each recipe over one book."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--must", type=float, default=2.0)
    parser.add_argument("--backend", choices=("reference", "native"), default=backend_name())
    options = parser.parse_args()
    use_backend(options.backend)
    plain = market(options.accounts)
    positions = len(plain.book.positions.account)
    print(f"{options.accounts:,} accounts, {positions:,} positions, backend {backend_name()}")
    recipes = [
        load_recipe(PLAIN_SCAN),
        bundled_recipe("house"),
        bundled_recipe("deribit-portfolio"),
    ]
    within = [measured(recipe, plain, options.rounds, options.must) for recipe in recipes]
    return 0 if all(within) else 3


if __name__ == "__main__":
    sys.exit(main())
