"""Scan loss: the worst scenario of a family, after shaping and loss weights."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.risk.measure import loss_of, scan_loss
from crossmargin.rulebook.charge.interface import Outcome
from crossmargin.rulebook.charge.scan import (
    EVERYTHING,
    Component,
    scan_parts,
    scan_ticks,
)
from crossmargin.rulebook.charge.scan_worst import WorstOfScan, worst_of_scan
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
        if not context.explain:
            found = worst_of_scan(context, self.scenarios, self.groups, at)
            if found is not None:
                return self._worst_only(context, found)
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

    def _worst_only(self, context: Context, found: WorstOfScan) -> Outcome:
        """The same figures without holding groups x scenarios."""
        loss = np.maximum(loss_of(found.ticks), 0.0)
        amount: NDArray[np.float64] = np.where(found.unavailable, np.nan, loss)
        driver = np.where(found.unavailable | (loss <= 0.0), -1, found.scenario)
        labels = context.run.scan(self.scenarios).scenarios.labels
        return Outcome(amount=amount, driver=driver, driver_names=labels)
