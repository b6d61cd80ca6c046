"""Value at risk: a named order statistic of the scenarios' losses."""

from dataclasses import dataclass
from typing import final

import numpy as np

from crossmargin.kernels import net_ranked
from crossmargin.kernels.row_set import joined
from crossmargin.risk.measure import Tail, loss_of, tail_at_level, value_at_risk
from crossmargin.rulebook.charge.interface import Outcome
from crossmargin.rulebook.charge.scan import (
    EVERYTHING,
    Component,
    driver_names,
    is_plain,
    plain_rows,
    require_equal_probability,
    scan_parts,
    scan_ticks,
)
from crossmargin.rulebook.context import Context


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ValueAtRisk:
    """max(0, the loss that is the order statistic of `level`). Driver: the scenario that it is."""

    scenarios: str
    level: float
    groups: tuple[Component, ...] = EVERYTHING

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0 per group."""
        scenarios = context.run.scan(self.scenarios).scenarios
        tail = tail_at_level(self.level, scenarios.scenarios_count)
        require_equal_probability(scenarios)
        if is_plain(context, self.groups, at) and not context.explain:
            return self._ranked_only(context, at, tail)
        scanned = scan_ticks(context, self.scenarios, self.groups, at)
        loss, driver = value_at_risk(scanned.ticks, tail)
        loss = np.maximum(loss, 0.0)
        amount = np.where(scanned.unavailable, np.nan, loss)
        driver = np.where(scanned.unavailable | (loss <= 0.0), -1, driver)
        parts = None
        if context.explain:
            chosen = np.zeros(scanned.ticks.shape)
            hit = np.flatnonzero(driver >= 0)
            chosen[hit, driver[hit]] = 1.0
            parts = scan_parts(context, self.scenarios, self.groups, at, chosen)
        names = driver_names(scenarios, tail.order_statistic_name)
        return Outcome(amount=amount, driver=driver, driver_names=names, parts=parts)

    def _ranked_only(self, context: Context, at: str, tail: Tail) -> Outcome:
        """The same figures without holding groups x scenarios."""
        scan = context.run.scan(self.scenarios)
        found = plain_rows(context, scan, self.groups, at)
        ticks, scenario = net_ranked(scan.change, *joined(found.sets), tail.rank)
        loss = np.maximum(loss_of(ticks), 0.0)
        amount = np.where(found.unavailable, np.nan, loss)
        driver = np.where(found.unavailable | (loss <= 0.0), -1, scenario)
        names = driver_names(scan.scenarios, tail.order_statistic_name)
        return Outcome(amount=amount, driver=driver, driver_names=names)
