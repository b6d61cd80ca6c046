"""Scan loss: the worst scenario of a family, after shaping and loss weights."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels import net_worst_tail
from crossmargin.risk.measure import scan_loss
from crossmargin.rulebook.charge.interface import Outcome
from crossmargin.rulebook.charge.scan import (
    EVERYTHING,
    Component,
    is_plain,
    plain_rows,
    scan_parts,
    scan_ticks,
)
from crossmargin.rulebook.context import Context


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ScanLoss:
    """max(0, largest weighted loss) over the scenarios of a family. Driver: the scenario, lowest
    index.
    """

    scenarios: str
    groups: tuple[Component, ...] = EVERYTHING

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0 per group."""
        scan = context.run.scan(self.scenarios)
        weight = scan.scenarios.loss_weight
        if is_plain(context, self.groups, at) and not context.explain and np.all(weight == 1.0):
            return self._worst_only(context, at)
        scanned = scan_ticks(context, self.scenarios, self.groups, at)
        loss, driver = scan_loss(scanned.ticks, weight)
        amount = np.where(scanned.unavailable, np.nan, loss)
        driver = np.where(scanned.unavailable | (loss <= 0.0), -1, driver)
        parts = None
        if context.explain:
            chosen = np.zeros(scanned.ticks.shape)
            hit = np.flatnonzero(driver >= 0)
            chosen[hit, driver[hit]] = weight[driver[hit]]
            parts = scan_parts(context, self.scenarios, self.groups, at, chosen)
        return Outcome(
            amount=amount, driver=driver, driver_names=scan.scenarios.labels, parts=parts
        )

    def _worst_only(self, context: Context, at: str) -> Outcome:
        """The same figures without holding groups x scenarios."""
        scan = context.run.scan(self.scenarios)
        found = plain_rows(context, scan, self.groups, at)
        worst, scenario, _ = net_worst_tail(
            scan.change,
            found.instrument,
            found.contracts,
            found.indptr,
            1,
        )
        loss = np.maximum(-worst, 0.0)
        amount: NDArray[np.float64] = np.where(found.unavailable, np.nan, loss)
        driver = np.where(found.unavailable | (loss <= 0.0), -1, scenario)
        return Outcome(amount=amount, driver=driver, driver_names=scan.scenarios.labels)
