"""Orders of an isolated position: what would be traded after the orders that close the position."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.rulebook.amount import added_up
from crossmargin.rulebook.charge.interface import Outcome
from crossmargin.rulebook.charge.resting_orders import (
    LISTING,
    OrderSide,
    Resting,
    charged,
    position_before,
    resting,
)
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.rate import Rate

F8 = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class IsolatedOrders:
    """Sum over listings of limit price x size of the resting orders of one side x rate, in ticks,
    rounded to nearest once per listing.

    The position offsets the orders against it, best price first: as far as they close it they are
    free. In an auction an order counts at the auction's price where that is more than its own;
    `auction` names the market figure with that price, missing outside an auction. Market orders
    have no price of their own: the position already has them.
    """

    side: OrderSide
    rate: Rate
    auction: str | None = None

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0 with a rate >= 0; NaN where an order without a limit price opens something."""
        orders = resting(context, self.side, self.auction)
        sign = 1.0 if self.side is OrderSide.BUY else -1.0
        closes = np.maximum(-sign * position_before(context), 0.0)
        opening = opening_contracts(orders, sign, closes)
        price = np.where(
            np.isnan(orders.auction), orders.own, np.maximum(orders.own, orders.auction)
        )
        value = np.where(opening == 0.0, 0.0, opening * price)
        total = added_up(orders.group, value, context.groups_count(LISTING))
        return charged(context, at, total, self.rate)


def opening_contracts(orders: Resting, sign: float, closes: F8) -> F8:
    """(orders,) contracts left of each order after `closes` (groups,) contracts of its listing are
    filled, best price first, ties in the order of the rows.

    The loop runs over ranks, so an account alone and in a batch does the same operations.
    """
    best_first = np.lexsort((-sign * orders.limit_price, orders.group))
    group = orders.group[best_first]
    opens = np.append(True, group[1:] != group[:-1])[: len(group)]
    first = np.maximum.accumulate(np.where(opens, np.arange(len(group)), 0))
    rank = np.arange(len(group)) - first
    left = orders.contracts.copy()
    free = closes.copy()
    for place in range(int(rank.max(initial=-1)) + 1):
        rows = best_first[rank == place]
        taken = np.minimum(free[orders.group[rows]], left[rows])
        left[rows] -= taken
        free[orders.group[rows]] -= taken
    return left
