"""One type for every family of scenarios."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from math import fsum
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, Reason, refuse_if_any

DOLLAR = "USD"
"""The unit of every price: it never moves by itself, and needs no history."""

PROBABILITY_TOLERANCE = 1e-12


@final
class VolShock(StrEnum):
    """How a vol move acts on an option's own implied vol."""

    NONE = "none"
    RELATIVE = "relative"
    POINTS = "points"
    SKEW = "skew"
    SKEW_ABSOLUTE = "skew_absolute"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class VolRule:
    """How a vol move of size m becomes the shocked vol of one option with d days left.

    The term factor is (reference_days / max(days_floor, d)) ** power, with `power_short` for d
    below `reference_days` (or at it, when `reference_is_short`) and `power_long` otherwise. The
    size is m x (parallel x factor + skew_per_log_moneyness x ln(strike / forward)). RELATIVE gives
    vol x (1 + size), POINTS gives vol + size. A result below `vol_floor` is raised to it, but only
    when the size is positive (or 0 with `floor_at_rest`); it is never below 0.

    SKEW turns the surface and leaves the forward of an option where it is: with k = ln(strike /
    forward), or |k| for SKEW_ABSOLUTE, the size is m x cap x k / width, not beyond cap on either
    side, where cap = cap_base + cap_per_sqrt_year x sqrt(years) and width = max(width_least,
    width_scale x sqrt(years) x (width_base + width_per_sqrt_year x sqrt(years))); vol x (1 + size).
    Source: derivexyz/v2-core, PMRMLib_2.
    """

    shock: VolShock
    power_short: float = 0.0
    power_long: float = 0.0
    reference_days: float = 30.0
    reference_is_short: bool = False
    days_floor: float = 0.0
    vol_floor: float = 0.0
    skew_per_log_moneyness: float = 0.0
    parallel: float = 1.0
    floor_at_rest: bool = False
    cap_base: float = 0.0
    cap_per_sqrt_year: float = 0.0
    width_least: float = 0.0
    width_scale: float = 0.0
    width_base: float = 0.0
    width_per_sqrt_year: float = 0.0

    @property
    def turns_skew(self) -> bool:
        """Whether it is a skew scenario, in which the forwards of options stay."""
        return self.shock in (VolShock.SKEW, VolShock.SKEW_ABSOLUTE)


NO_VOL_MOVE = VolRule(shock=VolShock.NONE)


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScenarioSet:
    """S scenarios over U assets and V venues. Moves are relative and simple: +0.15 is +15 %.

    `spot_move` (U, S) acts on index, marks and forwards of the underlying alike, and on quote and
    settlement assets as their own rows. `vol_rule` (S,) numbers `vol_rules`; `vol_move` (U, S) is
    the size. `venue_move` (V, S) is added to the move of every derivative listed at a venue;
    `term_move` (S,) is added per year to expiry. `time_ns` (S,) passes before revaluation.
    `damping_multiple` (S,) is how far the move lies beyond the standard range, minus 1 (0 inside
    it). `loss_weight` (S,) acts after shaping. `probability` (S,) sums to 1 where VaR and ES need
    it, else None. `family` names the branch each scenario belongs to.

    Arrays are read-only copies. Raises `InputRefused` with everything that is wrong: a shape, NaN,
    a price move of -100 % or less, a negative weight, probabilities that do not sum to 1.
    """

    name: str
    assets: tuple[str, ...]
    venues: tuple[str, ...]
    labels: tuple[str, ...]
    family: tuple[str, ...]
    spot_move: NDArray[np.float64]
    vol_move: NDArray[np.float64]
    vol_rule: NDArray[np.int64]
    vol_rules: tuple[VolRule, ...]
    venue_move: NDArray[np.float64]
    term_move: NDArray[np.float64]
    time_ns: NDArray[np.int64]
    loss_weight: NDArray[np.float64]
    damping_multiple: NDArray[np.float64]
    probability: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                kept = np.array(value)
                kept.setflags(write=False)
                object.__setattr__(self, field.name, kept)
        refuse_if_any(_shape_failures(self))
        refuse_if_any(_value_failures(self))

    @property
    def scenarios_count(self) -> int:
        """Number of scenarios."""
        return len(self.labels)


def _shape_failures(s: ScenarioSet) -> Iterator[Failure]:
    where = f"scenarios.{s.name}"
    count = len(s.labels)
    if count == 0:
        yield Failure(Reason.MISSING_FIELD, where, "there is no scenario in it")
    if len(s.family) != count:
        yield Failure(Reason.WRONG_TYPE, f"{where}.family", f"{len(s.family)} names, not {count}")
    for name, shape in (
        ("spot_move", (len(s.assets), count)),
        ("vol_move", (len(s.assets), count)),
        ("venue_move", (len(s.venues), count)),
        ("vol_rule", (count,)),
        ("term_move", (count,)),
        ("time_ns", (count,)),
        ("loss_weight", (count,)),
        ("damping_multiple", (count,)),
        ("probability", (count,)),
    ):
        array = getattr(s, name)
        if array is not None and array.shape != shape:
            message = f"shape {array.shape} is not {shape}"
            yield Failure(Reason.WRONG_TYPE, f"{where}.{name}", message)


def _value_failures(s: ScenarioSet) -> Iterator[Failure]:
    where = f"scenarios.{s.name}"
    probability = np.ones(0) if s.probability is None else s.probability
    # A comparison with NaN is False, so every bound is written as what must hold.
    for name, holds, message in (
        (
            "spot_move",
            (s.spot_move > -1) & (s.spot_move < np.inf),
            "not above -100 %, or not finite",
        ),
        ("vol_move", np.isfinite(s.vol_move), "not a finite number"),
        ("venue_move", np.abs(s.venue_move) < 1, "not within -100 % to +100 %"),
        ("term_move", np.isfinite(s.term_move), "not a finite number"),
        ("time_ns", s.time_ns >= 0, "time runs backwards"),
        ("loss_weight", (s.loss_weight >= 0) & (s.loss_weight < np.inf), "negative, or not finite"),
        (
            "damping_multiple",
            (s.damping_multiple >= 0) & (s.damping_multiple < np.inf),
            "negative, or not finite",
        ),
        ("probability", (probability >= 0) & (probability <= 1), "not within 0 to 1"),
        ("vol_rule", (s.vol_rule >= 0) & (s.vol_rule < len(s.vol_rules)), "no such vol rule"),
    ):
        for cell in np.argwhere(~holds)[:3]:
            label = s.labels[int(cell[-1])]
            asset = f"{s.assets[int(cell[0])]}, " if name in ("spot_move", "vol_move") else ""
            value = getattr(s, name)[tuple(cell)]
            text = f"{value} in {asset}{label}: {message}"
            yield Failure(Reason.OUT_OF_BOUNDS, f"{where}.{name}", text)
    if s.probability is not None:
        total = fsum(s.probability)
        if not abs(total - 1.0) <= PROBABILITY_TOLERANCE:
            text = f"probabilities sum to {total}, not to 1"
            yield Failure(Reason.CONTRADICTION, f"{where}.probability", text)
