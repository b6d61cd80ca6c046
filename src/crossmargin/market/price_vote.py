"""What each source says about one asset, and why a message counts or does not."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import final

from crossmargin.market.oracle_policy import OraclePolicy, SourceTerms


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePrice:
    """One message of one source: `price` in dollars per coin, as it came, NaN and all.

    `authenticated` says that the core itself checked who sent it.
    """

    source: str
    asset: str
    price: float
    event_time_ns: int
    authenticated: bool


@final
class Exclusion(StrEnum):
    """Why a message is not in the median."""

    UNKNOWN_SOURCE = "unknown_source"
    UNAUTHENTICATED = "unauthenticated"
    STALE = "stale"
    FUTURE_DATED = "future_dated"
    CONTRADICTORY = "contradictory"
    NOT_A_NUMBER = "not_a_number"
    NOT_POSITIVE = "not_positive"
    OUT_OF_BAND = "out_of_band"
    CLAMPED = "clamped"
    DEVIANT = "deviant"


SILENT = frozenset({Exclusion.UNKNOWN_SOURCE, Exclusion.UNAUTHENTICATED, Exclusion.STALE})
"""Whoever is excluded for one of these was not heard; for another, he spoke and was wrong."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """A message that does not count, and why."""

    said: SourcePrice
    reason: Exclusion


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """The newest message of every source, sorted by source: `kept` agree with their median.

    `voices` counts the known sources that were heard at all, with a right price or a wrong one.
    `missing` names the sources of the policy that were not heard.
    """

    kept: tuple[SourcePrice, ...]
    excluded: tuple[Excluded, ...]
    voices: int
    missing: tuple[str, ...]

    @property
    def median(self) -> float | None:
        """The median of `kept` in dollars per coin, None without any."""
        return median(x.price for x in self.kept) if self.kept else None


def voted(policy: OraclePolicy, prices: Iterable[SourcePrice], as_of_ns: int) -> Vote:
    """The vote of one asset at `as_of_ns`; messages of other assets are not looked at.

    Order of `prices` does not matter. Of one source the newest message counts; two of one instant
    that differ contradict each other and neither counts.
    """
    terms = {source.name: source for source in policy.sources}
    excluded: list[Excluded] = []
    valid: list[SourcePrice] = []
    for said in _newest((x for x in prices if x.asset == policy.asset), excluded):
        reason = _reason(policy, terms.get(said.source), said, as_of_ns)
        if reason is None:
            valid.append(said)
        else:
            excluded.append(Excluded(said=said, reason=reason))
    kept = valid
    if valid:
        middle = median(x.price for x in valid)
        kept = [x for x in valid if abs(x.price - middle) <= policy.deviation_frac * middle]
        excluded += [Excluded(said=x, reason=Exclusion.DEVIANT) for x in valid if x not in kept]
    heard = {x.source for x in valid} | {
        x.said.source for x in excluded if x.reason not in SILENT and x.said.source in terms
    }
    return Vote(
        kept=tuple(kept),
        excluded=tuple(sorted(excluded, key=_order)),
        voices=len(heard),
        missing=tuple(sorted(set(terms) - heard)),
    )


def median(values: Iterable[float]) -> float:
    """The middle value; of an even number the mean of the two in the middle. At least one."""
    ranked = sorted(values)
    half = len(ranked) // 2
    if len(ranked) % 2:
        return ranked[half]
    return ranked[half - 1] + (ranked[half] - ranked[half - 1]) / 2.0


def _newest(prices: Iterable[SourcePrice], excluded: list[Excluded]) -> list[SourcePrice]:
    """One message per source. Forged ones never stand in front of true ones."""
    by_source: dict[str, list[SourcePrice]] = {}
    for said in sorted(prices, key=lambda x: (x.source, x.event_time_ns)):
        if said.authenticated:
            by_source.setdefault(said.source, []).append(said)
        else:
            excluded.append(Excluded(said=said, reason=Exclusion.UNAUTHENTICATED))
    found = []
    for own in by_source.values():
        latest = [x for x in own if x.event_time_ns == own[-1].event_time_ns]
        if any(repr(x.price) != repr(latest[0].price) for x in latest):
            excluded += [Excluded(said=x, reason=Exclusion.CONTRADICTORY) for x in latest]
        else:
            found.append(latest[0])
    return found


def _reason(
    policy: OraclePolicy, terms: SourceTerms | None, said: SourcePrice, as_of_ns: int
) -> Exclusion | None:
    checks = (
        (terms is None, Exclusion.UNKNOWN_SOURCE),
        (said.event_time_ns > as_of_ns + policy.future_ns, Exclusion.FUTURE_DATED),
        (said.event_time_ns < as_of_ns - policy.stale_ns, Exclusion.STALE),
        (not math.isfinite(said.price), Exclusion.NOT_A_NUMBER),
        (said.price <= 0.0, Exclusion.NOT_POSITIVE),
        (not policy.band_low <= said.price <= policy.band_high, Exclusion.OUT_OF_BAND),
        (terms is not None and _clamped(terms, said.price), Exclusion.CLAMPED),
    )
    return next((reason for failed, reason in checks if failed), None)


def _clamped(terms: SourceTerms, price: float) -> bool:
    """A feed that cannot say less (or more) than a bound says nothing when it stands there."""
    at_low = terms.clamp_low is not None and price <= terms.clamp_low
    return at_low or (terms.clamp_high is not None and price >= terms.clamp_high)


def _order(excluded: Excluded) -> tuple[str, int, str, str]:
    said = excluded.said
    return said.source, said.event_time_ns, excluded.reason.value, repr(said.price)
