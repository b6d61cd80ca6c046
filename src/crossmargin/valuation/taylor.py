"""Risk arrays from Greeks instead of revaluation, for rulebooks that are written that way."""

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.instant import NS_PER_YEAR
from crossmargin.domain.universe import Kind, Universe
from crossmargin.market.columns import MarketColumns
from crossmargin.scenario.scenario_set import ScenarioSet
from crossmargin.valuation.greeks import Greeks
from crossmargin.valuation.missing import missing_fields
from crossmargin.valuation.option import option_value
from crossmargin.valuation.price_move import price_moves
from crossmargin.valuation.risk_arrays import RiskArrays
from crossmargin.valuation.unit_value import unit_value
from crossmargin.valuation.vol import vol_in_scenarios

F8 = NDArray[np.float64]


def taylor_arrays(
    universe: Universe, market: MarketColumns, scenarios: ScenarioSet, sensitivities: Greeks
) -> RiskArrays:
    """(I,) model value and (I, S) change to second order in price and first in vol and time.

    Settlement currency per contract: delta r + gamma r² / 2 + vega (vol' - vol) + theta t, with r
    the relative move of the price in its own quotation. Funding is not in it.
    """
    missing = missing_fields(universe, market, base="model", time_passes=False)
    value = unit_value(universe, market)
    change = np.zeros((universe.instruments_count, scenarios.scenarios_count))
    listed = np.arange(universe.listings_count)
    r = price_moves(universe, market, scenarios).of_rows(listed)
    # The move of a leveraged token has its factor in it already.
    delta = (sensitivities.delta_settle / universe.leverage)[listed, None]
    gamma = sensitivities.gamma_settle[listed, None]
    theta = sensitivities.theta_settle[listed, None]
    years = scenarios.time_ns / NS_PER_YEAR
    with np.errstate(invalid="ignore"):
        change[listed] = delta * r + 0.5 * gamma * r * r + theta * years
    options = np.flatnonzero(universe.kind == Kind.OPTION)
    present = options[[not missing[row] for row in options]]
    value[present] = option_value(universe, market, present)
    vol = market.vol[present]
    shocked = vol_in_scenarios(
        scenarios,
        universe.underlying[present],
        market.years[present],
        vol,
        market.forward[present],
        universe.strike[present],
    )
    change[present] += sensitivities.vega_settle[present, None] * (shocked - vol[:, None])
    for row in np.flatnonzero(~np.isfinite(change).all(axis=1)):
        missing[row] = missing[row] or "no finite Greeks (at the strike at expiry)"
    lost = np.array([bool(text) for text in missing])
    value[lost] = np.nan
    change[lost] = np.nan
    value.setflags(write=False)
    change.setflags(write=False)
    return RiskArrays(value=value, change=change, missing=tuple(missing))
