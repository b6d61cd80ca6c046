"""Measures: one figure per group out of its scenarios. Only here the last axis disappears.

Ticks (groups, scenarios) are gains positive; a measure is a loss positive. The sign flips in
`loss_of` and nowhere else. NaN or infinity in a scenario is refused: a lost scenario may not make a
requirement smaller.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels import NotFinite

Float: TypeAlias = NDArray[np.float64]
Index: TypeAlias = NDArray[np.int64]

SHARE_DUST = 1e-9
"""A smaller share of a tail comes from adding probabilities in float64, not from the model."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """The worst `weight` of `scenarios_count` equally likely scenarios.

    `whole_count` of them count in full and the next one by `part_frac` (0 or more, below 1): a
    weight of 12.5 is the twelve worst and half of the thirteenth.
    """

    scenarios_count: int
    whole_count: int
    part_frac: float

    @property
    def weight(self) -> float:
        """How many scenarios the tail weighs."""
        return self.whole_count + self.part_frac

    @property
    def rank(self) -> int:
        """Number, from the worst, of the last scenario in the tail; value at risk is its loss."""
        return self.whole_count + (self.part_frac > 0.0)

    @property
    def name(self) -> str:
        """The tail in words, as it is printed beside a figure."""
        return f"mean of the {self.weight:g} worst of {self.scenarios_count}"

    @property
    def order_statistic_name(self) -> str:
        """The order statistic in words, as it is printed beside a value at risk."""
        return f"{_ordinal(self.rank)} of {self.scenarios_count}"


def tail_at_level(level: float, scenarios_count: int) -> Tail:
    """The tail of a confidence level as it is written: 0.975 of 500 scenarios weighs 12.5.

    (1 - level) x scenarios in exact decimals. Refused unless it weighs more than nothing; less than
    one scenario (0.999 of 500) is part of the worst one.
    """
    if not 0.0 < level < 1.0 or scenarios_count < 1:
        raise ValueError(f"no tail at level {level} of {scenarios_count} scenarios")
    weight = (1 - Fraction(Decimal(repr(float(level))))) * scenarios_count
    whole = int(weight)
    return Tail(scenarios_count=scenarios_count, whole_count=whole, part_frac=float(weight - whole))


def tail_of_worst(count: int, scenarios_count: int) -> Tail:
    """The `count` worst of `scenarios_count` scenarios, as some rulebooks say it."""
    if not 1 <= count <= scenarios_count:
        raise ValueError(f"no tail of the {count} worst of {scenarios_count} scenarios")
    return Tail(scenarios_count=scenarios_count, whole_count=count, part_frac=0.0)


def loss_of(ticks: Float) -> Float:
    """(any shape) gain positive -> loss positive, without negative zeros."""
    return 0.0 - ticks


def scan_loss(ticks: Float, loss_weight: Float | None = None) -> tuple[Float, Index]:
    """(groups,) largest weighted loss, at least 0, and (groups,) the scenario that causes it.

    `ticks` (groups, scenarios), `loss_weight` (scenarios,) not negative, 1 where not given. The
    driver is the lowest index among equals, also where nothing is lost. Not rounded: between leaf
    and root figures stay float64.
    """
    weighted = _finite(ticks)
    if loss_weight is not None:
        weighted = ticks * _weights(loss_weight, ticks, "loss_weight")
    driver = weighted.argmin(axis=1)
    worst = weighted[np.arange(len(weighted)), driver]
    return np.maximum(loss_of(worst), 0.0), driver


def value_at_risk(ticks: Float, tail: Tail) -> tuple[Float, Index]:
    """(groups,) loss of the scenario of rank `tail.rank` from the worst, and (groups,) its index.

    `ticks` (groups, scenarios). An order statistic, never an interpolation: whole ticks in, whole
    ticks out. Negative where even that scenario gains. Not sub-additive.
    """
    scenario = tail_scenarios(ticks, tail)[:, -1]
    return loss_of(ticks[np.arange(len(ticks)), scenario]), scenario


def expected_shortfall(ticks: Float, tail: Tail) -> tuple[Float, Index]:
    """(groups,) mean loss of the tail, and (groups,) the worst scenario.

    `ticks` (groups, scenarios). The scenario at the edge of the tail counts by its part. Negative
    where the tail gains on average. Not rounded.
    """
    scenario = tail_scenarios(ticks, tail)
    total = np.zeros(len(ticks))
    for rank, weight in enumerate(tail_weights(tail)):
        total += weight * ticks[np.arange(len(ticks)), scenario[:, rank]]
    return shortfall_of_sum(total, tail), scenario[:, 0]


def shortfall_of_sum(tail_sum_ticks: Float, tail: Tail) -> Float:
    """(groups,) weighted sum of the lowest ticks, as `net_worst_tail` has it -> mean loss."""
    return loss_of(tail_sum_ticks / tail.weight)


def tail_scenarios(ticks: Float, tail: Tail) -> Index:
    """(groups, rank) scenarios of the tail from the worst on; lowest index first among equals."""
    if ticks.shape[1:] != (tail.scenarios_count,):
        raise ValueError(f"{tail.name} scenarios does not fit ticks of shape {ticks.shape}")
    return np.argsort(_finite(ticks), axis=1, kind="stable")[:, : tail.rank]


def tail_weights(tail: Tail) -> list[float]:
    """(rank,) how much each scenario of the tail counts, from the worst on."""
    return [1.0] * tail.whole_count + [tail.part_frac] * (tail.rank - tail.whole_count)


def weighted_tail(
    ticks: Float, probability: Float, level: float
) -> tuple[Float, Float, Index, Float]:
    """(groups,) value at risk, (groups,) expected shortfall, and what they are made of.

    `ticks` (groups, scenarios), `probability` (scenarios,) adds up to 1. From the worst scenario on
    probabilities are added until 1 - level is reached: that scenario is the value at risk, and the
    shortfall the mean up to there, the last one in part. Also given: (groups, scenarios) scenarios
    from the worst on, and the share of the tail that each has (adds up to 1).
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"no tail at level {level}")
    chance = _weights(probability, ticks, "probability")
    if abs(float(chance.sum()) - 1.0) > 1e-9:
        raise ValueError("probability must add up to 1")
    size = float(1 - Fraction(Decimal(repr(float(level)))))
    scenario = np.argsort(_finite(ticks), axis=1, kind="stable")
    lowest = np.take_along_axis(ticks, scenario, axis=1)
    reached = np.minimum(np.cumsum(chance[scenario], axis=1), size)
    share = np.diff(reached, axis=1, prepend=0.0) / reached[:, -1:]
    last = scenario.shape[1] - 1 - (share[:, ::-1] > SHARE_DUST).argmax(axis=1)
    edge = lowest[np.arange(len(ticks)), last]
    mean = np.zeros(len(ticks))
    for rank in range(int(last.max(initial=-1)) + 1):
        mean += share[:, rank] * lowest[:, rank]
    return loss_of(edge), loss_of(mean), scenario, share


def _finite(ticks: Float) -> Float:
    """The same ticks, or `NotFinite` with the first group that has lost a scenario."""
    if ticks.ndim != 2 or ticks.shape[1] == 0:
        raise ValueError("ticks must be (groups, scenarios), not without scenarios")
    faulty = np.flatnonzero(~np.isfinite(ticks).all(axis=1))
    if faulty.size:
        group = int(faulty[0])
        raise NotFinite(f"group {group}: a scenario is not finite", group)
    return ticks


def _weights(weight: Float, ticks: Float, name: str) -> Float:
    """(scenarios,) weights that are finite and not negative."""
    if weight.shape != ticks.shape[1:]:
        raise ValueError(f"{name} must be (scenarios,)")
    if not (np.isfinite(weight).all() and (weight >= 0.0).all()):
        raise ValueError(f"{name} must be finite and not negative")
    return weight


def _ordinal(rank: int) -> str:
    """1 -> worst, 2 -> 2nd worst, 13 -> 13th worst."""
    if rank == 1:
        return "worst"
    teen = rank % 100 in (11, 12, 13)
    ending = "th" if teen else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10, "th")
    return f"{rank}{ending} worst"
