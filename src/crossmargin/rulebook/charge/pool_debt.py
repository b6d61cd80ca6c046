"""Pool debt: what an account owes to a lending pool, in full."""

from dataclasses import dataclass
from typing import final

import numpy as np

from crossmargin.rulebook.charge.balance_rows import balance_parts
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.pool_category import Categories, active_category
from crossmargin.rulebook.charge.pool_rows import borrowed, pool_value
from crossmargin.rulebook.charge.row_ticks import tick_sum
from crossmargin.rulebook.context import ACCOUNT, Context


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PoolDebt:
    """Sum over assets of coins owed x price. A supply of the same asset is not set against it."""

    categories: Categories

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0 of accounts, rounded once per account and asset; NaN without a price."""
        if at != ACCOUNT:
            raise ValueError(f"the debt to a pool cannot be divided by {at}")
        rows = borrowed(context)
        category = active_category(context, self.categories, rows.account, rows.asset)
        ticks = pool_value(context, rows, self.categories, category, np.ones(len(rows.account)))
        parts = None
        if context.explain:
            parts = Parts(
                positions=np.zeros(len(context.positions.account)),
                balances=balance_parts(context, rows.account, rows.asset, ticks),
            )
        total = tick_sum(rows.account, ticks, context.accounts_count, "debts to a pool")
        return Outcome(amount=total, parts=parts)
