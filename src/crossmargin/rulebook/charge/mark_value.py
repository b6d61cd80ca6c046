"""Value of what is held: contracts x mark or model value, long, short or both."""

from dataclasses import dataclass
from enum import StrEnum
from typing import final

import numpy as np

from crossmargin.rulebook.account_sum import account_sum
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.row_ticks import row_ticks, tick_sum
from crossmargin.rulebook.context import ACCOUNT, Context
from crossmargin.rulebook.selection import Selection


@final
class Valued(StrEnum):
    """At the mark, or at the value of the model."""

    MARK = "mark"
    MODEL = "model"


@final
class Sides(StrEnum):
    """Which positions count."""

    LONG = "long"
    SHORT = "short"
    BOTH = "both"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MarkValue:
    """Sum of contracts x value of one contract. What was sold is negative.

    Over options it is the net option value; a requirement tree takes it off with a factor of -1.
    """

    selection: Selection | None = None
    value: Valued = Valued.MARK
    sides: Sides = Sides.BOTH

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Signed ticks; NaN where something is held and has no such value."""
        p = context.positions
        contracts = p.contracts
        if self.sides is not Sides.BOTH:
            side = np.maximum if self.sides is Sides.LONG else np.minimum
            contracts = side(contracts, 0.0)
        value = context.field(f"{self.value.value}_value")
        if self.selection is not None:
            value = np.where(context.run.chosen(self.selection), value, 0.0)
        if at == ACCOUNT and not context.explain:
            total = account_sum(context, value, contracts)
            if total is not None:
                return Outcome(amount=total)
        amount = contracts * value[p.instrument]
        if np.isnan(value).any():
            amount[contracts == 0.0] = 0.0
        ticks = row_ticks(context, amount, "the value of a position")
        row_group = context.groups(at).rows["positions"].row_group
        total = tick_sum(row_group, ticks, context.groups_count(at), "the value of positions")
        parts = None
        if context.explain:
            inside = np.where(row_group >= 0, ticks, 0.0)
            parts = Parts(
                positions=inside, balances=np.zeros(len(context.block("balances").account))
            )
        return Outcome(amount=total, parts=parts)
