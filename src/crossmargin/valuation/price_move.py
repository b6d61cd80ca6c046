"""How far the price of each listing moves, in its own quotation, in every scenario."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.universe import Kind, Universe
from crossmargin.market.columns import MarketColumns
from crossmargin.scenario.scenario_set import ScenarioSet

F8 = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PriceMoves:
    """Moves of C distinct combinations of underlying, quote, venue and, where it matters, term.

    `relative` (C, S); `combination` (I,) numbers them, -1 for a balance, which has no quotation.
    Thousands of options share a few dozen combinations, so their logarithms are taken once each.
    """

    combination: NDArray[np.int64]
    relative: F8

    def of_rows(self, rows: NDArray[np.int64]) -> F8:
        """(rows, S) relative price move of the given listings."""
        return np.asarray(self.relative[self.combination[rows]])


def price_moves(universe: Universe, market: MarketColumns, scenarios: ScenarioSet) -> PriceMoves:
    """Relative moves r of prices and forwards in their own quotation: price -> price x (1 + r).

    With the underlying moving by m_u and the quote asset by m_q in dollars, r is
    (m_u + venue + term x years - m_q) / (1 + m_q). Venue and term moves are for derivatives only. A
    leveraged token moves `leverage` times its underlying and never below -100 %.
    """
    n = universe.listings_count
    derivative = universe.kind[:n] != Kind.SPOT
    years = np.zeros(n)
    if scenarios.term_move.any():
        years = np.where(derivative, np.nan_to_num(market.years[:n]), 0.0)
    venue = np.where(derivative, universe.venue_key[:n], -1)
    columns = (universe.underlying[:n], universe.quote[:n], venue, universe.leverage[:n], years)
    combination = np.full(universe.instruments_count, -1, dtype=np.int64)
    first, combination[:n] = _combinations(columns)
    relative = np.empty((len(first), scenarios.scenarios_count))
    for row, listing in enumerate(first):
        leverage = universe.leverage[listing]
        move = scenarios.spot_move[universe.underlying[listing]] * leverage
        if leverage != 1.0:
            move = np.maximum(move, -1.0)
        if venue[listing] >= 0:
            move = move + scenarios.venue_move[venue[listing]]
            move += scenarios.term_move * years[listing]
        quote_move = scenarios.spot_move[universe.quote[listing]]
        relative[row] = (move - quote_move) / (1.0 + quote_move)
    return PriceMoves(combination=combination, relative=relative)


def _combinations(
    columns: tuple[NDArray[np.generic], ...],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First row of every combination that occurs (C,), and the number of each row's (n,)."""
    numbered = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        distinct, number = np.unique(column, return_inverse=True)
        # Numbered anew after each column, so that the product never outgrows an integer.
        numbered = np.unique(numbered * len(distinct) + number, return_inverse=True)[1]
    first = np.unique(numbered, return_index=True)[1]
    return first, numbered
