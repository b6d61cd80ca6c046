"""Settlement currency to the reporting asset, at today's rate or at the scenario's."""

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.universe import Universe
from crossmargin.scenario.scenario_set import ScenarioSet
from crossmargin.valuation.risk_arrays import RiskArrays
from crossmargin.valuation.unit_value import owned

F8 = NDArray[np.float64]


def reported_rate(universe: Universe, index: F8, reporting: int | NDArray[np.int64]) -> F8:
    """(U,) reporting units per coin of each asset, both at their index; exactly 1 for itself.

    `reporting` is the asset row of the reporting currency, or one row per asset (U,) where the
    universe holds several copies. NaN where an asset has no index.
    """
    return np.asarray(index / index[_rows(universe, reporting)])


def _rows(universe: Universe, reporting: int | NDArray[np.int64]) -> NDArray[np.int64]:
    return np.broadcast_to(np.asarray(reporting, dtype=np.int64), (len(universe.assets),))


def reported_change(
    universe: Universe,
    index: F8,
    risk: RiskArrays,
    scenarios: ScenarioSet,
    reporting: int | NDArray[np.int64],
    *,
    shocked: bool,
) -> tuple[F8, F8]:
    """(I,) value and (I, S) change of one contract, reporting currency. Gain positive.

    Unshocked: both at today's rate, so a balance never changes. Shocked: the change at the
    scenario's rate, plus today's value moving with its settlement asset: (value + change) x rate x
    (1 + m_settle) / (1 + m_reporting) - value x rate. The value of a perpetual or future is not
    owned, only what it gained since entry: its shocked change is change x rate x (1 + m_settle) /
    (1 + m_reporting), and the gain so far is cash, to be held as a balance of its settlement asset.
    With no asset moving both are the same.
    """
    rate = reported_rate(universe, index, reporting)[universe.settle]
    value = risk.value * rate
    change = risk.change * rate[:, None]
    if shocked:
        reporting_move = scenarios.spot_move[_rows(universe, reporting)]
        drift = (scenarios.spot_move - reporting_move) / (1.0 + reporting_move)
        drift = drift[universe.settle]
        change += drift * (change + np.where(owned(universe), value, 0.0)[:, None])
    return value, change
