"""Balance exposure: coins that are held, times a field, times a rate: haircuts as a requirement."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.universe import Kind
from crossmargin.netting.amount import times_field
from crossmargin.rulebook.amount import added_up
from crossmargin.rulebook.charge.balance_rows import block_row
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.row_ticks import row_ticks, tick_sum
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.rate import Rate
from crossmargin.rulebook.rate_value import rate_of
from crossmargin.rulebook.reduce import parent_groups
from crossmargin.rulebook.selection import Selection

F8 = NDArray[np.float64]

ASSET = "underlying"
"""The grouping in which coins of one asset stand together."""

BALANCES = Selection(kinds=(Kind.BALANCE,))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceExposure:
    """Sum over assets of max(0, coins held, debts netted) x the field `of` x rate.

    Unrealised profit is no balance here. One rounding per account and asset.
    """

    of: str
    rate: Rate
    selection: Selection = BALANCES

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0 with a rate >= 0; NaN where coins are held and field or rate is missing."""
        block, coins = context.block("balances"), self._coins(context)
        row_group = context.groups(ASSET).rows["balances"].row_group
        rate = rate_of(self.rate, context, ASSET)[row_group]
        amount = times_field(coins, context.field(self.of)[block.instrument] * rate)
        ticks = row_ticks(context, amount, "an amount of a balance")
        per_asset = tick_sum(row_group, ticks, context.groups_count(ASSET), "an amount of balances")
        parent = parent_groups(context, ASSET, at)
        held = np.flatnonzero(per_asset != 0.0)
        total = added_up(parent[held], per_asset[held], context.groups_count(at))
        parts = None
        if context.explain:
            parts = Parts(positions=np.zeros(len(context.positions.account)), balances=ticks)
        return Outcome(amount=total, parts=parts)

    def _coins(self, context: Context) -> F8:
        """(balance block rows,) what is held of each selected asset, at least 0."""
        b, block = context.balances, context.block("balances")
        row = block_row(context, b.account, b.asset)
        inside = row >= 0
        coins = np.bincount(row[inside], weights=b.amount[inside], minlength=len(block.account))
        chosen = context.run.chosen(self.selection)[block.instrument]
        return np.where(chosen, np.maximum(coins, 0.0), 0.0)
