"""Small markets for the tests of this floor."""

from decimal import Decimal

from crossmargin.base.instant import NS_PER_DAY, parse_instant
from crossmargin.domain.instrument import (
    Future,
    Instrument,
    Listing,
    Option,
    Perpetual,
    Right,
    Spot,
)
from crossmargin.market.quoted import given
from crossmargin.market.snapshot import AssetQuote, ExpiryQuote, ListingQuote, MarketSnapshot
from crossmargin.market.totals import MarketTotals

AS_OF_NS = parse_instant("2026-08-08T00:00:00Z") or 0
NEAR_NS = AS_OF_NS + 30 * NS_PER_DAY
FAR_NS = AS_OF_NS + 120 * NS_PER_DAY

PERPETUAL = Perpetual(underlying="BTC", quote="USDT", settle="USDT", inverse=False)
SPOT = Spot(underlying="BTC", quote="USDT")


def option(strike: str, right: Right, expiry_ns: int = NEAR_NS, *, inverse: bool = True) -> Option:
    settle, quote = ("BTC", "USD") if inverse else ("USDC", "USDC")
    return Option(
        underlying="BTC",
        quote=quote,
        settle=settle,
        inverse=inverse,
        expiry_ns=expiry_ns,
        strike=Decimal(strike),
        right=right,
    )


def future(expiry_ns: int = NEAR_NS) -> Future:
    return Future(underlying="BTC", quote="USDT", settle="USDT", inverse=False, expiry_ns=expiry_ns)


def quote(name: str, instrument: Instrument, **figures: float) -> ListingQuote:
    quoted = {field: given(value, "test") for field, value in figures.items()}
    return ListingQuote(listing_id=name, instrument=instrument, **quoted)


def asset(code: str, **figures: float) -> AssetQuote:
    quoted = {field: given(value, "test") for field, value in figures.items()}
    return AssetQuote(asset=code, **quoted)


def expiry(expiry_ns: int = NEAR_NS, **figures: float) -> ExpiryQuote:
    quoted = {field: given(value, "test") for field, value in figures.items()}
    return ExpiryQuote(underlying="BTC", expiry_ns=expiry_ns, **quoted)


def snapshot(
    listings: list[ListingQuote],
    expiries: list[ExpiryQuote] | None = None,
    assets: list[AssetQuote] | None = None,
) -> MarketSnapshot:
    if assets is None:
        assets = [asset("BTC", index=65000.0), asset("USDT", index=0.998)]
    return MarketSnapshot(
        as_of_ns=AS_OF_NS,
        sequence=1,
        assets={x.asset: x for x in assets},
        expiries={(x.underlying, x.expiry_ns): x for x in expiries or []},
        listings={x.listing_id: x for x in listings},
        totals=MarketTotals(as_of_ns=AS_OF_NS, sequence=1),
    )


def listing(venue: str, economic_id: str, instrument: Instrument) -> Listing:
    return Listing(
        venue=venue,
        native_symbol=economic_id,
        economic_id=economic_id,
        instrument=instrument,
        contract_size=Decimal(1),
    )
