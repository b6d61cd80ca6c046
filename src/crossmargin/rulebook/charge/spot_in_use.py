"""Spot in use: the coins that hedge an account's derivatives of the same risk unit."""

from dataclasses import dataclass, replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.netting.amount import net, times_field
from crossmargin.rulebook.amount import added_up
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.orders import (
    QUOTE_KIND,
    OrderFill,
    order_groups,
    order_values,
)
from crossmargin.rulebook.charge.row_ticks import row_ticks
from crossmargin.rulebook.context import Block, Context
from crossmargin.rulebook.rate import Rate
from crossmargin.rulebook.rate_value import rate_of
from crossmargin.rulebook.reduce import parent_groups, row_values
from crossmargin.rulebook.selection import DERIVATIVES, Selection

F8 = NDArray[np.float64]

RISK_UNIT = "risk_unit"
HEDGED = Selection(kinds=DERIVATIVES)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SpotInUse:
    """Sum over risk units of coins in use x index x rate; both a long and a short of coins count.

    A coin is in use as far as it is opposite to the delta of the unit's derivatives: what exceeds
    that delta hedges nothing and stays collateral. With `orders` worst the delta is the one that
    puts most of the coins to use. Source: OKX spot-derivatives offset since June
    2024 (https://aws.okx.com/it/help/okx-to-enhance-new-features-in-portfolio-margin-mode).
    """

    rate: Rate
    orders: OrderFill = OrderFill.NONE

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0, rounded to nearest once per account and asset; NaN without a delta or an
        index.
        """
        block = coins_in_use(context)
        used = np.abs(block.contracts)
        if self.orders is not OrderFill.NONE:
            least, most = range_in_use(context, self.orders)
            used = np.maximum(np.abs(least), np.abs(most))
        row_group = context.groups(RISK_UNIT).rows["balances"].row_group
        index = context.run.asset_rate()[block.instrument - context.run.universe.listings_count]
        rate = rate_of(self.rate, context, RISK_UNIT)[row_group]
        ticks = row_ticks(context, times_field(used, index * rate), "spot in use")
        by_unit = added_up(row_group, ticks, context.groups_count(RISK_UNIT))
        total = added_up(parent_groups(context, RISK_UNIT, at), by_unit, context.groups_count(at))
        parts = None
        if context.explain:
            parts = Parts(positions=np.zeros(len(context.positions.account)), balances=ticks)
        return Outcome(amount=total, parts=parts)


def coins_in_use(context: Context) -> Block:
    """The balance rows with only the coins that hedge derivatives, 0 for all other rows.

    Coins that only wrap the unit's base asset hedge nothing here: a venue counts the coin itself.
    """
    delta = net(
        context.groups(RISK_UNIT).rows["positions"], row_values(context, "delta_coins", HEDGED)
    )
    return replace(context.block("balances"), contracts=_in_use(context, delta))


def range_in_use(context: Context, fill: OrderFill) -> tuple[F8, F8]:
    """(balance block rows,) the least and the most coins in use over every choice of orders."""
    delta = net(
        context.groups(RISK_UNIT).rows["positions"], row_values(context, "delta_coins", HEDGED)
    )
    y = order_values(context, "delta_coins", HEDGED)
    if fill is OrderFill.UNPROTECTED:
        y = np.where(context.orders.kind == QUOTE_KIND, 0.0, y)
    group, count = order_groups(context, RISK_UNIT), context.groups_count(RISK_UNIT)
    raised = delta + added_up(group, np.where(y < 0.0, 0.0, y), count)
    lowered = delta + added_up(group, np.where(y > 0.0, 0.0, y), count)
    return _in_use(context, raised), _in_use(context, lowered)


def _in_use(context: Context, delta: F8) -> F8:
    """(balance block rows,) the coins that are opposite to (risk units,) `delta`."""
    block = context.block("balances")
    groups = context.groups(RISK_UNIT)
    row_group = groups.rows["balances"].row_group
    opposite = -delta[row_group]
    coins = block.contracts
    used = np.where(
        coins > 0.0, np.clip(opposite, 0.0, coins), np.clip(opposite, np.minimum(coins, 0.0), 0.0)
    )
    asset = block.instrument - context.run.universe.listings_count
    itself = groups.key[row_group] == asset
    return np.where(itself & (row_group >= 0), used, 0.0)
