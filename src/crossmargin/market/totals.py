"""What one account's figures need to know about all others: stamped, an input like any other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from crossmargin.market.quoted import Quoted


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MarketTotals:
    """Totals over all accounts at one moment; refreshed by an event, never in between.

    `long_notional` and `short_notional` are the crowd per underlying in dollars, each >= 0.
    `venue_collateral` is coins of an asset per (venue, asset); `owner_delta` signed coins per
    (owner, underlying); `open_interest` contracts per listing.
    """

    as_of_ns: int
    sequence: int
    long_notional: Mapping[str, Quoted] = field(default_factory=dict)
    short_notional: Mapping[str, Quoted] = field(default_factory=dict)
    venue_collateral: Mapping[tuple[str, str], Quoted] = field(default_factory=dict)
    owner_delta: Mapping[tuple[str, str], Quoted] = field(default_factory=dict)
    open_interest: Mapping[str, Quoted] = field(default_factory=dict)
