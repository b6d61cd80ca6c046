"""What one account's figures need to know about all others: stamped, an input like any other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias, final

from crossmargin.market.quoted import Quoted, derived_from

Crowd: TypeAlias = tuple[Mapping[str, Quoted], Mapping[tuple[str, str], Quoted]]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MarketTotals:
    """Totals over all accounts at one moment; refreshed by an event, never in between.

    `long_notional` and `short_notional` are all that is held per underlying in dollars, each >= 0.
    `venue_collateral` is coins of an asset per (venue, asset); `owner_delta` signed coins per
    (owner, underlying); `open_interest` contracts per listing.

    `crowd_long` and `crowd_short` are dollars per underlying that a stated move against that side
    would have to be closed, each >= 0, and `owner_crowd_long` and `owner_crowd_short` what of it
    each (owner, underlying) has. `cycle_depth` is what the book of an underlying takes through the
    cycle, in dollars: a low order statistic of many days, not the depth of the minute.
    """

    as_of_ns: int
    sequence: int
    long_notional: Mapping[str, Quoted] = field(default_factory=dict)
    short_notional: Mapping[str, Quoted] = field(default_factory=dict)
    venue_collateral: Mapping[tuple[str, str], Quoted] = field(default_factory=dict)
    owner_delta: Mapping[tuple[str, str], Quoted] = field(default_factory=dict)
    open_interest: Mapping[str, Quoted] = field(default_factory=dict)
    crowd_long: Mapping[str, Quoted] = field(default_factory=dict)
    crowd_short: Mapping[str, Quoted] = field(default_factory=dict)
    owner_crowd_long: Mapping[tuple[str, str], Quoted] = field(default_factory=dict)
    owner_crowd_short: Mapping[tuple[str, str], Quoted] = field(default_factory=dict)
    cycle_depth: Mapping[str, Quoted] = field(default_factory=dict)


def lagged_totals(
    computed: Sequence[MarketTotals], now_ns: int, lag_ns: int
) -> MarketTotals | None:
    """The newest of some totals that is at least `lag_ns` old at `now_ns`; None before there is
    one.

    Nobody's margin then shows what others do at the same moment. ValueError for a negative lag.
    """
    if lag_ns < 0:
        raise ValueError(f"a lag of {lag_ns} ns is negative")
    old = [each for each in computed if each.as_of_ns <= now_ns - lag_ns]
    return max(old, key=lambda each: (each.as_of_ns, each.sequence), default=None)


def stepped_totals(
    published: MarketTotals, computed: MarketTotals, step_frac: float
) -> MarketTotals:
    """What to publish next: `computed`, but each crowd goes from `published` towards it by no more
    than `step_frac` of the cycle depth.

    Owners' parts go the same share of their way, so they still add up to their crowd. Without a
    depth a crowd is published as it is computed: a step cannot be measured. ValueError for a
    negative step.
    """
    if not step_frac >= 0.0:
        raise ValueError(f"a step of {step_frac} is negative")
    long, owners_long = _stepped(
        (published.crowd_long, published.owner_crowd_long),
        (computed.crowd_long, computed.owner_crowd_long),
        computed.cycle_depth,
        step_frac,
    )
    short, owners_short = _stepped(
        (published.crowd_short, published.owner_crowd_short),
        (computed.crowd_short, computed.owner_crowd_short),
        computed.cycle_depth,
        step_frac,
    )
    return replace(
        computed,
        crowd_long=long,
        crowd_short=short,
        owner_crowd_long=owners_long,
        owner_crowd_short=owners_short,
    )


def _stepped(
    before: Crowd, now: Crowd, depth: Mapping[str, Quoted], step_frac: float
) -> tuple[dict[str, Quoted], dict[tuple[str, str], Quoted]]:
    """One side: the crowds and their owners' parts after the step."""
    (old, old_parts), (new, new_parts) = before, now
    share = {
        code: _share(old.get(code), new.get(code), depth.get(code), step_frac)
        for code in {**old, **new}
    }
    crowds = {code: _between(old.get(code), new.get(code), way) for code, way in share.items()}
    parts = {
        pair: _between(old_parts.get(pair), new_parts.get(pair), share.get(pair[1], 1.0))
        for pair in {**old_parts, **new_parts}
    }
    return crowds, parts


def _share(
    before: Quoted | None, now: Quoted | None, depth: Quoted | None, step_frac: float
) -> float:
    """How much of the way from one crowd to the next may be gone, 0 to 1."""
    way = abs((0.0 if now is None else now.value) - (0.0 if before is None else before.value))
    if depth is None or way <= step_frac * depth.value:
        return 1.0
    return step_frac * depth.value / way


def _between(before: Quoted | None, now: Quoted | None, share: float) -> Quoted:
    known = [each for each in (before, now) if each is not None]
    start, end = (0.0 if each is None else each.value for each in (before, now))
    value = end if share == 1.0 else start + share * (end - start)
    return derived_from(value, "stepped from the totals before", *known)
