"""One market after each of several moves, side by side, so that an account can be looked at in all
of them.
"""

from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.universe import Kind, Universe
from crossmargin.domain.universe_copies import repeated
from crossmargin.market.columns import MarketColumns
from crossmargin.scenario.scenario_set import ScenarioSet
from crossmargin.valuation.price_move import price_moves
from crossmargin.valuation.risk_arrays import risk_arrays
from crossmargin.valuation.unit_value import faces
from crossmargin.valuation.vol import vol_in_scenarios

F8 = NDArray[np.float64]

PRICES_OF_ASSETS = ("index", "low", "high", "twap")
OF_ASSETS = (*PRICES_OF_ASSETS, "adv", "depth", "half_spread_frac", "vol_index", "confidence")


def moved_markets(
    universe: Universe, market: MarketColumns, moves: ScenarioSet
) -> tuple[Universe, MarketColumns]:
    """S copies of the universe and market, copy s after scenario s of `moves`.

    Prices of assets move with them, marks are revalued with everything else unchanged (an option
    keeps its own implied vol unless the scenario moves it, and the gap between mark and model
    stays), forwards move as prices do, no time passes. Depth, volumes, rates and confidence stay.
    NaN stays NaN.
    """
    count = moves.scenarios_count
    spot = 1.0 + moves.spot_move
    marks = _marks(universe, market, moves)
    relative = price_moves(universe, market, moves)
    listings = np.arange(universe.listings_count)
    ratio = np.ones((universe.instruments_count, count))
    ratio[: universe.listings_count] += relative.of_rows(listings)
    columns: dict[str, Any] = {}
    for field in fields(MarketColumns):
        name = field.name
        if name == "as_of_ns":
            continue
        column = getattr(market, name)
        if column is None:
            columns[name] = None
        elif name == "more":
            columns[name] = {
                key: _by_copy(universe, np.repeat(own[:, None], count, axis=1))
                for key, own in column.items()
            }
        elif name in PRICES_OF_ASSETS:
            columns[name] = (column[:, None] * spot).T.ravel()
        elif name in OF_ASSETS:
            columns[name] = np.tile(column, count)
        elif name == "mark":
            columns[name] = _by_copy(universe, marks)
        elif name == "vol":
            columns[name] = _by_copy(universe, _vols(universe, market, moves))
        elif name in ("forward", "last"):
            columns[name] = _by_copy(universe, column[:, None] * ratio)
        else:
            columns[name] = _by_copy(universe, np.repeat(column[:, None], count, axis=1))
    return repeated(universe, count), replace(market, **columns)


def _marks(universe: Universe, market: MarketColumns, moves: ScenarioSet) -> F8:
    """(I, S) marks in their own quotation after each move, from the revalued contracts."""
    arrays = risk_arrays(universe, market, moves, "mark")
    value = arrays.value[:, None] + arrays.change
    face = faces(universe)
    with np.errstate(divide="ignore", invalid="ignore"):
        marks = np.where(
            face[:, None],
            -universe.contract_size[:, None] / value,
            value / universe.contract_size[:, None],
        )
    marks[universe.kind == Kind.OPTION] = np.maximum(marks[universe.kind == Kind.OPTION], 0.0)
    marks[universe.listings_count :] = market.mark[universe.listings_count :, None]
    return marks


def _vols(universe: Universe, market: MarketColumns, moves: ScenarioSet) -> F8:
    """(I, S) implied vol of each option after each move's own vol rule; NaN elsewhere."""
    vols = np.repeat(market.vol[:, None], moves.scenarios_count, axis=1)
    rows = np.flatnonzero(universe.kind == Kind.OPTION)
    vols[rows] = vol_in_scenarios(
        moves,
        universe.underlying[rows],
        market.years[rows],
        market.vol[rows],
        market.forward[rows],
        universe.strike[rows],
    )
    return vols


def _by_copy(universe: Universe, values: F8) -> F8:
    """(I, S) -> all listings of copy 0, 1, ..., then all balance rows of copy 0, 1, ..."""
    listings = universe.listings_count
    return np.concatenate([values[:listings].T.ravel(), values[listings:].T.ravel()])
