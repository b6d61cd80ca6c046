"""Prices, vols, listings and totals: the next market, and whom it touches."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import assert_never

from crossmargin.base.failure import Reason
from crossmargin.domain.instrument import Option, settle_asset
from crossmargin.engine.change import Change, known_listing, refused
from crossmargin.engine.event import Event, MarketBody
from crossmargin.engine.event_market import (
    ListingAdded,
    ListingRemoved,
    Price,
    TotalsStated,
    Volatility,
)
from crossmargin.engine.holders import holders_of
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import EngineState
from crossmargin.engine.valued import repriced, rests_on, valued_market
from crossmargin.market.quoted import Quoted, given
from crossmargin.market.snapshot import AssetQuote, ListingQuote, MarketSnapshot
from crossmargin.market.totals import MarketTotals

PRICE_LOW, PRICE_HIGH = Decimal("1e-18"), Decimal("1e15")
VOL_LOW, VOL_HIGH = Decimal("1e-6"), Decimal(50)


def market_change(setup: Setup, state: EngineState, event: Event, body: MarketBody) -> Change:
    """The state after news of the market. `InputRefused` when a figure is out of bounds."""
    match body:
        case Price():
            return _priced(setup, state, event, body)
        case Volatility():
            return _vol(setup, state, event, body)
        case ListingAdded():
            return _added(setup, state, body)
        case ListingRemoved():
            return _removed(setup, state, body)
        case TotalsStated():
            return _totals(setup, state, event, body)
        case _:
            assert_never(body)


def with_index(setup: Setup, state: EngineState, asset: str, index: Decimal, text: str) -> Change:
    """The state with an asset's index replaced, and everybody that it touches."""
    quote = state.snapshot.assets.get(asset) or AssetQuote(asset=asset)
    assets = {**state.snapshot.assets, asset: replace(quote, index=given(float(index), text))}
    return moved_market(setup, state, _next(state, assets=assets), frozenset([asset]))


def moved_market(
    setup: Setup, state: EngineState, snapshot: MarketSnapshot, assets: frozenset[str]
) -> Change:
    """The state at another snapshot in which only what rests on `assets` is different."""
    names = [name for name, listing in state.listings.items() if rests_on(listing, assets)]
    valued = repriced(setup, state.valued, snapshot, state.listings, assets)
    touched = holders_of(state.holders, *names, *assets)
    return Change(
        state=replace(state, snapshot=snapshot, valued=valued), touched=frozenset(touched)
    )


def revalued(setup: Setup, state: EngineState, snapshot: MarketSnapshot) -> EngineState:
    """The state at another snapshot, or with other listings, all of it valued anew."""
    held = [name for name in state.holders if ":" not in name]
    valued = valued_market(setup, snapshot, state.listings, held)
    return replace(state, snapshot=snapshot, valued=valued)


def _priced(setup: Setup, state: EngineState, event: Event, body: Price) -> Change:
    if body.asset not in setup.assets:
        refused(Reason.UNKNOWN_ASSET, "asset", f"no asset is called {body.asset!r}")
    listings = dict(state.snapshot.listings)
    for name, mark in sorted(body.marks.items()):
        listing = known_listing(state, name)
        if listing.instrument.underlying != body.asset:
            message = f"{name} is not on {body.asset}"
            refused(Reason.CONTRADICTION, f"marks.{name}", message)
        low = Decimal(0) if isinstance(listing.instrument, Option) else PRICE_LOW
        _within(mark, low, PRICE_HIGH, f"marks.{name}")
        quote = listings.get(name) or ListingQuote(
            listing_id=name, instrument=listing.instrument, multiplier=float(listing.multiplier)
        )
        listings[name] = replace(quote, mark=given(float(mark), event.source))
    assets = dict(state.snapshot.assets)
    times = dict(state.price_time_ns)
    if body.index is not None:
        _within(body.index, PRICE_LOW, PRICE_HIGH, "index")
        quoted = given(float(body.index), event.source)
        times[body.asset] = max(event.event_time_ns, times.get(body.asset, 0))
        if body.asset not in state.overrides:
            own = assets.get(body.asset) or AssetQuote(asset=body.asset)
            assets[body.asset] = replace(own, index=quoted)
    snapshot = _next(state, assets=assets, listings=listings)
    after = replace(state, price_time_ns=times)
    return moved_market(setup, after, snapshot, frozenset([body.asset]))


def _vol(setup: Setup, state: EngineState, event: Event, body: Volatility) -> Change:
    listing = known_listing(state, body.listing_id)
    if not isinstance(listing.instrument, Option):
        refused(Reason.UNSUPPORTED, "listing", f"{body.listing_id} is no option")
    _within(body.vol, VOL_LOW, VOL_HIGH, "vol")
    quote = state.snapshot.listings.get(body.listing_id) or ListingQuote(
        listing_id=body.listing_id,
        instrument=listing.instrument,
        multiplier=float(listing.multiplier),
    )
    quote = replace(quote, vol=given(float(body.vol), event.source))
    listings = {**state.snapshot.listings, body.listing_id: quote}
    snapshot = _next(state, listings=listings)
    return moved_market(setup, state, snapshot, frozenset([listing.instrument.underlying]))


def _added(setup: Setup, state: EngineState, body: ListingAdded) -> Change:
    listing = body.listing
    name = listing.listing_id
    if name in state.listings:
        refused(Reason.DUPLICATE, "listing", f"{name} is listed already")
    own = listing.instrument
    for asset in (own.underlying, own.quote, settle_asset(own)):
        if asset not in setup.assets:
            refused(Reason.UNKNOWN_ASSET, "listing", f"no asset is called {asset!r}")
    after = replace(state, listings={**state.listings, name: listing})
    return Change(state=revalued(setup, after, state.snapshot))


def _removed(setup: Setup, state: EngineState, body: ListingRemoved) -> Change:
    known_listing(state, body.listing_id)
    for account_id in holders_of(state.holders, body.listing_id):
        own = state.accounts[account_id]
        ordered = any(x.listing_id == body.listing_id for x in own.orders.values())
        if body.listing_id in own.positions or ordered:
            message = f"{account_id} has it still: settle it first"
            refused(Reason.CONTRADICTION, "listing", message)
    kept = {name: x for name, x in state.listings.items() if name != body.listing_id}
    quotes = {name: x for name, x in state.snapshot.listings.items() if name != body.listing_id}
    after = replace(state, listings=kept)
    return Change(state=revalued(setup, after, _next(state, listings=quotes)))


def _totals(setup: Setup, state: EngineState, event: Event, body: TotalsStated) -> Change:
    said = (*body.long_notional.values(), *body.short_notional.values())
    for value in (*said, *body.open_interest.values()):
        _within(value, Decimal(0), Decimal("1e18"), "totals")
    totals = MarketTotals(
        as_of_ns=event.event_time_ns,
        sequence=state.snapshot.sequence + 1,
        long_notional=_quotes(body.long_notional, event.source),
        short_notional=_quotes(body.short_notional, event.source),
        open_interest=_quotes(body.open_interest, event.source),
    )
    snapshot = replace(_next(state), totals=totals)
    everybody = frozenset(name for name, _ in state.accounts.items())
    return Change(state=revalued(setup, state, snapshot), touched=everybody)


def _quotes(values: Mapping[str, Decimal], source: str) -> dict[str, Quoted]:
    return {name: given(float(value), source) for name, value in sorted(values.items())}


def _next(
    state: EngineState,
    assets: Mapping[str, AssetQuote] | None = None,
    listings: Mapping[str, ListingQuote] | None = None,
) -> MarketSnapshot:
    """The snapshot after the present one."""
    old = state.snapshot
    return replace(
        old,
        sequence=old.sequence + 1,
        assets=old.assets if assets is None else assets,
        listings=old.listings if listings is None else listings,
    )


def _within(value: Decimal, low: Decimal, high: Decimal, where: str) -> None:
    if not (value.is_finite() and low <= value <= high):
        refused(Reason.OUT_OF_BOUNDS, where, f"{value} is not from {low} to {high}")
