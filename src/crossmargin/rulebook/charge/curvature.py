"""Curvature margin: what sensitivities to vol say about large moves that delta does not see."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.market.normal_quantile import normal_quantile
from crossmargin.rulebook.amount import added_up
from crossmargin.rulebook.charge.interface import Outcome
from crossmargin.rulebook.charge.risk_factor import (
    ONE_SILO,
    Offset,
    Offsets,
    charged,
    offset,
    risk_factors,
)
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.rate import Rate
from crossmargin.rulebook.selection import Selection

F8 = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Curvature:
    """Sum over silos of max(0, sum of curvatures + lambda x root over buckets).

    A curvature is contracts x the field `of` x `unit`, netted in each group of `by`; the root is
    that of a sensitivity margin with squared correlations. lambda = (q squared - 1)(1 + theta) -
    theta, q the normal quantile at `level`, theta the curvatures' sum over the sum of their sizes,
    at most 0: what is net short of curvature gains nothing from it, and what is all short pays
    nothing here.
    """

    of: str
    by: str
    unit: Rate
    bucket: Rate
    inside: str
    between: str
    level: float
    silo: Rate = ONE_SILO
    kind: Rate | None = None
    selection: Selection | None = None

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0, rounded to nearest once per group of `at`."""
        factors = risk_factors(context, self.of, self.by, self.unit, self.selection)
        held = factors.sensitivity
        crowding = np.ones(len(held))
        kind = self.bucket if self.kind is None else self.kind
        offsets = Offsets(
            silo=self.silo,
            bucket=self.bucket,
            kind=kind,
            inside=self.inside,
            between=self.between,
        )
        found = offset(context, at, self.by, held, crowding, offsets, squared=True)
        net, scale = self._scale(held, found)
        whole = net + scale * found.silos.amount
        amount = np.where(np.isnan(whole), np.nan, np.maximum(whole, 0.0))
        of_factor = found.silos.of_factor
        share = held[found.used] + scale[of_factor] * found.silos.share
        share = np.where(amount[of_factor] > 0.0, share, 0.0)
        return charged(context, at, factors, found, amount, share)

    def _scale(self, held: F8, found: Offset) -> tuple[F8, F8]:
        """(silos,) the sum of curvatures, and lambda."""
        count = len(found.silos.owner)
        own, of_factor = held[found.used], found.silos.of_factor
        net = added_up(of_factor, own, count)
        gross = added_up(of_factor, np.abs(own), count)
        theta = np.minimum(np.divide(net, gross, out=np.zeros(count), where=gross != 0.0), 0.0)
        tail = float(normal_quantile(np.array([self.level]))[0]) ** 2 - 1.0
        return net, tail * (1.0 + theta) - theta
