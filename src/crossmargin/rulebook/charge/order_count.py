"""A small charge for every open order, whatever its size."""

from dataclasses import dataclass
from typing import final

import numpy as np

from crossmargin.rulebook.amount import added_up
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.orders import order_groups
from crossmargin.rulebook.charge.row_ticks import row_ticks
from crossmargin.rulebook.charge.token_rows import position_row
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.rate import Rate
from crossmargin.rulebook.rate_value import rate_of
from crossmargin.rulebook.selection import Selection


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCount:
    """Number of open orders x `each`, an amount in reporting units per order."""

    each: Rate
    selection: Selection | None = None

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0; each order's amount is rounded to nearest before it is added."""
        o, group = context.orders, order_groups(context, at)
        amount = rate_of(self.each, context, at)[group] if len(group) else np.zeros(0)
        if self.selection is not None:
            chosen = self.selection.instruments(context.run.universe)[o.instrument]
            amount = np.where(chosen, amount, 0.0)
        ticks = row_ticks(context, amount, "the charge of an order")
        total = added_up(group, ticks, context.groups_count(at))
        if not context.explain:
            return Outcome(amount=total)
        row = position_row(context, o.account, o.instrument)
        positions = added_up(row, ticks, len(context.positions.account))
        balances = np.zeros(len(context.block("balances").account))
        return Outcome(amount=total, parts=Parts(positions=positions, balances=balances))
