"""One moment of the market, each figure with its source. Index, mark and last are three figures."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import final

from crossmargin.base.instant import instant_text
from crossmargin.domain.instrument import Instrument
from crossmargin.market.quoted import Quoted, SourceKind, derived
from crossmargin.market.totals import MarketTotals

DOLLAR = "USD"
ONE_DOLLAR = derived(1.0, "the dollar is the unit of account")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AssetQuote:
    """An asset, in dollars. The index of a fiat currency is its exchange rate.

    `low` and `high` are conservative prices, `twap` a slow one; `adv` is average daily volume and
    `depth` what is bid within 1 % of the index, in dollars; `vol_index` is a fraction; `confidence`
    is 0..1 per feed.
    """

    asset: str
    index: Quoted | None = None
    low: Quoted | None = None
    high: Quoted | None = None
    twap: Quoted | None = None
    adv: Quoted | None = None
    depth: Quoted | None = None
    half_spread_frac: Quoted | None = None
    vol_index: Quoted | None = None
    confidence: Mapping[str, Quoted] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiryQuote:
    """An expiry of an underlying. `forward` in dollars per coin, `rate` continuous per year.

    `forward_settled` is the part of the forward that settlement averaging has already fixed, in
    dollars: a move no longer acts on it.
    """

    underlying: str
    expiry_ns: int
    forward: Quoted | None = None
    forward_settled: Quoted | None = None
    rate: Quoted | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ListingQuote:
    """A listing, in its own quotation: coins for a coin-settled option, else quote currency.

    `multiplier` is coins per quoted unit, as in `Listing`. `vol` is a fraction;
    `funding_rate_per_hour` is what a long pays; `open_interest_contracts` counts one side;
    `skew_contracts` is longs minus shorts where the venue is a counterparty.
    """

    listing_id: str
    instrument: Instrument
    multiplier: float = 1.0
    mark: Quoted | None = None
    last: Quoted | None = None
    bid: Quoted | None = None
    ask: Quoted | None = None
    vol: Quoted | None = None
    funding_rate_per_hour: Quoted | None = None
    open_interest_contracts: Quoted | None = None
    skew_contracts: Quoted | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarketSnapshot:
    """Assets by code, expiries by (underlying, expiry), listings by id; `sequence` orders them."""

    as_of_ns: int
    sequence: int
    assets: Mapping[str, AssetQuote]
    expiries: Mapping[tuple[str, int], ExpiryQuote]
    listings: Mapping[str, ListingQuote]
    totals: MarketTotals


def index_quote(snapshot: MarketSnapshot, asset: str) -> Quoted | None:
    """Index of an asset in dollars; a dollar is 1 by definition; None where there is none."""
    if asset == DOLLAR:
        return ONE_DOLLAR
    quote = snapshot.assets.get(asset)
    return None if quote is None else quote.index


def quoted_fields(snapshot: MarketSnapshot) -> Iterator[tuple[str, Quoted]]:
    """Every figure of a snapshot with the path to it, in a fixed order."""
    for code in sorted(snapshot.assets):
        yield from _fields_of(f"assets.{code}", snapshot.assets[code])
    for underlying, expiry_ns in sorted(snapshot.expiries):
        where = f"expiries.{underlying}@{instant_text(expiry_ns)}"
        yield from _fields_of(where, snapshot.expiries[underlying, expiry_ns])
    for listing_id in sorted(snapshot.listings):
        yield from _fields_of(f"listings.{listing_id}", snapshot.listings[listing_id])
    yield from _fields_of("totals", snapshot.totals)


def assumed_fields(snapshot: MarketSnapshot) -> tuple[tuple[str, str], ...]:
    """(path, reason) of every figure that the data lack."""
    return tuple(
        (path, quoted.source.text)
        for path, quoted in quoted_fields(snapshot)
        if quoted.source.kind is SourceKind.ASSUMED
    )


def _fields_of(
    where: str, entry: AssetQuote | ExpiryQuote | ListingQuote | MarketTotals
) -> Iterator[tuple[str, Quoted]]:
    for name in (f.name for f in fields(entry)):
        value = getattr(entry, name)
        if isinstance(value, Quoted):
            yield f"{where}.{name}", value
        elif isinstance(value, Mapping):
            for key in sorted(value):
                shown = key if isinstance(key, str) else "/".join(key)
                yield f"{where}.{name}.{shown}", value[key]
