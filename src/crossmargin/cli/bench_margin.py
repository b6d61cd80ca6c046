"""All levels and standings of a whole market's accounts, against pricing and aggregation alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from crossmargin import api
from crossmargin.cli.bench_case import Measured, Target, compared, medians
from crossmargin.cli.market_book import book_of_market
from crossmargin.kernels import net_worst_tail
from crossmargin.market.columns import market_columns
from crossmargin.market.complete import completed_market
from crossmargin.rulebook.assess import assess
from crossmargin.rulebook.load import load_recipe
from crossmargin.rulebook.run import PricedMarket, Run, reporting_rows
from crossmargin.wire.assets import bundled_registry

MARKET: Final = Path("examples/market.json")
REPORTING: Final = "USD"
FAMILY: Final = "grid"
RECIPE: Final[dict[str, Any]] = {
    "name": "worst-of-200",
    "title": "The worst of 200 scenarios of price and vol",
    "valid_from": "2026-01-01",
    "source": "illustrative",
    "reporting": REPORTING,
    "tick_exponent": -14,
    "params": {"factor": {"value": 0.8, "low": 0.0, "high": 1.0, "source": "illustrative"}},
    "scenarios": {
        FAMILY: {
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
        "worst": {"charge": "scan_loss", "scenarios": FAMILY},
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


def margin_cases(*, quick: bool) -> list[Measured]:
    """Open interest of the bundled chain among accounts of 6 to 18 positions, with cash."""
    accounts_count = 100_000 if quick else 1_000_000
    name = f"re-margin of {accounts_count:,} accounts against pricing and aggregation alone"
    target = Target(must=2.0, aim=1.1, ceiling=True)
    if not MARKET.exists():
        return [compared(name, "s", target, None, None)]
    variants = _variants(accounts_count)
    seconds = medians(variants, 7, 5.0 if quick else 40.0)
    return [compared(name, "s", target, seconds["ours"], seconds["kernels"])]


def _variants(accounts_count: int) -> dict[str, Callable[[], object]]:
    """Both from the same snapshot and book arrays; each prices the market anew."""
    read = api.load_market(MARKET)
    book = book_of_market(read, accounts_count, recipe=api.HOUSE, seed=1)
    snapshot = completed_market(read.snapshot, read.listings.values())
    registry, recipe = bundled_registry(), load_recipe(RECIPE)
    held = book.positions
    indptr = np.searchsorted(held.account, np.arange(accounts_count + 1)).astype(np.int64)

    def unpriced() -> PricedMarket:
        return PricedMarket(
            universe=book.universe,
            market=market_columns(snapshot, book.universe),
            totals=snapshot.totals,
            history=read.prices,
            vol_history=read.vol_index,
            assets={code: registry.asset(code) for code in registry.codes()},
        )

    def kernels() -> object:
        run = Run(
            terms=recipe.terms,
            priced=unpriced(),
            reporting=REPORTING,
            reporting_row=reporting_rows(book.universe, REPORTING),
            tick_exponent=recipe.terms.tick_exponent(REPORTING),
        )
        change = run.scan(FAMILY).change
        return net_worst_tail(change, held.instrument, held.contracts, indptr, 1)

    return {"ours": lambda: assess(recipe, book, unpriced()), "kernels": kernels}
