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
class PriceVector:
    """Prices by asset, sorted, and their SHA-256 as hexadecimal text."""

    prices: tuple[PriceUsed, ...]
    content_hash: str


def price_vector(found: Iterable[Fused]) -> PriceVector:
    """The vector of what `found` decided; `said` is (source, price, event time) of those used."""
    prices = tuple(
        PriceUsed(
            asset=x.asset,
            state=x.state,
            index=x.index,
            low=x.low,
            high=x.high,
            new_credit=x.new_credit,
            fallback=x.fallback,
            said=tuple((own.source, own.price, own.event_time_ns) for own in x.used),
        )
        for x in sorted(found, key=lambda x: x.asset)
    )
    return PriceVector(prices=prices, content_hash=content_hash(prices))


def with_fused(snapshot: MarketSnapshot, found: Mapping[str, Fused]) -> MarketSnapshot:
    """The snapshot with fused prices: index, low (0 without new credit), high, twap, confidence.

    What is not fresh is an assumed figure that says why. An asset in state NONE has none of them.
    """
    assets = dict(snapshot.assets)
    for asset, x in found.items():
        known = assets.get(asset) or AssetQuote(asset=asset)
        assets[asset] = replace(
            known,
            index=_quoted(x, x.index),
            low=None if x.state is PriceState.NONE else _quoted(x, x.credit_price),
            high=None if x.state is PriceState.NONE else _quoted(x, x.debt_price),
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
