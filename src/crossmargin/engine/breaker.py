"""Circuit breakers as data: what is measured, over which time, from where on, and what it stops."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import final

from crossmargin.base.failure import Failure, Reason, refuse_if_any

BUCKETS = 32
"""A window is remembered in so many parts: what happened in one of them counts as one."""


@final
class Metric(StrEnum):
    """PRICE_MOVE: an asset's highest index over its lowest, less 1. WITHDRAWN: dollars that
    accounts took out or moved on. LIQUIDATIONS: accounts that came to be liquidated. DOUBTS: the
    most assets whose sources gave no price at once.
    """

    PRICE_MOVE = "price_move"
    WITHDRAWN = "withdrawn"
    LIQUIDATIONS = "liquidations"
    DOUBTS = "doubts"


@final
class BreakerAction(StrEnum):
    """What stops. What takes risk away, deposits and margin calls never do."""

    NO_NEW_RISK = "no_new_risk"
    NO_WITHDRAWALS = "no_withdrawals"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """Trips when `metric` within `window_ns` is above `bound`; then `actions` hold.

    With an `asset` it measures that asset and concerns orders and accounts that rest on it, without
    one everything. It is released once the metric has been at most `bound` for `calm_ns`, or by the
    operator; None: by the operator alone. `InputRefused` with everything that is wrong.
    """

    name: str
    metric: Metric
    window_ns: int
    bound: float
    actions: tuple[BreakerAction, ...]
    calm_ns: int | None
    asset: str | None = None

    def __post_init__(self) -> None:
        refuse_if_any(_failures(self))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a breaker saw in one part of its window: the least and the most, or a sum in `high`."""

    start_ns: int
    low: float
    high: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerState:
    """`tripped_ns`: since when it holds, None when it does not. `calm_since_ns`: since when the
    metric has been at most the bound. `level` is what was seen last: it held until the next event.
    """

    samples: tuple[Sample, ...] = ()
    level: float | None = None
    tripped_ns: int | None = None
    calm_since_ns: int | None = None


def failures_of(breakers: Sequence[Breaker]) -> Iterator[Failure]:
    """What is wrong with breakers together: two of one name."""
    names = [own.name for own in breakers]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Failure(Reason.DUPLICATE, f"breakers.{name}", "two breakers have this name")


def _failures(own: Breaker) -> Iterator[Failure]:
    where = f"breakers.{own.name}"
    if own.window_ns < BUCKETS:
        yield Failure(Reason.OUT_OF_BOUNDS, f"{where}.window", "a window has a length")
    if not (isfinite(own.bound) and own.bound >= 0.0):
        yield Failure(Reason.OUT_OF_BOUNDS, f"{where}.bound", f"{own.bound} is not at least 0")
    if own.calm_ns is not None and own.calm_ns < 0:
        yield Failure(Reason.OUT_OF_BOUNDS, f"{where}.calm", f"{own.calm_ns} ns is below 0")
    if not own.actions:
        yield Failure(Reason.MISSING_FIELD, f"{where}.actions", "it would stop nothing")
    if (own.metric is Metric.PRICE_MOVE) is not (own.asset is not None):
        message = "a price move is of one asset; the other metrics are of everything"
        yield Failure(Reason.CONTRADICTION, f"{where}.asset", message)
