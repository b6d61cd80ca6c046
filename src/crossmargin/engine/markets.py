"""Prices, vols, listings and totals: the next market, and whom it touches."""

from collections.abc import Mapping
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any, assert_never

from crossmargin.base.failure import Reason
from crossmargin.domain.instrument import Listing, Option, Perpetual, settle_asset
from crossmargin.engine.change import Change, decided_ns, known_listing, refused
from crossmargin.engine.effect import Effect
from crossmargin.engine.event import Event, MarketBody
from crossmargin.engine.event_market import (
    BackingStated,
    BookTop,
    ListingAdded,
    ListingRemoved,
    Price,
    TotalsStated,
    Volatility,
)
from crossmargin.engine.holders import holders_of
from crossmargin.engine.marking import is_made, quote_of, with_marks, without_listing
from crossmargin.engine.price_state import BackingSaid
from crossmargin.engine.pricing import NOTHING_SAID, heard, looked_at
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import EngineState
from crossmargin.engine.valued import repriced, rests_on, valued_market
from crossmargin.market.marks import BookTop as MarkTop
from crossmargin.market.quoted import Quoted, given
from crossmargin.market.snapshot import AssetQuote, ListingQuote, MarketSnapshot
from crossmargin.market.totals import MarketTotals

PRICE_LOW, PRICE_HIGH = Decimal("1e-18"), Decimal("1e15")
VOL_LOW, VOL_HIGH = Decimal("1e-6"), Decimal(50)


def market_change(setup: Setup, state: EngineState, event: Event, body: MarketBody) -> Change:
    """The state after news of the market. `InputRefused` when a figure is out of bounds, or from
    somebody who is not to say it.
    """
    match body:
        case Price():
            return _priced(setup, state, event, body)
        case BookTop():
            return _book(setup, state, event, body)
        case BackingStated():
            return _backing(setup, state, event, body)
        case Volatility():
            return _vol(setup, state, event, body)
        case ListingAdded():
            return _added(setup, state, event, body)
        case ListingRemoved():
            return _removed(setup, state, body)
        case TotalsStated():
            return _totals(setup, state, event, body)
        case _:
            assert_never(body)


def with_index(
    setup: Setup, state: EngineState, event: Event, asset: str, index: Decimal, text: str
) -> Change:
    """The state with an asset's index set by hand, and everybody that it touches."""
    known = state.snapshot.assets.get(asset) or AssetQuote(asset=asset)
    own = given(float(index), text)
    if asset in setup.prices.policies:
        quote = replace(known, index=own, low=own, high=own, twap=own)
    else:
        quote = replace(known, index=own)
    snapshot = replace(state.snapshot, assets={**state.snapshot.assets, asset: quote})
    return repriced_market(setup, replace(state, snapshot=snapshot), event, frozenset([asset]))


def repriced_market(
    setup: Setup, state: EngineState, event: Event, assets: frozenset[str]
) -> Change:
    """The state whose snapshot has new prices of `assets`: marks follow, and all is valued."""
    marks, snapshot = with_marks(
        setup.prices,
        state.marks,
        state.listings,
        state.snapshot,
        assets,
        decided_ns(state, event),
    )
    state = replace(state, marks=marks, snapshot=snapshot)
    return moved_market(setup, state, _next(state), assets)


def moved_market(
    setup: Setup, state: EngineState, snapshot: MarketSnapshot, assets: frozenset[str]
) -> Change:
    """The state at another snapshot in which only what rests on `assets` is different."""
    names = [name for name, listing in state.listings.items() if rests_on(listing, assets)]
    valued = repriced(setup, state.valued, snapshot, state.listings, assets)
    touched = state.holders.touched([*names, *sorted(assets)])
    return Change(state=replace(state, snapshot=snapshot, valued=valued), touched=touched)


def revalued(setup: Setup, state: EngineState, snapshot: MarketSnapshot) -> EngineState:
    """The state at another snapshot, or with other listings, all of it valued anew."""
    valued = valued_market(setup, snapshot, state.listings, state.holders.assets())
    return replace(state, snapshot=snapshot, valued=valued)


def _priced(setup: Setup, state: EngineState, event: Event, body: Price) -> Change:
    if body.asset not in setup.assets:
        refused(Reason.UNKNOWN_ASSET, "asset", f"no asset is called {body.asset!r}")
    listings = dict(state.snapshot.listings)
    for name, mark in sorted(body.marks.items()):
        listings[name] = _with_mark(setup, state, event, body.asset, name, mark)
    state = replace(state, snapshot=replace(state.snapshot, listings=listings))
    moved = frozenset([body.asset]) if body.marks else frozenset[str]()
    effects: tuple[Effect, ...] = ()
    if body.index is not None:
        policy = setup.prices.policies.get(body.asset)
        if policy is None:
            state = _trusted_index(setup, state, event, body.asset, body.index)
            moved |= {body.asset}
        else:
            state = heard(state, policy, event, body.index)
        change, found = looked_at(setup, state, event, [body.asset])
        state, effects, moved = change.state, change.effects, moved | found
    if not moved:
        return Change(state=state, effects=effects)
    return replace(repriced_market(setup, state, event, moved), effects=effects)


def _with_mark(
    setup: Setup, state: EngineState, event: Event, asset: str, name: str, mark: Decimal
) -> ListingQuote:
    """A listing's quote with the mark that somebody says."""
    listing = known_listing(state, name)
    where = f"marks.{name}"
    if listing.instrument.underlying != asset:
        refused(Reason.CONTRADICTION, where, f"{name} is not on {asset}")
    if is_made(setup.prices, listing):
        refused(Reason.CONTRADICTION, where, "the engine makes this mark from the index and a book")
    _trusted(setup, event, where)
    low = Decimal(0) if isinstance(listing.instrument, Option) else PRICE_LOW
    _within(mark, low, PRICE_HIGH, where)
    return replace(quote_of(state.snapshot, listing), mark=given(float(mark), event.source))


def _trusted_index(
    setup: Setup, state: EngineState, event: Event, asset: str, index: Decimal
) -> EngineState:
    """The state with an index as a trusted source says it."""
    _trusted(setup, event, "source")
    _within(index, PRICE_LOW, PRICE_HIGH, "index")
    said_ns = max(event.event_time_ns, state.price_time_ns.get(asset, 0))
    assets = dict(state.snapshot.assets)
    if asset not in state.overrides:
        own = assets.get(asset) or AssetQuote(asset=asset)
        assets[asset] = replace(own, index=given(float(index), event.source))
    return replace(
        state,
        price_time_ns={**state.price_time_ns, asset: said_ns},
        snapshot=replace(state.snapshot, assets=assets),
    )


def _book(setup: Setup, state: EngineState, event: Event, body: BookTop) -> Change:
    """The top of a perpetual's book, from its own venue."""
    listing = known_listing(state, body.listing_id)
    made = isinstance(listing.instrument, Perpetual) and is_made(setup.prices, listing)
    if not made:
        message = f"no mark of {body.listing_id} is made from its book"
        refused(Reason.UNSUPPORTED, "listing", message)
    _from_venue(setup, event, listing)
    _within(body.impact_bid, PRICE_LOW, PRICE_HIGH, "impact_bid")
    _within(body.impact_ask, PRICE_LOW, PRICE_HIGH, "impact_ask")
    top = MarkTop(impact_bid=float(body.impact_bid), impact_ask=float(body.impact_ask))
    tops = {**state.marks.tops, body.listing_id: top}
    state = replace(state, marks=replace(state.marks, tops=tops))
    return repriced_market(setup, state, event, frozenset([listing.instrument.underlying]))


def _backing(setup: Setup, state: EngineState, event: Event, body: BackingStated) -> Change:
    """What stands behind a wrapped or pegged asset, from a trusted source."""
    policy = setup.prices.policies.get(body.asset)
    if policy is None or policy.backing is None:
        refused(Reason.UNSUPPORTED, "asset", f"no rule says what backs {body.asset!r}")
    _trusted(setup, event, "source")
    _within(body.backed_frac, Decimal(0), Decimal(1000), "backed_frac")
    said = BackingSaid(
        backed_frac=float(body.backed_frac),
        proven_ns=body.proven_ns,
        redeemable=body.redeemable,
    )
    known = replace(state.prices.get(body.asset, NOTHING_SAID), backing=said)
    state = replace(state, prices={**state.prices, body.asset: known})
    change, moved = looked_at(setup, state, event, [body.asset])
    if not moved:
        return change
    return replace(repriced_market(setup, change.state, event, moved), effects=change.effects)


def _vol(setup: Setup, state: EngineState, event: Event, body: Volatility) -> Change:
    listing = known_listing(state, body.listing_id)
    if not isinstance(listing.instrument, Option):
        refused(Reason.UNSUPPORTED, "listing", f"{body.listing_id} is no option")
    _from_venue(setup, event, listing)
    _within(body.vol, VOL_LOW, VOL_HIGH, "vol")
    underlying = frozenset([listing.instrument.underlying])
    if is_made(setup.prices, listing):
        quoted = {**state.marks.quoted_vols, body.listing_id: float(body.vol)}
        state = replace(state, marks=replace(state.marks, quoted_vols=quoted))
        return repriced_market(setup, state, event, underlying)
    quote = replace(quote_of(state.snapshot, listing), vol=given(float(body.vol), event.source))
    listings = {**state.snapshot.listings, body.listing_id: quote}
    snapshot = _next(state, listings=listings)
    return moved_market(setup, state, snapshot, underlying)


def _added(setup: Setup, state: EngineState, event: Event, body: ListingAdded) -> Change:
    listing = body.listing
    name = listing.listing_id
    if name in state.listings:
        refused(Reason.DUPLICATE, "listing", f"{name} is listed already")
    own = listing.instrument
    for asset in (own.underlying, own.quote, settle_asset(own)):
        if asset not in setup.assets:
            refused(Reason.UNKNOWN_ASSET, "listing", f"no asset is called {asset!r}")
    after = replace(state, listings={**state.listings, name: listing})
    if is_made(setup.prices, listing):
        underlying = frozenset([own.underlying])
        now_ns = decided_ns(state, event)
        marks, snapshot = with_marks(
            setup.prices, after.marks, after.listings, _next(after), underlying, now_ns
        )
        return Change(state=revalued(setup, replace(after, marks=marks), snapshot))
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
    after = replace(state, listings=kept, marks=without_listing(state.marks, body.listing_id))
    return Change(state=revalued(setup, after, _next(state, listings=quotes)))


def _totals(setup: Setup, state: EngineState, event: Event, body: TotalsStated) -> Change:
    most = Decimal("1e18")
    stated: dict[str, dict[Any, Quoted]] = {}
    for name in (each.name for each in fields(body)):
        lowest = -most if name == "owner_delta" else Decimal(0)
        values = getattr(body, name)
        for value in values.values():
            _within(value, lowest, most, name)
        stated[name] = _quotes(values, event.source)
    totals = MarketTotals(
        as_of_ns=event.event_time_ns, sequence=state.snapshot.sequence + 1, **stated
    )
    snapshot = replace(_next(state), totals=totals)
    everybody = frozenset(name for name, _ in state.accounts.under_items())
    return Change(state=revalued(setup, state, snapshot), touched=everybody)


def _quotes(values: Mapping[Any, Decimal], source: str) -> dict[Any, Quoted]:
    return {key: given(float(value), source) for key, value in sorted(values.items())}


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


def _trusted(setup: Setup, event: Event, where: str) -> None:
    if event.source not in setup.prices.trusted:
        message = f"{event.source} is not trusted to say a price alone"
        refused(Reason.UNSUPPORTED, where, message)


def _from_venue(setup: Setup, event: Event, listing: Listing) -> None:
    """Refuse who is neither the listing's venue nor trusted."""
    if event.source != listing.venue:
        _trusted(setup, event, "source")
