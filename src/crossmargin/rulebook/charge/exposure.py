"""Exposure: an amount of the held positions times a rate, by a grouping. Most add-ons of the field
are this.
"""

from dataclasses import dataclass
from typing import final

import numpy as np

from crossmargin.netting.amount import net, times_field
from crossmargin.rulebook.amount import Amount, added_up, group_amount, row_shares
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.orders import OrderFill, filled_amount
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.rate import Rate, rate_of
from crossmargin.rulebook.reduce import CASH_FIELDS, parent_groups, row_values
from crossmargin.rulebook.selection import Selection


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Sum over the groups of `by` of amount(rows) x rate, in ticks, rounded to nearest once per
    group.

    Rows are contracts x the field `of`. With `orders` worst, the amount is the worst over a fill of
    all bids or of all asks of the group; with `orders` market, that with all market orders filled.
    """

    amount: Amount
    of: str
    by: str
    rate: Rate
    selection: Selection | None = None
    orders: OrderFill = OrderFill.NONE

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Signed ticks for `net`, >= 0 for all other amounts with a rate >= 0."""
        x = row_values(context, self.of, self.selection)
        if self.orders is OrderFill.NONE:
            size = group_amount(self.amount, x, context.groups(self.by).rows["positions"])
        else:
            size = filled_amount(
                context, self.by, self.amount, self.of, self.selection, x, self.orders
            )
        rate = rate_of(self.rate, context, self.by)
        if self.of not in CASH_FIELDS:
            size = size * 2.0**-context.run.tick_exponent
        charged = np.rint(times_field(size, rate))
        parent = parent_groups(context, self.by, at)
        total = added_up(parent, charged, context.groups_count(at))
        return Outcome(
            amount=total, parts=self._parts(context, x, charged) if context.explain else None
        )

    def _parts(self, context: Context, x: np.ndarray, charged: np.ndarray) -> Parts:
        """Rows share what their group pays; open orders without a position leave a rest to its
        first row.
        """
        rows = context.groups(self.by).rows["positions"]
        shares = row_shares(self.amount, x, rows)
        whole = net(rows, shares)
        with np.errstate(invalid="ignore", divide="ignore"):
            per_share = np.where(whole != 0.0, charged / whole, 0.0)
        inside = rows.row_group >= 0
        parts = np.where(inside, shares * per_share[rows.row_group], 0.0)
        unshared = np.flatnonzero((whole == 0.0) & (charged != 0.0) & (np.diff(rows.indptr) > 0))
        parts[rows.order[rows.indptr[unshared]]] += charged[unshared]
        return Parts(positions=parts, balances=np.zeros(len(context.block("balances").account)))
