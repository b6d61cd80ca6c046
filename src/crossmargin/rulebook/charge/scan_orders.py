"""Open orders inside a scan: in every scenario the fill of each listing that loses most there.

A listing's orders fill all bids, all asks, or none: with one change of value per contract no other
choice loses more. Over the scenarios this is the worst over every subset of the orders, because the
largest of a sum of losses is the sum of the largest ones.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.ticks import TICK_LIMIT, TickOverflowError
from crossmargin.rulebook.charge.orders import QUOTE_KIND, OrderFill
from crossmargin.rulebook.charge.spot_in_use import coins_in_use, range_in_use
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.run import ScanArrays
from crossmargin.rulebook.selection import Selection

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ListingFills:
    """(listings with orders,) per account: the row of its block, the instrument, contracts that may
    be bought and sold.
    """

    block: str
    row: I8
    instrument: I8
    bids: F8
    asks: F8


def listing_fills(context: Context, selection: Selection | None, fill: OrderFill) -> ListingFills:
    """The open orders of the batch by account and listing; quotes left out where protected."""
    orders, run = context.orders, context.run
    chosen = np.ones(len(orders.account), dtype=np.bool_)
    if selection is not None:
        chosen &= run.chosen(selection)[orders.instrument]
    if fill is OrderFill.UNPROTECTED:
        chosen &= orders.kind != QUOTE_KIND
    width = run.universe.instruments_count
    key, inverse = np.unique(
        (orders.account * width + orders.instrument)[chosen], return_inverse=True
    )
    side, contracts = orders.side[chosen], orders.contracts[chosen]
    block = context.block("positions")
    held = block.account * width + block.instrument

    def added(contracts_of_side: F8) -> F8:
        return np.asarray(np.bincount(inverse, contracts_of_side, len(key)), dtype=np.float64)

    return ListingFills(
        block="positions",
        row=np.asarray(np.searchsorted(held, key), dtype=np.int64),
        instrument=key % width,
        bids=added(np.where(side > 0.0, contracts, 0.0)),
        asks=added(np.where(side < 0.0, contracts, 0.0)),
    )


def hedging_fills(context: Context, fill: OrderFill) -> ListingFills:
    """Coins that orders may put to use, or out of it, as hedges of derivatives."""
    used = coins_in_use(context)
    least, most = range_in_use(context, fill)
    row = np.flatnonzero((most > used.contracts) | (least < used.contracts))
    return ListingFills(
        block="balances",
        row=row,
        instrument=used.instrument[row],
        bids=(most - used.contracts)[row],
        asks=(used.contracts - least)[row],
    )


def worst_fill_ticks(scan: ScanArrays, fills: ListingFills, scenarios: I8) -> F8:
    """(listings with orders, chosen scenarios) whole ticks <= 0 that the worst fill adds."""
    change = scan.change[fills.instrument[:, None], scenarios]
    bought = np.rint(fills.bids[:, None] * change)
    sold = np.rint(-fills.asks[:, None] * change)
    return np.minimum(0.0, np.minimum(bought, sold))


def fill_groups(context: Context, fills: ListingFills, by: str) -> I8:
    """(listings with orders,) the group of `by`, -1 for none."""
    return context.groups(by).rows[fills.block].row_group[fills.row]


def with_fills(context: Context, scan: ScanArrays, fills: ListingFills, by: str, ticks: F8) -> F8:
    """(groups, scenarios) whole ticks with the worst fills added, before any shape.

    `TickOverflowError` when a sum reaches 2**53 ticks.
    """
    group = fill_groups(context, fills, by)
    inside = np.flatnonzero(group >= 0)
    added = ticks.copy()
    lost = worst_fill_ticks(scan, fills, np.arange(ticks.shape[1]))
    np.add.at(added, group[inside], lost[inside])
    if np.any(np.abs(added) >= TICK_LIMIT):
        raise TickOverflowError("a scan with its open orders does not fit below 2**53 ticks")
    return added
