"""When an asset has a price: whom to ask, how many must agree, and what if they do not."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import final

from crossmargin.base.failure import Failure, Reason, refuse_if_any
from crossmargin.base.instant import NS_PER_SECOND

QUORUM_LEAST = 2
"""One source alone is never a quorum: nobody could outvote it."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTerms:
    """A source by name, and the least and largest price it can report at all, if it has such."""

    name: str
    clamp_low: float | None = None
    clamp_high: float | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BackingRule:
    """What stands behind a wrapped or pegged asset: it is priced as itself, and looked at beside.

    The redemption value is the base's index x `ratio` x the backed share. Below `backed_frac_min`,
    or with proof older than `proof_stale_ns`, it gives no new credit. While it can be redeemed and
    its own price is more than `gap_frac` away from that value, its price is in doubt.
    """

    base: str
    ratio: float
    gap_frac: float
    backed_frac_min: float
    proof_stale_ns: int


@final
class FallbackKind(StrEnum):
    """LAST_GOOD: the last good price, down and up by the interval. REDEMPTION: the redemption value
    of the backing rule.
    """

    LAST_GOOD = "last_good"
    REDEMPTION = "redemption"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Fallback:
    """What prices an asset once it has been without a quorum for `after_ns`, and its name."""

    name: str
    kind: FallbackKind
    after_ns: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OraclePolicy:
    """The rules for one asset; prices in dollars per coin, times in ns, shares as fractions.

    `quorum` sources must have been heard within `stale_ns`, and more than half of those, and of the
    quorum, must lie within `deviation_frac` of their median. A median that moves more than
    `jump_frac` from the last good one is in doubt until it has lasted `hold_ns`. `band_low` and
    `band_high` are absolute bounds of the plausible. `interval_frac` is how far a price may have
    gone while nobody was looking.

    `InputRefused` with everything that is wrong.
    """

    asset: str
    sources: tuple[SourceTerms, ...]
    band_low: float
    band_high: float
    quorum: int = 3
    stale_ns: int = 30 * NS_PER_SECOND
    future_ns: int = NS_PER_SECOND
    deviation_frac: float = 0.02
    jump_frac: float = 0.25
    hold_ns: int = 60 * NS_PER_SECOND
    averaging_ns: int = 60 * NS_PER_SECOND
    spread_frac: float = 0.001
    interval_frac: float = 0.5
    fallback: Fallback | None = None
    backing: BackingRule | None = None

    def __post_init__(self) -> None:
        refuse_if_any(policy_failures(self))


def policy_failures(policy: OraclePolicy) -> Iterator[Failure]:
    """Everything that is wrong with a policy."""
    where = f"oracle.{policy.asset}"
    names = [source.name for source in policy.sources]
    if len(set(names)) != len(names):
        yield Failure(Reason.DUPLICATE, f"{where}.sources", "names a source twice")
    if not QUORUM_LEAST <= policy.quorum <= len(names):
        message = f"{policy.quorum} is not between {QUORUM_LEAST} and {len(names)}, the sources"
        yield Failure(Reason.OUT_OF_BOUNDS, f"{where}.quorum", message)
    for name, value, low, high in (
        ("deviation_frac", policy.deviation_frac, 0.0, 1.0),
        ("jump_frac", policy.jump_frac, 0.0, 100.0),
        ("spread_frac", policy.spread_frac, 0.0, 1.0),
        ("interval_frac", policy.interval_frac, 0.0, 1.0),
        ("stale_ns", policy.stale_ns, 0, math.inf),
        ("future_ns", policy.future_ns, 0, math.inf),
        ("hold_ns", policy.hold_ns, 0, math.inf),
        ("averaging_ns", policy.averaging_ns, 1, math.inf),
        ("band_low", policy.band_low, 5e-324, policy.band_high),
    ):
        if not low <= value <= high:
            message = f"{value} is not between {low} and {high}"
            yield Failure(Reason.OUT_OF_BOUNDS, f"{where}.{name}", message)
    if not math.isfinite(policy.band_high):
        yield Failure(Reason.NOT_A_NUMBER, f"{where}.band_high", "a band without an end is none")
    yield from _backing_failures(policy, where)


def _backing_failures(policy: OraclePolicy, where: str) -> Iterator[Failure]:
    rule, fallback = policy.backing, policy.fallback
    if fallback is not None and fallback.kind is FallbackKind.REDEMPTION and rule is None:
        message = "needs a backing rule"
        yield Failure(Reason.MISSING_FIELD, f"{where}.fallback", message)
    if rule is None:
        return
    if rule.base == policy.asset:
        yield Failure(Reason.CYCLE, f"{where}.backing.base", "an asset does not back itself")
    for name, value, high in (
        ("ratio", rule.ratio, math.inf),
        ("gap_frac", rule.gap_frac, 1.0),
        ("backed_frac_min", rule.backed_frac_min, 1.0),
    ):
        if not 0.0 < value <= high:
            message = f"{value} is not above 0 and at most {high}"
            yield Failure(Reason.OUT_OF_BOUNDS, f"{where}.backing.{name}", message)
