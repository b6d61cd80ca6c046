"""Cash: balances and loans at an index or at conservative prices, without haircuts."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.rulebook.charge.asset_price import Price, asset_price
from crossmargin.rulebook.charge.balance_rows import asset_group, balance_parts
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.row_ticks import row_ticks, tick_sum
from crossmargin.rulebook.context import ACCOUNT, Context
from crossmargin.rulebook.selection import Selection


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Cash:
    """Sum of coins x price, debts negative: what is held at `price`, what is owed at `debt_price`.

    Of the assets that `selection` selects, or of all. With `usable_only` what is in transit or
    pledged elsewhere does not count; debts always do.
    """

    price: Price = Price.INDEX
    debt_price: Price = Price.INDEX
    usable_only: bool = False
    selection: Selection | None = None

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Signed ticks; NaN where a coin that is held or owed has no price."""
        b = context.balances
        counted = b.amount
        if self.selection is not None:
            row = context.run.universe.listings_count + b.asset
            counted = np.where(context.run.chosen(self.selection)[row], counted, 0.0)
        if self.usable_only:
            counted = np.where((counted > 0.0) & ~b.usable, 0.0, counted)
        value = self._value(context, counted)
        ticks = row_ticks(context, value, "the value of a balance")
        if at == ACCOUNT:
            total = tick_sum(b.account, ticks, context.accounts_count, "cash")
        else:
            some = ticks != 0.0
            group = asset_group(context, at, b.account[some], b.asset[some])
            total = tick_sum(group, ticks[some], context.groups_count(at), "cash")
        parts = None
        if context.explain:
            parts = Parts(
                positions=np.zeros(len(context.positions.account)),
                balances=balance_parts(context, b.account, b.asset, ticks),
            )
        return Outcome(amount=total, parts=parts)

    def _value(self, context: Context, counted: NDArray[np.float64]) -> NDArray[np.float64]:
        """(balances,) reporting units; what is neither held nor owed needs no price."""
        asset = context.balances.asset
        held = asset_price(context.run, self.price)
        if self.debt_price is self.price and np.isfinite(held).all():
            return np.asarray(counted * held[asset])
        owed = asset_price(context.run, self.debt_price)
        with np.errstate(invalid="ignore"):
            price = np.where(counted < 0.0, owed[asset], held[asset])
            return np.where(counted == 0.0, 0.0, counted * price)
