"""Open loss: what open orders would lose at once, filled at prices worse than the mark."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.rulebook.amount import added_up
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.orders import order_groups
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.reduce import parent_groups
from crossmargin.rulebook.selection import FUTURES, Selection
from crossmargin.valuation.unit_value import faces, unit_value

LISTING = "listing"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLoss:
    """Sum over open orders of max(0, side x (value at limit - value at mark)) x contracts.

    In the settlement currency, so an inverse order loses by the reciprocals of its prices; a market
    order has no limit and no open loss. Source: Binance, order cost
    (https://www.binance.com/en/support/faq/be2c7d9d95b04a7e8044ed02dd7dfe5c).
    """

    selection: Selection = FUTURES

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0, rounded to nearest once per order; NaN where an order's mark is missing."""
        lost = np.rint(self._lost(context) * 2.0**-context.run.tick_exponent)
        group = order_groups(context, LISTING)
        by_listing = added_up(group, lost, context.groups_count(LISTING))
        parent = parent_groups(context, LISTING, at)
        parts = None
        if context.explain:
            rows = context.groups(LISTING).rows["positions"]
            parts = Parts(
                positions=by_listing[rows.row_group],
                balances=np.zeros(len(context.block("balances").account)),
            )
        total = added_up(parent, by_listing, context.groups_count(at))
        return Outcome(amount=total, parts=parts)

    def _lost(self, context: Context) -> NDArray[np.float64]:
        """(orders,) reporting units lost at the fill, >= 0."""
        orders, run = context.orders, context.run
        u, row = run.universe, orders.instrument
        size, face = u.contract_size[row], faces(u)[row]
        with np.errstate(divide="ignore", invalid="ignore"):
            at_limit = np.where(face, -size / orders.limit_price, size * orders.limit_price)
            worse = orders.side * (at_limit - unit_value(u, run.market)[row])
            lost = np.maximum(worse, 0.0) * orders.contracts * run.asset_rate()[u.settle[row]]
        counted = run.chosen(self.selection)[row] & ~np.isnan(orders.limit_price)
        return np.where(counted, lost, 0.0)
