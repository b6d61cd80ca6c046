"""Several sources to one price an asset: fresh, or an interval, or a named fallback, or none.

A missing or doubtful price never becomes a smaller number. Its asset alone gets an interval: new
credit, withdrawals and new risk use the worst end, maintenance the last good price, and a
liquidation needs the best end.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import final

from crossmargin.market.oracle_policy import (
    BackingRule,
    Fallback,
    FallbackKind,
    OraclePolicy,
    SourceTerms,
)
from crossmargin.market.price_average import Average, mean, observed, started
from crossmargin.market.price_vote import Excluded, Exclusion, SourcePrice, Vote, voted

__all__ = [
    "BackingReport",
    "BackingRule",
    "Doubt",
    "Excluded",
    "Exclusion",
    "Fallback",
    "FallbackKind",
    "Fused",
    "OraclePolicy",
    "PriceState",
    "SourcePrice",
    "SourceTerms",
    "fused",
]


@final
class PriceState(StrEnum):
    """FRESH: a quorum agrees. INTERVAL: in doubt, bounded around the last good price. FALLBACK: in
    doubt for too long, priced by the named fallback. NONE: nothing is known.
    """

    FRESH = "fresh"
    INTERVAL = "interval"
    FALLBACK = "fallback"
    NONE = "none"


@final
class Doubt(StrEnum):
    """Why a price is not fresh."""

    NO_QUORUM = "no_quorum"
    JUMP = "jump"
    REDEMPTION_GAP = "redemption_gap"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BackingReport:
    """What is known of the backing: the base's index in dollars, None while that is not fresh; the
    backed share, when it was proven, and whether holders can redeem.
    """

    base_price: float | None
    backed_frac: float
    proven_ns: int
    redeemable: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Fused:
    """The price of one asset at one instant, dollars per coin, with all that it rests on.

    `index` is the median while fresh, the last good price in an interval, the fallback's price
    after. `low` and `high` bound it; with nothing known they are the plausible band. `confidence`
    is the share of the policy's sources that agree, 0 while not fresh. `missing` names the sources
    not heard: an alarm. `since_ns` is since when it is fresh, or since when it is not: the timer of
    the fallback. `new_credit` is False when the asset must not give credit to new risk, however it
    is priced.
    """

    asset: str
    as_of_ns: int
    state: PriceState
    index: float | None
    low: float
    high: float
    twap: float | None
    confidence: float
    used: tuple[SourcePrice, ...]
    excluded: tuple[Excluded, ...]
    missing: tuple[str, ...]
    doubt: Doubt | None
    fallback: str | None
    since_ns: int
    new_credit: bool
    last_good: float | None
    last_good_ns: int | None
    held_price: float | None
    held_since_ns: int | None
    gap_since_ns: int | None
    average: Average | None

    @property
    def credit_price(self) -> float:
        """The price at which the asset backs something new, at least 0: low, or 0 without new
        credit.
        """
        return self.low if self.new_credit else 0.0

    @property
    def debt_price(self) -> float:
        """The price at which it is owed: high."""
        return self.high


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What one look at the sources found, before it is decided what it means."""

    price: float | None
    redemption: float | None
    doubt: Doubt | None
    held_price: float | None
    held_since_ns: int | None
    gap_since_ns: int | None


def fused(
    policy: OraclePolicy,
    prices: tuple[SourcePrice, ...],
    previous: Fused | None,
    as_of_ns: int,
    backing: BackingReport | None = None,
) -> Fused:
    """The asset's price at `as_of_ns` from the newest message of each source.

    While a majority of the sources heard is honest and a quorum was heard, the index lies between
    the least and the largest honest price. ValueError when time goes backwards.
    """
    if previous is not None and as_of_ns < previous.as_of_ns:
        raise ValueError(f"{policy.asset}: {as_of_ns} comes after {previous.as_of_ns}")
    vote = voted(policy, prices, as_of_ns)
    agreed = vote.voices >= policy.quorum and 2 * len(vote.kept) > max(vote.voices, policy.quorum)
    price = vote.median if agreed else None
    look = _look(policy, price, previous, as_of_ns, backing)
    if look.doubt is None and price is not None:
        return _fresh(policy, vote, look, price, previous, as_of_ns, backing)
    return _doubtful(policy, vote, look, previous, as_of_ns)


def _look(
    policy: OraclePolicy,
    price: float | None,
    previous: Fused | None,
    as_of_ns: int,
    backing: BackingReport | None,
) -> _Look:
    rule = policy.backing
    redemption = None
    if rule is not None and backing is not None and backing.base_price is not None:
        redemption = backing.base_price * rule.ratio * min(backing.backed_frac, 1.0)
    if price is None:
        return _Look(
            price=None,
            redemption=redemption,
            doubt=Doubt.NO_QUORUM,
            held_price=None,
            held_since_ns=None,
            gap_since_ns=None if previous is None else previous.gap_since_ns,
        )
    held_price, held_since_ns = _jump(policy, price, previous, as_of_ns)
    gap_since_ns = None
    redeemable = backing is not None and backing.redeemable
    gap_frac = math.inf if rule is None else rule.gap_frac
    if redeemable and redemption is not None and abs(price - redemption) > gap_frac * redemption:
        known = None if previous is None else previous.gap_since_ns
        gap_since_ns = as_of_ns if known is None else known
    doubt = None
    if gap_since_ns is not None and as_of_ns - gap_since_ns < policy.hold_ns:
        doubt = Doubt.REDEMPTION_GAP
    if held_since_ns is not None and as_of_ns - held_since_ns < policy.hold_ns:
        doubt = Doubt.JUMP
    return _Look(
        price=price,
        redemption=redemption,
        doubt=doubt,
        held_price=held_price,
        held_since_ns=held_since_ns,
        gap_since_ns=gap_since_ns,
    )


def _jump(
    policy: OraclePolicy, price: float, previous: Fused | None, as_of_ns: int
) -> tuple[float | None, int | None]:
    """The price that is held back and since when; nothing when there is no jump."""
    if previous is None or previous.last_good is None:
        return None, None
    if not _apart(price, previous.last_good, policy.jump_frac):
        return None, None
    held, since_ns = previous.held_price, previous.held_since_ns
    if held is None or since_ns is None or _apart(price, held, policy.jump_frac):
        return price, as_of_ns
    return held, since_ns


def _apart(a: float, b: float, share: float) -> bool:
    """Whether the larger is more than `share` above the smaller."""
    return max(a, b) > (1.0 + share) * min(a, b)


def _fresh(
    policy: OraclePolicy,
    vote: Vote,
    look: _Look,
    price: float,
    previous: Fused | None,
    as_of_ns: int,
    backing: BackingReport | None,
) -> Fused:
    known = None if previous is None else previous.average
    if known is None:
        average = started(price, as_of_ns)
    else:
        average = observed(known, price, as_of_ns, policy.averaging_ns)
    twap = mean(average, as_of_ns, policy.averaging_ns)
    bounds = [price, twap, *([] if look.redemption is None else [look.redemption])]
    steady = previous is not None and previous.state is PriceState.FRESH
    return Fused(
        asset=policy.asset,
        as_of_ns=as_of_ns,
        state=PriceState.FRESH,
        index=price,
        low=min(bounds) * (1.0 - policy.spread_frac),
        high=max(bounds) * (1.0 + policy.spread_frac),
        twap=twap,
        confidence=len(vote.kept) / len(policy.sources),
        used=vote.kept,
        excluded=vote.excluded,
        missing=vote.missing,
        doubt=None,
        fallback=None,
        since_ns=previous.since_ns if steady and previous is not None else as_of_ns,
        new_credit=_backed(policy, backing, as_of_ns),
        last_good=price,
        last_good_ns=as_of_ns,
        held_price=None,
        held_since_ns=None,
        gap_since_ns=look.gap_since_ns,
        average=average,
    )


def _backed(policy: OraclePolicy, backing: BackingReport | None, as_of_ns: int) -> bool:
    """Whether nothing speaks against the backing; an asset without a rule needs none."""
    rule = policy.backing
    if rule is None:
        return True
    if backing is None or backing.proven_ns > as_of_ns + policy.future_ns:
        return False
    recent = as_of_ns - backing.proven_ns <= rule.proof_stale_ns
    return recent and backing.backed_frac >= rule.backed_frac_min


def _doubtful(
    policy: OraclePolicy, vote: Vote, look: _Look, previous: Fused | None, as_of_ns: int
) -> Fused:
    doubted = previous is not None and previous.state is not PriceState.FRESH
    since_ns = previous.since_ns if doubted and previous is not None else as_of_ns
    last_good = None if previous is None else previous.last_good
    state, index = _state(policy, look, last_good, as_of_ns - since_ns)
    low, high = _bounds(policy, vote, look, index)
    return Fused(
        asset=policy.asset,
        as_of_ns=as_of_ns,
        state=state,
        index=index,
        low=low,
        high=high,
        twap=None,
        confidence=0.0,
        used=vote.kept,
        excluded=vote.excluded,
        missing=vote.missing,
        doubt=look.doubt,
        fallback=(
            policy.fallback.name
            if state is PriceState.FALLBACK and policy.fallback is not None
            else None
        ),
        since_ns=since_ns,
        new_credit=False,
        last_good=last_good,
        last_good_ns=None if previous is None else previous.last_good_ns,
        held_price=look.held_price,
        held_since_ns=look.held_since_ns,
        gap_since_ns=look.gap_since_ns,
        average=None if previous is None else previous.average,
    )


def _state(
    policy: OraclePolicy, look: _Look, last_good: float | None, elapsed_ns: int
) -> tuple[PriceState, float | None]:
    """The state of a price in doubt, and the price that maintenance uses."""
    fallback = policy.fallback
    if fallback is not None and elapsed_ns >= fallback.after_ns:
        own = last_good if fallback.kind is FallbackKind.LAST_GOOD else look.redemption
        if own is not None:
            return PriceState.FALLBACK, own
    if last_good is not None:
        return PriceState.INTERVAL, last_good
    if look.price is not None:
        return PriceState.INTERVAL, None
    return PriceState.NONE, None


def _bounds(
    policy: OraclePolicy, vote: Vote, look: _Look, index: float | None
) -> tuple[float, float]:
    """The interval: around the index, and out to whatever anybody believable says; with neither an
    index nor a price, all that is plausible.
    """
    if index is None and look.price is None:
        return policy.band_low, policy.band_high
    said = [x.price for x in vote.kept]
    said += [x for x in (look.price, look.redemption) if x is not None]
    if index is not None:
        said += [index * (1.0 - policy.interval_frac), index * (1.0 + policy.interval_frac)]
    return min(said), max(said)
