"""The vector of prices that a decision used, small enough to be stored beside it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import final

from crossmargin.base.canonical import content_hash
from crossmargin.market.oracle import Fused, PriceState
from crossmargin.market.quoted import Quoted, assumed, derived
from crossmargin.market.snapshot import AssetQuote, MarketSnapshot


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PriceUsed:
    """One asset's price as a decision saw it, dollars per coin, with what each source said."""

    asset: str
    state: PriceState
    index: float | None
    low: float
    high: float
    new_credit: bool
    fallback: str | None
    said: tuple[tuple[str, float, int], ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MarkUsed:
    """One listing's mark as a decision saw it, in its own quotation, and its implied vol."""

    listing_id: str
    mark: float | None
    vol: float | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PriceVector:
    """Prices by asset and marks by listing, both sorted, and their SHA-256 as hexadecimal text."""

    prices: tuple[PriceUsed, ...]
    marks: tuple[MarkUsed, ...]
    content_hash: str


def price_used(found: Fused) -> PriceUsed:
    """What was fused, as a decision keeps it; `said`: (source, price, event time) of those used."""
    return PriceUsed(
        asset=found.asset,
        state=found.state,
        index=found.index,
        low=found.low,
        high=found.high,
        new_credit=found.new_credit,
        fallback=found.fallback,
        said=tuple((own.source, own.price, own.event_time_ns) for own in found.used),
    )


def price_vector(prices: Iterable[PriceUsed], marks: Iterable[MarkUsed] = ()) -> PriceVector:
    """The vector of some prices and marks, in an order of its own."""
    by_asset = tuple(sorted(prices, key=lambda x: x.asset))
    by_listing = tuple(sorted(marks, key=lambda x: x.listing_id))
    return PriceVector(
        prices=by_asset, marks=by_listing, content_hash=content_hash([by_asset, by_listing])
    )


def with_fused(snapshot: MarketSnapshot, found: Mapping[str, Fused]) -> MarketSnapshot:
    """The snapshot with fused prices: index, low, high, twap, confidence, as maintenance uses them.

    A price in doubt is the last good one, or the fallback's, at both ends: an assumed figure that
    says why. What it gives to new risk is `credit_price` of `Fused`, not `low` here. An asset in
    state NONE has no price.
    """
    assets = dict(snapshot.assets)
    for asset, x in found.items():
        known = assets.get(asset) or AssetQuote(asset=asset)
        fresh = x.state is PriceState.FRESH
        assets[asset] = replace(
            known,
            index=_quoted(x, x.index),
            low=_quoted(x, x.low if fresh else x.index),
            high=_quoted(x, x.high if fresh else x.index),
            twap=_quoted(x, x.twap),
            confidence={**known.confidence, "oracle": derived(x.confidence, _words(x))},
        )
    return replace(snapshot, assets=assets)


def _quoted(found: Fused, value: float | None) -> Quoted | None:
    if value is None:
        return None
    if found.state is PriceState.FRESH:
        return derived(value, _words(found))
    return assumed(value, _words(found))


def _words(found: Fused) -> str:
    if found.state is PriceState.FRESH:
        return f"median of {len(found.used)} sources: {', '.join(x.source for x in found.used)}"
    why = "" if found.doubt is None else found.doubt.value.replace("_", " ")
    if found.fallback is not None:
        return f"{why}: {found.fallback}"
    return f"{why}: bounds around the last good price"
