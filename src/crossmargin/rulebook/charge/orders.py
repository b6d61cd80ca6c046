"""Open orders: the worst over a fill of all bids or of all asks of one listing."""

from enum import StrEnum
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.netting.amount import net as net_amount
from crossmargin.rulebook.amount import Amount, added_up, group_amount
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.reduce import CASH_FIELDS
from crossmargin.rulebook.selection import Selection

F8 = NDArray[np.float64]


@final
class OrderFill(StrEnum):
    """Whether open orders count: `none`, or the `worst` side of each group."""

    NONE = "none"
    WORST = "worst"


def order_values(context: Context, of: str, selection: Selection | None) -> F8:
    """(orders,) signed contracts x field, like `row_values` of a position that each order would
    open.
    """
    o = context.orders
    unit = context.field(of)[o.instrument]
    x = o.side * o.contracts * unit
    if selection is not None:
        x = np.where(selection.instruments(context.run.universe)[o.instrument], x, 0.0)
    return x


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
    context: Context, by: str, amount: Amount, of: str, selection: Selection | None, x: F8
) -> F8:
    """(groups,) the larger of the amount with all bids filled and the amount with all asks
    filled.
    """
    rows = context.groups(by).rows["positions"]
    y = order_values(context, of, selection)
    if of in CASH_FIELDS:
        y = np.rint(y * 2.0**-context.run.tick_exponent)
    order_group = order_groups(context, by)
    held = group_amount(amount, x, rows)
    worst = held
    for side in (1.0, -1.0):
        own = np.where(context.orders.side == side, y, 0.0)
        filled = added_up(order_group, own, rows.groups_count)
        net = net_amount(rows, x) + filled
        worst = np.maximum(worst, _with_fill(amount, held, net, filled))
    return worst


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
