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
    keys = np.stack(
        [
            universe.underlying[:n].astype(np.float64),
            universe.quote[:n].astype(np.float64),
            np.where(derivative, universe.venue_key[:n], -1).astype(np.float64),
            years,
            universe.leverage[:n],
        ],
        axis=1,
    )
    distinct, inverse = np.unique(keys, axis=0, return_inverse=True)
    combination = np.full(universe.instruments_count, -1, dtype=np.int64)
    combination[:n] = inverse.reshape(-1)
    relative = np.empty((len(distinct), scenarios.scenarios_count))
    for row, (underlying, quote, venue, term_years, leverage) in enumerate(distinct):
        move = scenarios.spot_move[int(underlying)] * leverage
        if leverage != 1.0:
            move = np.maximum(move, -1.0)
        if venue >= 0:
            move = move + scenarios.venue_move[int(venue)] + scenarios.term_move * term_years
        quote_move = scenarios.spot_move[int(quote)]
        relative[row] = (move - quote_move) / (1.0 + quote_move)
    return PriceMoves(combination=combination, relative=relative)
