"""What valuation hands up: the value of one contract, and its change in every scenario."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.domain.universe import Kind, Universe
from crossmargin.market.columns import MarketColumns
from crossmargin.scenario.scenario_set import ScenarioSet
from crossmargin.valuation.missing import missing_fields
from crossmargin.valuation.option import option_changes, option_value
from crossmargin.valuation.price_move import PriceMoves, price_moves
from crossmargin.valuation.unit_value import unit_value

F8 = NDArray[np.float64]

BASE_VALUES = ("model", "mark")
NS_PER_HOUR = 3_600 * NS_PER_SECOND


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RiskArrays:
    """I instruments, S scenarios. `value` (I,), `change` (I, S), settlement currency per contract.

    A row that could not be valued holds NaN in all its cells; `missing` (I,) says why, empty where
    it was.
    """

    value: NDArray[np.float64]
    change: NDArray[np.float64]
    missing: tuple[str, ...]


def risk_arrays(
    universe: Universe, market: MarketColumns, scenarios: ScenarioSet, base: str
) -> RiskArrays:
    """(I,) value and (I, S) change of one long contract, settlement currency. Gain positive.

    `base` model: an option's value is its model value, and value + change is the model's value in
    the scenario. `base` mark: its value is its mark, and the change is still from model to model,
    so a mark away from the model is neither gained nor lost in a scenario. Everything else is
    valued at its mark in both.

    The move of an underlying is in dollars: what is quoted in an asset that itself moves by m_q
    moves by (1 + m_u) / (1 + m_q) - 1 in its quotation. A perpetual's change contains the funding
    of the time that passes, on its notional at the unshocked mark; a long pays a positive rate. An
    option that expires within that time is worth its intrinsic value.

    Raises
    ------
    ValueError
        Another word for `base`, or scenarios over other assets or venues than the universe's.
    """
    if base not in BASE_VALUES:
        raise ValueError(f"base value {base!r} is not one of {', '.join(BASE_VALUES)}")
    if (scenarios.assets, scenarios.venues) != (universe.assets, universe.venues):
        raise ValueError(f"scenarios {scenarios.name} are over other assets or venues")
    missing = missing_fields(universe, market, base=base, time_passes=bool(scenarios.time_ns.any()))
    value = unit_value(universe, market)
    change = np.zeros((universe.instruments_count, scenarios.scenarios_count))
    moves = price_moves(universe, market, scenarios)
    _linear_changes(universe, market, scenarios, moves, value, change)
    options = np.flatnonzero(universe.kind == Kind.OPTION)
    present = options[[not missing[row] for row in options]]
    if base == "model":
        value[present] = option_value(universe, market, present)
    option_changes(universe, market, scenarios, moves, present, change)
    for row, text in _impossible(universe, moves).items():
        missing[row] = missing[row] or text
    lost = np.array([bool(text) for text in missing])
    value[lost] = np.nan
    change[lost] = np.nan
    value.setflags(write=False)
    change.setflags(write=False)
    return RiskArrays(value=value, change=change, missing=tuple(missing))


def _linear_changes(
    universe: Universe,
    market: MarketColumns,
    scenarios: ScenarioSet,
    moves: PriceMoves,
    value: F8,
    change: F8,
) -> None:
    """Changes of everything but options and balances, written into `change`."""
    n = universe.listings_count
    spot = np.flatnonzero(universe.kind == Kind.SPOT)
    change[spot] = value[spot, None] * moves.of_rows(spot)
    futures = np.flatnonzero((universe.kind == Kind.PERPETUAL) | (universe.kind == Kind.FUTURE))
    relative = moves.of_rows(futures)
    inverse = universe.inverse[futures]
    # An inverse contract is worth -size/price: its change is (size/mark)·r/(1 + r) coins.
    with np.errstate(divide="ignore", invalid="ignore"):
        gained = np.where(inverse[:, None], -relative / (1.0 + relative), relative)
    change[futures] = value[futures, None] * gained
    if scenarios.time_ns.any():
        perpetuals = np.flatnonzero(universe.kind[:n] == Kind.PERPETUAL)
        notional = np.abs(value[perpetuals]) * market.funding_rate[perpetuals]
        change[perpetuals] -= np.outer(notional, scenarios.time_ns / NS_PER_HOUR)


def _impossible(universe: Universe, moves: PriceMoves) -> dict[int, str]:
    """Rows whose price would not stay above zero, with the sentence that says so."""
    bad = np.append(moves.relative.min(axis=1, initial=0.0) <= -1.0, False)
    rows = np.flatnonzero(bad[moves.combination] & (moves.combination >= 0))
    leveraged = universe.leverage != 1.0
    text = "price, venue and term moves together leave no price above zero"
    return {int(row): text for row in rows if not leveraged[row]}
