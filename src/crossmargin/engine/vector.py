"""The prices that a decision about an account used, to be kept beside it."""

from collections.abc import Iterable

from crossmargin.engine.doubt import DOLLAR, Stance, concerned_assets, stance_of
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import AccountState, EngineState
from crossmargin.market.oracle import PriceState
from crossmargin.market.price_vector import (
    MarkUsed,
    PriceUsed,
    PriceVector,
    price_used,
    price_vector,
)


def prices_used(
    setup: Setup, state: EngineState, own: AccountState, listing_ids: Iterable[str] = ()
) -> PriceVector:
    """Every price and mark that the account's figures rest on, and those of some listings more."""
    names = {*listing_ids, *own.positions, *(x.listing_id for x in own.orders.values())}
    assets = concerned_assets(state, [own], names) - {DOLLAR}
    return price_vector(
        [_price(setup, state, asset) for asset in assets], [_mark(state, name) for name in names]
    )


def _price(setup: Setup, state: EngineState, asset: str) -> PriceUsed:
    kept = state.prices.get(asset)
    if kept is not None and kept.fused is not None and asset not in state.overrides:
        return price_used(kept.fused)
    return _said_once(state, asset, stance_of(setup, state, asset))


def _said_once(state: EngineState, asset: str, stance: Stance) -> PriceUsed:
    """A price that a trusted source said, or that was set by hand."""
    quote = state.snapshot.assets.get(asset)
    index = None if quote is None else quote.index
    if index is None:
        return PriceUsed(
            asset=asset,
            state=PriceState.NONE,
            index=None,
            low=0.0,
            high=0.0,
            new_credit=False,
            fallback=None,
            said=(),
        )
    return PriceUsed(
        asset=asset,
        state=PriceState.FRESH if stance.doubt is None else PriceState.INTERVAL,
        index=index.value,
        low=index.value if stance.ends is None else stance.ends.low,
        high=index.value if stance.ends is None else stance.ends.high,
        new_credit=stance.credit > 0.0,
        fallback=None,
        said=((index.source.text, index.value, state.price_time_ns.get(asset, 0)),),
    )


def _mark(state: EngineState, listing_id: str) -> MarkUsed:
    quote = state.snapshot.listings.get(listing_id)
    return MarkUsed(
        listing_id=listing_id,
        mark=None if quote is None or quote.mark is None else quote.mark.value,
        vol=None if quote is None or quote.vol is None else quote.vol.value,
    )
