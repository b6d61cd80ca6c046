"""Open orders beside the position: what the resting orders of one side are worth, times a rate."""

from dataclasses import dataclass
from typing import final

import numpy as np

from crossmargin.rulebook.amount import added_up
from crossmargin.rulebook.charge.interface import Outcome
from crossmargin.rulebook.charge.resting_orders import (
    LISTING,
    OrderSide,
    charged,
    position_before,
    resting,
)
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.rate import Rate


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OpenOrders:
    """Sum over listings of the value of resting orders of one side x rate, in ticks, rounded to
    nearest once per listing.

    A side counts only where the position with all of its orders would be on that side: bids that
    only reduce a short are free. Market orders do not rest: the position already has them. Orders
    count at the mark; in an auction at their limit prices, or all at the auction's price where that
    is more. `auction` names the market figure with that price, missing outside an auction and 0
    where the auction has no price yet.
    """

    side: OrderSide
    rate: Rate
    auction: str | None = None

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0 with a rate >= 0; NaN where a mark, or the limit price of an order in an
        auction, is missing.
        """
        orders = resting(context, self.side, self.auction)
        count = context.groups_count(LISTING)

        def total(per_contract: np.ndarray) -> np.ndarray:
            return added_up(orders.group, orders.contracts * per_contract, count)

        at_auction = np.where(np.isnan(orders.auction), 0.0, orders.auction)
        in_auction = ~np.isnan(orders.auction)
        outside = total(np.where(in_auction, 0.0, orders.mark))
        inside = total(np.where(in_auction, orders.own, 0.0))
        value = outside + np.maximum(inside, total(at_auction))
        sign = 1.0 if self.side is OrderSide.BUY else -1.0
        filled = sign * position_before(context) + added_up(orders.group, orders.contracts, count)
        return charged(context, at, np.where(filled > 0.0, value, 0.0), self.rate)
