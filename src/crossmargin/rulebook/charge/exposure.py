"""Exposure: an amount of the held positions times a rate, by a grouping. Most add-ons of the field
are this.
"""

from dataclasses import dataclass
from typing import final

import numpy as np

from crossmargin.netting.amount import net, times_field
from crossmargin.rulebook.amount import Amount, added_up, group_amount, of_rows, row_shares
from crossmargin.rulebook.charge.interface import Outcome
from crossmargin.rulebook.charge.orders import OrderFill, filled_amount, worst_within
from crossmargin.rulebook.charge.paid_by_rows import paid_by_rows
from crossmargin.rulebook.context import ACCOUNT, Context
from crossmargin.rulebook.rate import Rate
from crossmargin.rulebook.rate_value import is_zero, rate_of
from crossmargin.rulebook.reduce import (
    CASH_FIELDS,
    is_always_known,
    parent_groups,
    parent_rows,
    row_values,
    rows_amount,
)
from crossmargin.rulebook.selection import Selection


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Sum over the groups of `by` of amount(rows) x rate, in ticks, rounded to nearest once per
    group.

    Rows are contracts x the field `of`, netted first in each group of `within` where that is given:
    an amount over months, not over contracts. With `orders` worst or unprotected it is the largest
    over every choice of orders to fill; with `orders` market, that with all market orders filled.
    """

    amount: Amount
    of: str
    by: str
    rate: Rate
    selection: Selection | None = None
    orders: OrderFill = OrderFill.NONE
    within: str | None = None

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Signed ticks for `net`, >= 0 for all other amounts with a rate >= 0."""
        if self._is_nothing(context):
            return Outcome(amount=np.zeros(context.groups_count(at)))
        if at == ACCOUNT and not context.explain:
            context = context.of_positions()  # groups of balances alone are charged nothing
        size = self._size(context)
        rate = rate_of(self.rate, context, self.by)
        if self.of not in CASH_FIELDS or self.amount is Amount.HELD:
            size = size * 2.0**-context.run.tick_exponent
        charged = np.rint(times_field(size, rate))
        parent = parent_groups(context, self.by, at)
        total = added_up(parent, charged, context.groups_count(at))
        parts = None
        if context.explain:
            x = row_values(context, self.of, self.selection)
            parts = paid_by_rows(context, self.by, self._shares(context, x), charged)
        return Outcome(amount=total, parts=parts)

    def _is_nothing(self, context: Context) -> bool:
        """Whether the rate is 0 everywhere and no amount can be missing."""
        if context.explain or self.orders is not OrderFill.NONE:
            return False
        if not is_zero(self.rate, context, self.by, self.selection):
            return False
        return is_always_known(context, self.of, self.selection)

    def _size(self, context: Context) -> np.ndarray:
        """(groups of `by`,) the amount, in ticks or plain units as the rows are."""
        if self.orders is OrderFill.NONE:
            if self.within is None:
                return rows_amount(context, self.by, self.amount, self.of, self.selection)
            inner = rows_amount(context, self.within, Amount.NET, self.of, self.selection)
            return group_amount(self.amount, inner, parent_rows(context, self.within, self.by))
        x = row_values(context, self.of, self.selection)
        if self.within is None:
            return filled_amount(
                context, self.by, self.amount, self.of, self.selection, x, self.orders
            )
        return worst_within(
            context, self.by, self.within, self.amount, self.of, self.selection, x, self.orders
        )

    def _shares(self, context: Context, x: np.ndarray) -> np.ndarray:
        """(rows,) what each row adds to the amount of its group of `by`."""
        if self.within is None:
            return row_shares(self.amount, x, context.groups(self.by).rows["positions"])
        rows = context.groups(self.within).rows["positions"]
        inner = net(rows, x)
        shares = row_shares(self.amount, inner, parent_rows(context, self.within, self.by))
        with np.errstate(invalid="ignore", divide="ignore"):
            per_unit = np.where(inner != 0.0, shares / inner, 0.0)
        return np.asarray(x * of_rows(per_unit, rows.row_group))
