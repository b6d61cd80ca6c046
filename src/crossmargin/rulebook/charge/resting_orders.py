"""Orders that rest: their prices, what a position is before they fill, and who shares what they
cost.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.netting.amount import times_field
from crossmargin.rulebook.amount import Amount, added_up
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.orders import MARKET_KIND, OrderFill, filled_size, order_groups
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.rate import Rate
from crossmargin.rulebook.rate_value import rate_of
from crossmargin.rulebook.reduce import parent_groups
from crossmargin.valuation.unit_value import faces

F8 = NDArray[np.float64]
LISTING = "listing"


@final
class OrderSide(StrEnum):
    """Bids or asks."""

    BUY = "buy"
    SELL = "sell"


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resting:
    """(orders,) the resting orders of one side: group of their listing, contracts, limit price, and
    reporting units per contract at that price, at the mark, and at the price of the auction that
    their listing is in (NaN outside one).
    """

    group: NDArray[np.int64]
    contracts: F8
    limit_price: F8
    own: F8
    mark: F8
    auction: F8


def resting(context: Context, side: OrderSide, auction: str | None) -> Resting:
    """All orders of `side` that are no market orders; `auction` names the figure of the auction's
    price.
    """
    orders, run = context.orders, context.run
    sign = 1.0 if side is OrderSide.BUY else -1.0
    chosen = (orders.side == sign) & (orders.kind != MARKET_KIND)
    row = orders.instrument[chosen]
    u = run.universe
    per_price = (u.contract_size * run.asset_rate()[u.quote])[row]
    face = faces(u)[row]
    in_auction = np.full(len(row), np.nan) if auction is None else context.field(auction)[row]
    return Resting(
        group=order_groups(context, LISTING)[chosen],
        contracts=orders.contracts[chosen],
        limit_price=orders.limit_price[chosen],
        own=np.where(face, per_price, per_price * orders.limit_price[chosen]),
        mark=context.field("notional")[row],
        auction=np.where(face & ~np.isnan(in_auction), per_price, per_price * in_auction),
    )


def position_before(context: Context) -> F8:
    """(listing groups,) signed contracts with all market orders filled."""
    return filled_size(context, LISTING, Amount.NET, "contracts", OrderFill.MARKET)


def charged(context: Context, at: str, value: F8, rate: Rate) -> Outcome:
    """(listing groups,) reporting units x rate as ticks to nearest, added up to `at`."""
    ticks = value * 2.0**-context.run.tick_exponent
    amount = np.rint(times_field(ticks, rate_of(rate, context, LISTING)))
    parent = parent_groups(context, LISTING, at)
    parts = None
    if context.explain:
        rows = context.groups(LISTING).rows["positions"]
        positions = np.zeros(len(context.positions.account))
        # A listing with orders has one row: a position, or the row of no contracts made for them.
        paying = np.flatnonzero(amount != 0.0)
        positions[rows.order[rows.indptr[paying]]] = amount[paying]
        parts = Parts(
            positions=positions, balances=np.zeros(len(context.block("balances").account))
        )
    return Outcome(amount=added_up(parent, amount, context.groups_count(at)), parts=parts)
