"""Closing fee: what it costs to close at the bankruptcy price, beside the margin itself."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.netting.amount import times_field
from crossmargin.rulebook.amount import added_up
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.orders import (
    QUOTE_KIND,
    OrderFill,
    order_groups,
    order_values,
)
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.rate import Rate
from crossmargin.rulebook.rate_value import rate_of
from crossmargin.rulebook.reduce import ENTRY_VALUE, parent_groups
from crossmargin.rulebook.selection import FUTURES, Selection
from crossmargin.valuation.unit_value import faces

F8 = NDArray[np.float64]

LISTING = "listing"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingFee:
    """Sum over listings of |cost| x (1 - sign of cost / leverage) x fee.

    The bankruptcy price of a long is entry x (1 - 1 / leverage), of a short entry x (1 + 1 /
    leverage); an inverse contract, whose cost has the other sign, has the reciprocals. Confirmed to
    rounding on recorded Bybit positions of 2022 (XRPUSDT, taker fee 0.06 %). With `orders` the cost
    is that of the worse side: with all bids of a listing filled at their limits, or all asks.
    """

    fee: Rate
    leverage: Rate
    selection: Selection = FUTURES
    orders: OrderFill = OrderFill.NONE

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0, rounded to nearest once per listing; NaN where a position has no known
        cost.
        """
        p, run = context.positions, context.run
        chosen = run.chosen(self.selection)[p.instrument] & (p.contracts != 0.0)
        rows = context.groups(LISTING).rows["positions"]
        rate = run.asset_rate()[run.universe.settle[p.instrument]]
        cost = np.where(chosen, p.cost * rate, 0.0)
        leverage = rate_of(self.leverage, context, LISTING)[rows.row_group]
        fee = rate_of(self.fee, context, LISTING)[rows.row_group]
        at_bankruptcy = np.abs(cost) - times_field(cost, 1.0 / leverage)
        if self.orders is not OrderFill.NONE:
            for filled in self._filled(context):
                after = cost + filled[rows.row_group]
                own = np.abs(after) - times_field(after, 1.0 / leverage)
                at_bankruptcy = np.maximum(at_bankruptcy, own)
        ticks = np.rint(times_field(at_bankruptcy, fee) * 2.0**-run.tick_exponent)
        by_listing = added_up(rows.row_group, ticks, context.groups_count(LISTING))
        parent = parent_groups(context, LISTING, at)
        parts = None
        if context.explain:
            parts = Parts(
                positions=ticks, balances=np.zeros(len(context.block("balances").account))
            )
        total = added_up(parent, by_listing, context.groups_count(at))
        return Outcome(amount=total, parts=parts)

    def _filled(self, context: Context) -> tuple[F8, F8]:
        """(listings of accounts,) what all bids of each would cost, and all asks, as costs."""
        u = context.run.universe
        signed = order_values(context, ENTRY_VALUE, self.selection)
        if self.orders is OrderFill.UNPROTECTED:
            signed = np.where(context.orders.kind == QUOTE_KIND, 0.0, signed)
        cost = np.where(faces(u)[context.orders.instrument], -signed, signed)
        group, count = order_groups(context, LISTING), context.groups_count(LISTING)
        bids, asks = np.where(signed > 0.0, cost, 0.0), np.where(signed < 0.0, cost, 0.0)
        return added_up(group, bids, count), added_up(group, asks, count)
