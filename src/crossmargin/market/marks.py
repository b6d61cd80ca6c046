"""The mark of a perpetual: the index and a clamped, averaged premium of its own book.

Whoever trades in the book moves the premium, for as long as the book stays moved, and never by more
than the clamp. The index has several sources, of which this book is at most one.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from crossmargin.base.failure import Failure, Reason, refuse_if_any
from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.market.price_average import Average, mean, observed, started


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PerpetualMarkPolicy:
    """`premium_cap_frac` of the index bounds each sample; the mean is over `averaging_ns`.

    `InputRefused` with everything that is wrong.
    """

    premium_cap_frac: float = 0.005
    averaging_ns: int = 300 * NS_PER_SECOND

    def __post_init__(self) -> None:
        refuse_if_any(_failures(self))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BookTop:
    """The prices at which the venue's impact size would sell and buy, in quote currency."""

    impact_bid: float
    impact_ask: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PerpetualMark:
    """A mark in quote currency, the index under it, and the averaged premium as a fraction of
    that.
    """

    mark: float
    index: float
    premium_frac: float
    average: Average


def perpetual_mark(
    policy: PerpetualMarkPolicy,
    index: float,
    top: BookTop | None,
    previous: PerpetualMark | None,
    as_of_ns: int,
) -> PerpetualMark:
    """The mark at `as_of_ns`, in quote currency: index x (1 + mean premium).

    A sample of the premium is what the impact bid is above the index, less what the impact ask is
    below it, as a fraction, clamped. A book that is empty, crossed or not a number says nothing:
    its sample is 0, and so is all time before the first sample. ValueError without a positive
    index: an asset in doubt has another price, not no mark.
    """
    if not (math.isfinite(index) and index > 0.0):
        raise ValueError(f"the index of a mark is a positive number, was {index}")
    sample = _premium(policy, index, top)
    if previous is None:
        average = started(sample, as_of_ns)
    else:
        average = observed(previous.average, sample, as_of_ns, policy.averaging_ns)
    premium_frac = mean(average, as_of_ns, policy.averaging_ns, before=0.0)
    return PerpetualMark(
        mark=index * (1.0 + premium_frac), index=index, premium_frac=premium_frac, average=average
    )


def perpetual_push_frac(policy: PerpetualMarkPolicy, duration_ns: int) -> float:
    """The most that trades in the perpetual's own book can move its mark within `duration_ns`, as a
    fraction of the index: from one clamp to the other, for the share of the window that has passed.
    """
    return 2.0 * policy.premium_cap_frac * min(1.0, duration_ns / policy.averaging_ns)


def _premium(policy: PerpetualMarkPolicy, index: float, top: BookTop | None) -> float:
    if top is None or not 0.0 < top.impact_bid <= top.impact_ask < math.inf:
        return 0.0
    above = max(0.0, top.impact_bid - index) - max(0.0, index - top.impact_ask)
    cap = policy.premium_cap_frac
    return min(cap, max(-cap, above / index))


def _failures(policy: PerpetualMarkPolicy) -> Iterator[Failure]:
    if not 0.0 <= policy.premium_cap_frac < 1.0:
        message = f"{policy.premium_cap_frac} is not at least 0 and below 1"
        yield Failure(Reason.OUT_OF_BOUNDS, "perpetual_mark.premium_cap_frac", message)
    if policy.averaging_ns <= 0:
        message = f"{policy.averaging_ns} is not above 0: an average needs a window"
        yield Failure(Reason.OUT_OF_BOUNDS, "perpetual_mark.averaging_ns", message)
