"""Open orders: which of them count as filled, and what a position would then be."""

from enum import StrEnum
from typing import assert_never, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.holding import OrderKind
from crossmargin.netting.amount import net as net_amount
from crossmargin.rulebook.amount import Amount, added_up, group_amount
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.reduce import (
    CASH_FIELDS,
    ENTRY_VALUE,
    group_size,
    parent_groups,
    row_values,
)
from crossmargin.rulebook.selection import Selection
from crossmargin.valuation.unit_value import faces

F8 = NDArray[np.float64]

LISTING = "listing"


@final
class OrderFill(StrEnum):
    """Which open orders count as filled: `none`, the `worst` of each group, the worst of those that
    are no quotes under a venue's quote protection (`unprotected`), or every `market` order, which
    does not rest.
    """

    NONE = "none"
    WORST = "worst"
    UNPROTECTED = "unprotected"
    MARKET = "market"


MARKET_KIND = list(OrderKind).index(OrderKind.MARKET)
"""The number of market orders in `OrderColumns.kind`."""

QUOTE_KIND = list(OrderKind).index(OrderKind.QUOTE)
"""The number of quotes in `OrderColumns.kind`."""


def order_values(context: Context, of: str, selection: Selection | None) -> F8:
    """(orders,) signed contracts x field, like `row_values` of a position that each order would
    open.
    """
    o = context.orders
    unit = context.field(of)[o.instrument]
    if of == ENTRY_VALUE:
        unit = np.where(np.isnan(o.limit_price), unit, _limit_value(context))
    x = o.side * o.contracts * unit
    if selection is not None:
        x = np.where(selection.instruments(context.run.universe)[o.instrument], x, 0.0)
    return x


def _limit_value(context: Context) -> F8:
    """(orders,) reporting units per contract at the limit price, as a size."""
    o, run = context.orders, context.run
    u = run.universe
    size, rate = u.contract_size[o.instrument], run.asset_rate()[u.settle[o.instrument]]
    with np.errstate(divide="ignore", invalid="ignore"):
        price = np.where(faces(u)[o.instrument], 1.0 / o.limit_price, o.limit_price)
        return np.asarray(size * price * rate)


def order_groups(context: Context, by: str) -> NDArray[np.int64]:
    """(orders,) the group of `by` that each order belongs to.

    Groups exist for rows that are present: the batch adds a row of no contracts for every listing
    in which an account has an order, so that an order without a position has its group.
    """
    positions, orders = context.block("positions"), context.orders
    count = context.run.universe.instruments_count
    held = positions.account * count + positions.instrument
    wanted = orders.account * count + orders.instrument
    row = np.searchsorted(held, wanted)
    return context.groups(by).rows["positions"].row_group[row]


def filled_amount(
    context: Context,
    by: str,
    amount: Amount,
    of: str,
    selection: Selection | None,
    x: F8,
    fill: OrderFill,
) -> F8:
    """(groups,) the amount with market orders filled, or the largest over every choice of orders.

    What makes the amount largest is that all orders fill which add to it, or all which take off it:
    bids and asks for futures, but an ask of a put adds to a long delta as a bid of a call does.
    """
    if amount is Amount.HEDGED:
        return worst_within(context, by, LISTING, amount, of, selection, x, fill)
    rows = context.groups(by).rows["positions"]
    y = order_values(context, of, selection)
    if of in CASH_FIELDS:
        y = np.rint(y * 2.0**-context.run.tick_exponent)
    order_group = order_groups(context, by)
    held = group_amount(amount, x, rows)
    if fill is OrderFill.MARKET:
        own = np.where(context.orders.kind == MARKET_KIND, y, 0.0)
        filled = added_up(order_group, own, rows.groups_count)
        return _with_fill(amount, held, net_amount(rows, x) + filled, filled)
    worst = held
    if fill is OrderFill.UNPROTECTED:
        y = np.where(context.orders.kind == QUOTE_KIND, 0.0, y)
    for sign in (1.0, -1.0):
        own = np.where(y * sign <= 0.0, 0.0, y)
        filled = added_up(order_group, own, rows.groups_count)
        net = net_amount(rows, x) + filled
        worst = np.maximum(worst, _with_fill(amount, held, net, filled))
    return worst


def worst_within(
    context: Context,
    by: str,
    within: str,
    amount: Amount,
    of: str,
    selection: Selection | None,
    x: F8,
    fill: OrderFill,
) -> F8:
    """(groups of `by`,) the amount over the nets of the groups of `within`, each with those orders
    filled that make it largest: at least what any choice of orders gives.

    `x` (positions,) as of `row_values`. ValueError for `held`, and for a fill of market orders.
    """
    if fill not in (OrderFill.WORST, OrderFill.UNPROTECTED):
        raise ValueError(f"{fill.value} orders have no worst fill")
    y = order_values(context, of, selection)
    if of in CASH_FIELDS:
        y = np.rint(y * 2.0**-context.run.tick_exponent)
    if fill is OrderFill.UNPROTECTED:
        y = np.where(context.orders.kind == QUOTE_KIND, 0.0, y)
    net = net_amount(context.groups(within).rows["positions"], x)
    inner, count = order_groups(context, within), context.groups_count(within)
    raised = net + added_up(inner, np.where(y < 0.0, 0.0, y), count)
    lowered = net + added_up(inner, np.where(y > 0.0, 0.0, y), count)
    parent, outer = parent_groups(context, within, by), context.groups_count(by)

    def total(each: F8) -> F8:
        return added_up(parent, each, outer)

    long, short = np.maximum(raised, 0.0), np.maximum(-lowered, 0.0)
    match amount:
        case Amount.GROSS:
            return total(np.maximum(np.abs(raised), np.abs(lowered)))
        case Amount.LONG:
            return total(long)
        case Amount.SHORT:
            return total(short)
        case Amount.HEDGED:
            return np.minimum(total(long), total(short))
        case Amount.NET:
            return total(raised)
        case Amount.ABS_NET:
            return np.maximum(np.abs(total(raised)), np.abs(total(lowered)))
        case Amount.NET_LONG:
            return np.maximum(total(raised), 0.0)
        case Amount.NET_SHORT:
            return np.maximum(-total(lowered), 0.0)
        case Amount.HELD:
            raise ValueError("open orders cannot be counted in a held amount")
        case _:
            assert_never(amount)


def filled_size(context: Context, by: str, amount: Amount, of: str, fill: OrderFill) -> F8:
    """(groups,) as `group_size`, with open orders filled as `fill` says."""
    if fill is OrderFill.NONE:
        return group_size(context, by, amount, of)
    size = filled_amount(context, by, amount, of, None, row_values(context, of, None), fill)
    return size * 2.0**context.run.tick_exponent if of in CASH_FIELDS else size


def _with_fill(amount: Amount, held: F8, net: F8, filled: F8) -> F8:
    match amount:
        case Amount.NET:
            return net
        case Amount.ABS_NET:
            return np.abs(net)
        case Amount.NET_LONG:
            return np.maximum(net, 0.0)
        case Amount.NET_SHORT:
            return np.maximum(-net, 0.0)
        case Amount.LONG:
            return np.asarray(held + np.maximum(filled, 0.0))
        case Amount.SHORT:
            return np.asarray(held + np.maximum(-filled, 0.0))
        case Amount.GROSS:
            return np.asarray(held + np.abs(filled))
        case Amount.HEDGED | Amount.HELD:
            raise ValueError(f"open orders cannot be counted in a {amount.value} amount")
