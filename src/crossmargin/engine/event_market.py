"""Events of the market: prices, vols, listings and totals."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import final

from crossmargin.domain.instrument import Listing


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """An asset's index in dollars and marks of listings on it, in their own quotation.

    Either may be absent: without an index only the marks change. Of an asset that has a policy the
    index is what one source says, one voice among several.
    """

    asset: str
    index: Decimal | None
    marks: Mapping[str, Decimal]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BookTop:
    """Prices at which a perpetual's venue would sell and buy its impact size, in its quotation."""

    listing_id: str
    impact_bid: Decimal
    impact_ask: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BackingStated:
    """The backing of a wrapped or pegged asset: the share that is there, when that was proven, and
    whether holders can redeem.
    """

    asset: str
    backed_frac: Decimal
    proven_ns: int
    redeemable: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Volatility:
    """The implied vol of an option listing as a fraction: 0.45 is 45 %."""

    listing_id: str
    vol: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ListingAdded:
    """A listing that may be held from now on."""

    listing: Listing


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRemoved:
    """A listing without positions and orders leaves."""

    listing_id: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TotalsStated:
    """Totals over all accounts, as they are published: what is left out is not known any more.

    Units and signs are those of `MarketTotals`. Pairs are (venue, asset) and (owner, underlying).
    Whoever publishes lets them age and limits their steps (`market.totals`), not the engine.
    """

    long_notional: Mapping[str, Decimal]
    short_notional: Mapping[str, Decimal]
    open_interest: Mapping[str, Decimal]
    venue_collateral: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    owner_delta: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    crowd_long: Mapping[str, Decimal] = field(default_factory=dict)
    crowd_short: Mapping[str, Decimal] = field(default_factory=dict)
    owner_crowd_long: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    owner_crowd_short: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    cycle_depth: Mapping[str, Decimal] = field(default_factory=dict)
