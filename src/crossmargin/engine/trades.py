"""Fills, cancelled trades, funding, settlement, redenomination and reconciliation."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import assert_never

from crossmargin.base.exact import PRECISE
from crossmargin.base.failure import Reason
from crossmargin.domain.holding import Order, Position, Side
from crossmargin.domain.instrument import Option, settle_asset
from crossmargin.engine.booking import booked_fill, unbooked_fill
from crossmargin.engine.change import (
    Change,
    known_account,
    known_listing,
    known_units,
    refused,
    with_account,
    with_entries,
)
from crossmargin.engine.effect import Alarm, AlarmKind
from crossmargin.engine.event import Event
from crossmargin.engine.event_trade import (
    Fill,
    Funding,
    Redenominated,
    Settled,
    TradeCancelled,
    VenueSnapshot,
)
from crossmargin.engine.holders import holders_of
from crossmargin.engine.money import interest_drafts
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import AccountState, EngineState, Trade
from crossmargin.ledger.entry import Code, Draft, EntryState
from crossmargin.ledger.ledger import balance
from crossmargin.ledger.path import account_path, fees_path
from crossmargin.ledger.rounding import charge_drafts


def trade_change(
    setup: Setup,
    state: EngineState,
    event: Event,
    body: Fill | TradeCancelled | Funding | Settled | Redenominated | VenueSnapshot,
) -> Change:
    """The state after something that happened to positions. It is a fact, whatever the margin."""
    match body:
        case Fill():
            return _filled(setup, state, event, body)
        case TradeCancelled():
            return _cancelled(setup, state, event, body)
        case Funding():
            return _funded(setup, state, event, body)
        case Settled():
            return _settled(setup, state, event, body)
        case Redenominated():
            return _redenominated(state, body)
        case VenueSnapshot():
            return _reconciled(state, event, body)
        case _:
            assert_never(body)


def _filled(setup: Setup, state: EngineState, event: Event, body: Fill) -> Change:
    own = known_account(state, body.account_id)
    listing = known_listing(state, body.listing_id)
    if body.contracts <= 0 or body.price <= 0 or body.fee < 0:
        refused(
            Reason.OUT_OF_BOUNDS, "contracts", "contracts and price are above zero, a fee not below"
        )
    contracts = body.contracts if body.side is Side.BUY else PRECISE.minus(body.contracts)
    held = own.positions.get(body.listing_id)
    booking = booked_fill(listing, setup.assets, body.account_id, held, contracts, body.price)
    drafts = booking.drafts
    if body.fee:
        asset = body.fee_asset or settle_asset(listing.instrument)
        units = known_units(setup, asset, body.fee)
        payer = account_path(body.account_id, asset)
        drafts += charge_drafts(payer, fees_path(asset), asset, units, Code.FEE)
    after = with_entries(state, event, drafts)
    own = _with_position(own, body.listing_id, booking.position)
    own = replace(own, orders=_orders_after(own, body))
    trade = Trade(
        fill=body,
        contracts=contracts,
        cost=booking.cost,
        first_entry=state.ledger.count + 1,
        last_entry=after.ledger.count,
    )
    after = replace(with_account(after, own), trades=state.trades.put(event.event_id, trade))
    return Change(state=after, touched=frozenset([body.account_id]))


def _with_position(own: AccountState, listing_id: str, position: Position | None) -> AccountState:
    kept = dict(own.positions)
    kept.pop(listing_id, None)
    if position is not None:
        kept[listing_id] = position
    return replace(own, positions=kept)


def _orders_after(own: AccountState, fill: Fill) -> dict[str, Order]:
    orders = dict(own.orders)
    order = orders.get(fill.order_id or "")
    if order is not None:
        left = PRECISE.subtract(order.contracts, fill.contracts)
        if left > 0:
            orders[order.order_id] = replace(order, contracts=left)
        else:
            del orders[order.order_id]
    return orders


def _cancelled(setup: Setup, state: EngineState, event: Event, body: TradeCancelled) -> Change:
    trade = state.trades.get(body.original_id)
    if trade is None or trade.cancelled:
        message = f"no trade stands under {body.original_id!r}"
        refused(Reason.MISSING_DATA, "original_id", message)
    fill = trade.fill
    own = known_account(state, fill.account_id)
    listing = known_listing(state, fill.listing_id)
    booking = unbooked_fill(
        listing,
        setup.assets,
        fill.account_id,
        own.positions.get(fill.listing_id),
        trade.contracts,
        trade.cost,
    )
    drafts = [
        _turned_round(state, sequence)
        for sequence in range(trade.first_entry, trade.last_entry + 1)
    ]
    after = with_entries(state, event, [*drafts, *booking.drafts])
    own = _with_position(own, fill.listing_id, booking.position)
    trades = state.trades.put(body.original_id, replace(trade, cancelled=True))
    return Change(
        state=replace(with_account(after, own), trades=trades),
        touched=frozenset([fill.account_id]),
    )


def _turned_round(state: EngineState, sequence: int) -> Draft:
    """The correction of a posted entry: the same amount the other way, naming it."""
    entry = state.ledger.entry(sequence)
    return Draft(
        debit=entry.credit,
        credit=entry.debit,
        asset=entry.asset,
        amount_units=entry.amount_units,
        code=entry.code,
        state=EntryState.POSTED,
        names=entry.sequence,
    )


def _funded(setup: Setup, state: EngineState, event: Event, body: Funding) -> Change:
    listing = known_listing(state, body.listing_id)
    asset = settle_asset(listing.instrument)
    per_contract = known_units(setup, asset, body.amount_per_contract)
    drafts: list[Draft] = []
    touched: list[str] = []
    for account_id in holders_of(state.holders, body.listing_id):
        position = state.accounts[account_id].positions.get(body.listing_id)
        if position is None:
            continue
        units = -per_contract * Fraction(position.contracts)
        drafts += interest_drafts(account_path(account_id, asset), asset, units, Code.FUNDING)
        touched.append(account_id)
    return Change(state=with_entries(state, event, drafts), touched=frozenset(touched))


def _settled(setup: Setup, state: EngineState, event: Event, body: Settled) -> Change:
    """Positions are closed at the price; an option's price is its payoff, and may be zero."""
    listing = known_listing(state, body.listing_id)
    if body.price < 0 or not (body.price or isinstance(listing.instrument, Option)):
        refused(Reason.OUT_OF_BOUNDS, "price", f"{body.price} settles nothing but an option")
    after = state
    touched = holders_of(state.holders, body.listing_id)
    for account_id in touched:
        own = after.accounts[account_id]
        position = own.positions.get(body.listing_id)
        if position is not None:
            booking = booked_fill(
                listing,
                setup.assets,
                account_id,
                position,
                PRECISE.minus(position.contracts),
                body.price,
            )
            drafts = [replace(draft, code=Code.SETTLEMENT) for draft in booking.drafts]
            after = with_entries(after, event, drafts)
            own = _with_position(own, body.listing_id, None)
        orders = {k: v for k, v in own.orders.items() if v.listing_id != body.listing_id}
        after = with_account(after, replace(own, orders=orders))
    return Change(state=after, touched=frozenset(touched))


def _redenominated(state: EngineState, body: Redenominated) -> Change:
    listing = known_listing(state, body.listing_id)
    if body.ratio <= 0:
        refused(Reason.OUT_OF_BOUNDS, "ratio", f"{body.ratio} is not above zero")
    after = state
    touched = holders_of(state.holders, body.listing_id)
    for account_id in touched:
        own = after.accounts[account_id]
        position = own.positions.get(body.listing_id)
        if position is not None:
            contracts = PRECISE.multiply(position.contracts, body.ratio)
            own = _with_position(own, body.listing_id, replace(position, contracts=contracts))
        orders = {
            name: _resized(order, body.ratio) if order.listing_id == body.listing_id else order
            for name, order in own.orders.items()
        }
        after = with_account(after, replace(own, orders=orders))
    smaller = replace(listing, contract_size=PRECISE.divide(listing.contract_size, body.ratio))
    listings = {**state.listings, body.listing_id: smaller}
    return Change(state=replace(after, listings=listings), touched=frozenset(touched))


def _resized(order: Order, ratio: Decimal) -> Order:
    return replace(order, contracts=PRECISE.multiply(order.contracts, ratio))


def _reconciled(state: EngineState, event: Event, body: VenueSnapshot) -> Change:
    own = known_account(state, body.account_id)
    held = {name: position.contracts for name, position in own.positions.items()}
    said = {name: contracts for name, contracts in body.contracts.items() if contracts}
    assets = {*body.units, *state.ledger.account_assets(body.account_id)}
    differing = sorted(
        [name for name in {*held, *said} if held.get(name, 0) != said.get(name, 0)]
        + [
            asset
            for asset in assets
            if body.units.get(asset, 0) != balance(state.ledger, body.account_id, asset)
        ]
    )
    known = body.account_id in state.mismatched
    if differing and not known:
        mismatched = state.mismatched | {body.account_id}
        message = f"{own.account.venue} and we differ on {', '.join(differing)}"
        alarm = _alarm(event, AlarmKind.RECONCILIATION, body.account_id, message)
        return Change(state=replace(state, mismatched=mismatched), effects=(alarm,))
    if known and not differing:
        mismatched = state.mismatched - {body.account_id}
        alarm = _alarm(event, AlarmKind.RECONCILED, body.account_id, "the venue and we agree again")
        return Change(state=replace(state, mismatched=mismatched), effects=(alarm,))
    return Change(state=state)


def _alarm(event: Event, kind: AlarmKind, where: str, message: str) -> Alarm:
    return Alarm(event_id=event.event_id, kind=kind, where=where, message=message)
