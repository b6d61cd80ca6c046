"""Sensitivity margin: weighted sensitivities to risk factors, added with what they offset."""

from dataclasses import dataclass
from typing import final

import numpy as np

from crossmargin.netting.amount import times_field
from crossmargin.rulebook.charge.interface import Outcome
from crossmargin.rulebook.charge.risk_factor import (
    ONE_SILO,
    Offsets,
    charged,
    offset,
    risk_factors,
)
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.rate import Rate
from crossmargin.rulebook.rate_value import rate_of
from crossmargin.rulebook.selection import Selection


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """Sum over silos of the root over buckets of what weighted sensitivities come to.

    A sensitivity is contracts x the field `of` x `unit`, netted in each group of `by`; weighted it
    is x weight x max(1, root of |sensitivity| over `threshold`). Factors of one bucket offset as
    far as `inside` correlates their kinds (of themselves the buckets), buckets of one silo as far
    as `between` does; silos never do. Homogeneous only below the thresholds.
    """

    of: str
    by: str
    unit: Rate
    weight: Rate
    bucket: Rate
    inside: str
    between: str
    threshold: Rate | None = None
    silo: Rate = ONE_SILO
    kind: Rate | None = None
    selection: Selection | None = None

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0, rounded to nearest once per group of `at`."""
        factors = risk_factors(context, self.of, self.by, self.unit, self.selection)
        held = factors.sensitivity
        crowding = np.ones(len(held))
        if self.threshold is not None:
            limit = rate_of(self.threshold, context, self.by)
            ticks = limit * 2.0**-context.run.tick_exponent
            with np.errstate(divide="ignore", invalid="ignore"):
                above = np.sqrt(np.abs(held) / ticks)
            crowding = np.where(held == 0.0, 1.0, np.maximum(1.0, above))
        weighted = times_field(held, rate_of(self.weight, context, self.by) * crowding)
        found = offset(context, at, self.by, weighted, crowding, self._offsets())
        return charged(context, at, factors, found, found.silos.amount, found.silos.share)

    def _offsets(self) -> Offsets:
        kind = self.bucket if self.kind is None else self.kind
        return Offsets(
            silo=self.silo,
            bucket=self.bucket,
            kind=kind,
            inside=self.inside,
            between=self.between,
        )
