"""Delta and gamma under normal moves: value at risk from sums of Greeks, without revaluation."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.netting.amount import times_field
from crossmargin.risk.delta_gamma import DeltaGammaRisk, delta_gamma_risk
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.scan import require_equal_probability
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.selection import Selection

F8 = NDArray[np.float64]

DRIVERS = ("Cornish-Fisher quantile", "Cantelli bound")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaGamma:
    """max(0, loss at `level`) of the deltas and gammas of positions, by asset of the underlying.

    The covariance is that of the price moves of `scenarios`, around zero; moves of vol, of time and
    of settlement coins by themselves count nothing. Driver: the quantile, or the bound that stands
    where the quantile cannot be trusted.
    """

    scenarios: str
    level: float
    selection: Selection | None = None

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0 per group, not whole."""
        run = context.run
        scale = 2.0**-run.tick_exponent
        held = context.positions.contracts
        delta = times_field(held, context.field("delta_cash")[context.positions.instrument]) * scale
        gamma = times_field(held, context.field("gamma_cash")[context.positions.instrument]) * scale
        if self.selection is not None:
            chosen = run.chosen(self.selection)[context.positions.instrument]
            delta, gamma = np.where(chosen, delta, 0.0), np.where(chosen, gamma, 0.0)
        group = context.groups(at).rows["positions"].row_group
        inside = group >= 0
        width = len(run.universe.assets) // run.universe.copies
        asset = run.universe.underlying[context.positions.instrument] % width
        active = np.unique(asset[inside & ((delta != 0.0) | (gamma != 0.0))])
        place = np.searchsorted(active, asset)
        taken = inside & np.isin(asset, active)
        shape = (len(active), context.groups_count(at))
        cell = place[taken] * shape[1] + group[taken]
        risk = delta_gamma_risk(
            _summed(cell, delta[taken], shape),
            _summed(cell, gamma[taken], shape),
            self._covariance(context)[np.ix_(active, active)],
            self.level,
        )
        amount = np.where(np.isnan(risk.loss), np.nan, np.maximum(risk.loss, 0.0))
        driver = np.where(amount > 0.0, risk.is_bound.astype(np.int64), -1)
        parts = None
        if context.explain:
            own = np.zeros(len(held))
            own[taken] = _parts(risk, place[taken], group[taken], delta[taken], gamma[taken])
            own[inside & ~(amount > 0.0)[np.where(inside, group, 0)]] = 0.0
            parts = Parts(positions=own, balances=np.zeros(len(context.block("balances").account)))
        return Outcome(amount=amount, driver=driver, driver_names=DRIVERS, parts=parts)

    def _covariance(self, context: Context) -> F8:
        """(assets, assets) mean products of moves, from the first scenario to the last."""
        scenarios = context.run.scan(self.scenarios).scenarios
        require_equal_probability(scenarios)
        width = len(scenarios.assets) // context.run.universe.copies
        return context.run.keep(
            ("covariance", self.scenarios), lambda: _mean_products(scenarios.spot_move[:width])
        )


def _mean_products(moves: F8) -> F8:
    total = np.zeros((len(moves), len(moves)))
    for move in moves.T:
        total += move[:, None] * move[None, :]
    return np.asarray(total / moves.shape[1])


def _summed(cell: NDArray[np.int64], amount: F8, shape: tuple[int, int]) -> F8:
    added = np.bincount(cell, weights=amount, minlength=shape[0] * shape[1])
    return added.reshape(shape).astype(np.float64)


def _parts(
    risk: DeltaGammaRisk,
    place: NDArray[np.int64],
    group: NDArray[np.int64],
    delta: F8,
    gamma: F8,
) -> F8:
    return np.asarray(delta * risk.by_delta[place, group] + gamma * risk.by_gamma[place, group])
