"""Orders and quotes: checked before they stand."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import assert_never

from crossmargin.base.failure import Reason
from crossmargin.domain.holding import Order, OrderKind, Side
from crossmargin.engine.change import Change, known_account, known_listing, refused, with_account
from crossmargin.engine.check import order_decision
from crossmargin.engine.event import Event
from crossmargin.engine.event_trade import MassQuote, OrderCancelled, OrderPlaced, OrderReplaced
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import EngineState
from crossmargin.rulebook.move import OrderMove


def order_change(
    setup: Setup,
    state: EngineState,
    event: Event,
    body: OrderPlaced | OrderCancelled | OrderReplaced | MassQuote,
) -> Change:
    """The state after an order event; an order that is not allowed leaves it as it was."""
    orders = dict(known_account(state, body.account_id).orders)
    match body:
        case OrderPlaced():
            if body.order_id in orders:
                refused(Reason.DUPLICATE, "order_id", f"{body.order_id} is open already")
            orders[body.order_id] = _order(body)
        case OrderReplaced():
            old = _open(orders, body.order_id)
            orders[body.order_id] = replace(
                old, contracts=body.contracts, limit_price=body.limit_price
            )
        case OrderCancelled():
            _open(orders, body.order_id)
            del orders[body.order_id]
            own = replace(state.accounts[body.account_id], orders=orders)
            return Change(state=with_account(state, own), touched=frozenset([body.account_id]))
        case MassQuote():
            orders = _quoted(orders, body)
        case _:
            assert_never(body)
    return _if_allowed(setup, state, event, body.account_id, orders)


def _if_allowed(
    setup: Setup, state: EngineState, event: Event, account_id: str, orders: Mapping[str, Order]
) -> Change:
    own = state.accounts[account_id]
    changed = [order for name, order in orders.items() if own.orders.get(name) != order]
    for order in changed:
        known_listing(state, order.listing_id)
        if order.contracts <= 0 or (order.limit_price is not None and order.limit_price <= 0):
            refused(Reason.OUT_OF_BOUNDS, order.order_id, "contracts and price are above zero")
        _reduce_only(state, account_id, order)
    kept = {name: order for name, order in orders.items() if order not in changed}
    before = with_account(state, replace(own, orders=kept))
    moves = [_move(order) for order in changed]
    decision = order_decision(setup, before, event.event_id, account_id, moves)
    if not decision.allowed and decision.enforced:
        return Change(state=state, effects=(decision,))
    after = with_account(state, replace(own, orders=orders))
    return Change(state=after, touched=frozenset([account_id]), effects=(decision,))


def _move(order: Order) -> OrderMove:
    if order.limit_price is None:
        message = "an order needs a limit, a market order its protection price"
        refused(Reason.MISSING_FIELD, f"{order.order_id}.limit_price", message)
    return OrderMove(
        account_id=order.account_id,
        listing_id=order.listing_id,
        side=order.side,
        contracts=order.contracts,
        limit_price=order.limit_price,
        kind=order.kind,
    )


def _reduce_only(state: EngineState, account_id: str, order: Order) -> None:
    if not order.reduce_only:
        return
    held = state.accounts[account_id].positions.get(order.listing_id)
    contracts = held.contracts if held is not None else Decimal(0)
    closes = contracts < 0 if order.side is Side.BUY else contracts > 0
    if not closes or order.contracts > abs(contracts):
        refused(Reason.CONTRADICTION, order.order_id, f"does not only reduce {contracts} contracts")


def _open(orders: Mapping[str, Order], order_id: str) -> Order:
    found = orders.get(order_id)
    if found is None:
        refused(Reason.MISSING_DATA, "order_id", f"no order is open under {order_id!r}")
    return found


def _order(body: OrderPlaced) -> Order:
    return Order(
        order_id=body.order_id,
        account_id=body.account_id,
        listing_id=body.listing_id,
        side=body.side,
        contracts=body.contracts,
        limit_price=body.limit_price,
        kind=body.kind,
        reduce_only=body.reduce_only,
    )


def _quoted(orders: Mapping[str, Order], body: MassQuote) -> dict[str, Order]:
    """Orders with the account's quote in one listing replaced by the new pair."""
    kept = {
        name: order
        for name, order in orders.items()
        if (order.kind, order.listing_id) != (OrderKind.QUOTE, body.listing_id)
    }
    if body.bid_contracts and body.ask_contracts and body.bid_price >= body.ask_price:
        refused(Reason.CONTRADICTION, "bid_price", "the bid is not below the ask")
    sides = (
        (Side.BUY, body.bid_contracts, body.bid_price),
        (Side.SELL, body.ask_contracts, body.ask_price),
    )
    for side, contracts, price in sides:
        if contracts:
            name = f"quote:{body.listing_id}:{side.value}"
            kept[name] = Order(
                order_id=name,
                account_id=body.account_id,
                listing_id=body.listing_id,
                side=side,
                contracts=contracts,
                limit_price=price,
                kind=OrderKind.QUOTE,
            )
    return kept
