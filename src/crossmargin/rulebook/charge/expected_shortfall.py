"""Expected shortfall: the mean of the worst scenarios, with a stated share of the last one."""

from dataclasses import dataclass
from typing import final

import numpy as np

from crossmargin.kernels import net_worst_tail
from crossmargin.risk.measure import (
    Tail,
    expected_shortfall,
    shortfall_of_sum,
    tail_at_level,
    tail_scenarios,
    tail_weights,
)
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
class ExpectedShortfall:
    """max(0, mean loss of the worst 1 - level of the scenarios). Driver: the worst scenario."""

    scenarios: str
    level: float
    groups: tuple[Component, ...] = EVERYTHING

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0 per group, not whole: a mean."""
        scenarios = context.run.scan(self.scenarios).scenarios
        tail = tail_at_level(self.level, scenarios.scenarios_count)
        require_equal_probability(scenarios)
        if is_plain(context, self.groups, at) and not context.explain:
            return self._tail_only(context, at, tail)
        scanned = scan_ticks(context, self.scenarios, self.groups, at)
        loss, driver = expected_shortfall(scanned.ticks, tail)
        loss = np.maximum(loss, 0.0)
        amount = np.where(scanned.unavailable, np.nan, loss)
        driver = np.where(scanned.unavailable | (loss <= 0.0), -1, driver)
        parts = None
        if context.explain:
            weights = np.zeros(scanned.ticks.shape)
            chosen = tail_scenarios(scanned.ticks, tail)
            share = np.array(tail_weights(tail)) / tail.weight
            np.put_along_axis(weights, chosen, np.broadcast_to(share, chosen.shape), axis=1)
            weights[driver < 0] = 0.0
            parts = scan_parts(context, self.scenarios, self.groups, at, weights)
        names = driver_names(scenarios, tail.name)
        return Outcome(amount=amount, driver=driver, driver_names=names, parts=parts)

    def _tail_only(self, context: Context, at: str, tail: Tail) -> Outcome:
        """The same figures without holding groups x scenarios."""
        scan = context.run.scan(self.scenarios)
        found = plain_rows(context, scan, self.groups, at)
        _, scenario, total = net_worst_tail(
            scan.change,
            *found.sets[0],
            tail.whole_count,
            tail_fraction=tail.part_frac,
            more=found.sets[1:],
        )
        loss = np.maximum(shortfall_of_sum(total, tail), 0.0)
        amount = np.where(found.unavailable, np.nan, loss)
        driver = np.where(found.unavailable | (loss <= 0.0), -1, scenario)
        names = driver_names(scan.scenarios, tail.name)
        return Outcome(amount=amount, driver=driver, driver_names=names)
