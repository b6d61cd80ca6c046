"""An account while prices are in doubt: its levels at the worst end of their intervals, at the
last good prices, and at the best end.

Only the assets in doubt move. So dust in a coin without a price shields nobody: at the best end it
is worth its highest plausible price, and no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.domain.columns import BookColumns
from crossmargin.rulebook.assess import MarginColumns
from crossmargin.rulebook.figures import level_figures, unit_of
from crossmargin.rulebook.liquidation_move import one_account
from crossmargin.rulebook.pocket import assess_pockets
from crossmargin.rulebook.pool import copied
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket
from crossmargin.rulebook.statement_types import LevelFigures
from crossmargin.scenario.assemble import assemble
from crossmargin.valuation.moved_market import moved_markets

F8: TypeAlias = NDArray[np.float64]

DOUBTS_MAX = 8
"""So many prices in doubt are looked at in all their combinations: 256 markets."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PriceEnds:
    """The least and the most that a coin of an asset is worth, in dollars, both above 0."""

    low: float
    high: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EndFigures:
    """Each level at the combination of ends with its lowest buffer, at the last good prices, and at
    that with its highest; and net liquidation values. New risk and withdrawals look at the worst,
    maintenance at the last good ones, and a liquidation starts only if it does at the best, too.
    """

    worst: tuple[LevelFigures, ...]
    last_good: tuple[LevelFigures, ...]
    best: tuple[LevelFigures, ...]
    net_liquidation_worst: Decimal | None
    net_liquidation_last_good: Decimal | None
    net_liquidation_best: Decimal | None


def end_figures(
    recipe: Recipe,
    book: BookColumns,
    priced: PricedMarket,
    account: int,
    doubts: Mapping[str, PriceEnds],
) -> EndFigures:
    """The account's figures at all combinations of the ends of the prices in doubt.

    `priced` holds the last good prices, NaN where an asset has none: then `last_good` is
    unavailable and the ends are not. Options are looked at at the ends, not in between.

    Doubts about what the account does not hold change nothing. `InputRefused` for ends that are not
    0 < low <= high, and for more than `DOUBTS_MAX` of them among what it holds.
    """
    _refuse(doubts)
    alone = one_account(book, priced, account)
    universe = alone.book.universe
    held = _held_assets(alone.book)
    rows = [row for row, code in enumerate(universe.assets) if code in doubts and row in held]
    if len(rows) > DOUBTS_MAX:
        message = f"{len(rows)} prices are in doubt at once, at most {DOUBTS_MAX} can be looked at"
        raise InputRefused([Failure(Reason.UNSUPPORTED, "doubts", message)])
    last_good = assess_pockets(recipe, alone.book, alone.priced).summary
    index = alone.priced.market.index.copy()
    for row in rows:
        if np.isnan(index[row]):
            index[row] = doubts[universe.assets[row]].low
    market = replace(alone.priced.market, index=index)
    spot_move = _corners(universe.assets, rows, index, doubts)
    count = spot_move.shape[1]
    moves = assemble(
        "ends",
        universe.assets,
        universe.venues,
        [f"{number}" for number in range(count)],
        ["ends"] * count,
        spot_move=spot_move,
    )
    copies, columns = moved_markets(universe, market, moves)
    moved = replace(
        alone.priced,
        universe=copies,
        market=columns,
        priced={},
        sensitivities={},
        discounted={},
    )
    ends = assess_pockets(recipe, copied(alone.book, copies), moved).summary
    unit = unit_of(ends)
    return EndFigures(
        worst=_chosen(ends, highest=False),
        last_good=tuple(level_figures(last_good, level, 0) for level in last_good.levels.values()),
        best=_chosen(ends, highest=True),
        net_liquidation_worst=unit.amount(float(ends.net_liquidation.min())),
        net_liquidation_last_good=unit.amount(float(last_good.net_liquidation[0])),
        net_liquidation_best=unit.amount(float(ends.net_liquidation.max())),
    )


def _refuse(doubts: Mapping[str, PriceEnds]) -> None:
    failures = []
    for code, ends in doubts.items():
        if not 0.0 < ends.low <= ends.high < np.inf:
            message = f"{ends.low} and {ends.high} are not two ends above 0"
            failures.append(Failure(Reason.OUT_OF_BOUNDS, f"doubts.{code}", message))
    if failures:
        raise InputRefused(failures)


def _held_assets(book: BookColumns) -> set[int]:
    """Assets whose price the account's figures rest on: held, underlying, quote or settlement."""
    u = book.universe
    listings = np.union1d(book.positions.instrument, book.orders.instrument)
    columns = (u.underlying[listings], u.quote[listings], u.settle[listings], book.balances.asset)
    return {int(row) for column in columns for row in column}


def _corners(
    assets: tuple[str, ...], rows: list[int], index: F8, doubts: Mapping[str, PriceEnds]
) -> F8:
    """(assets, combinations) relative moves to every combination of low and high."""
    count = 2 ** len(rows)
    spot_move = np.zeros((len(assets), count))
    for place, row in enumerate(rows):
        ends = doubts[assets[row]]
        high = (np.arange(count) >> place & 1).astype(np.bool_)
        spot_move[row] = np.where(high, ends.high, ends.low) / index[row] - 1.0
    return spot_move


def _chosen(ends: MarginColumns, *, highest: bool) -> tuple[LevelFigures, ...]:
    found = []
    for level in ends.levels.values():
        buffer = level.buffer
        if np.isnan(buffer).any():
            place = int(np.flatnonzero(np.isnan(buffer))[0])
        else:
            place = int(np.argmax(buffer) if highest else np.argmin(buffer))
        found.append(level_figures(ends, level, place))
    return tuple(found)
