"""Pool credit: what supplies let an account owe, by category, and alone where one is isolated."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.rulebook.charge.balance_rows import balance_parts
from crossmargin.rulebook.charge.collateral_haircuts import by_asset
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.pool_category import Categories, active_category, is_collateral
from crossmargin.rulebook.charge.pool_rows import PoolRows, borrowed, pool_value, supplied
from crossmargin.rulebook.charge.row_ticks import tick_sum
from crossmargin.rulebook.context import ACCOUNT, Context

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """Names of parameters ("$name") by asset: a collateral with a `ceiling` in dollars above 0 is
    isolated: it is the only collateral of an account that uses it, and only what is flagged in
    `borrowable` may then be borrowed.
    """

    ceiling: str
    borrowable: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PoolCredit:
    """Sum over supplied assets of coins x price x weight.

    `weight` by asset; an asset of the account's category has the category's entry of
    `category_weight`, an asset outside of it keeps its own weight, times that category's entry of
    `outside`. Where an isolated asset stands beside others, balances do not say which of them is
    used as collateral: the choice that gives least counts. One under which a debt could not be is
    none.
    """

    weight: str
    category_weight: str
    categories: Categories
    isolation: Isolation
    outside: str | None = None

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0 of accounts; NaN where the price of a supply that counts is missing."""
        if at != ACCOUNT:
            raise ValueError(f"the credit of a pool cannot be divided by {at}")
        found = self.chosen(context)
        names = tuple(f"{code} isolated" for code in context.run.universe.assets)
        parts = None
        if context.explain:
            ticks = np.where(found.counts, found.ticks, 0.0)
            rows = found.rows
            parts = Parts(
                positions=np.zeros(len(context.positions.account)),
                balances=balance_parts(context, rows.account, rows.asset, ticks),
            )
        return Outcome(amount=found.total, driver=found.isolated, driver_names=names, parts=parts)

    def chosen(self, context: Context) -> "Chosen":
        """Which supplies count, and what they give."""
        rows, debts = supplied(context), borrowed(context)
        category = active_category(context, self.categories, debts.account, debts.asset)
        weight = self._weight(context, rows, category)
        ticks = pool_value(context, rows, self.categories, category, weight)
        is_isolated = by_asset(context.run, self.isolation.ceiling)[rows.asset] > 0.0
        allowed = self._may_be_isolated(context, debts)[rows.account]
        counts = weight != 0.0
        alone, together = is_isolated & counts, ~is_isolated & counts
        has_others = np.zeros(context.accounts_count, dtype=np.bool_)
        has_others[rows.account[together]] = True
        others = tick_sum(
            np.where(is_isolated, -1, rows.account), ticks, context.accounts_count, "pool credit"
        )
        # Without other collateral an isolated one is used, whatever is owed.
        alone &= allowed | ~has_others[rows.account]
        least = np.where(has_others, others, np.inf)
        np.minimum.at(least, rows.account[alone], ticks[alone])
        isolated = np.full(context.accounts_count, -1, dtype=np.int64)
        wins = np.flatnonzero(
            alone & (ticks == least[rows.account]) & ~(has_others & (others == least))[rows.account]
        )[::-1]
        isolated[rows.account[wins]] = rows.asset[wins]
        own = isolated[rows.account]
        return Chosen(
            rows=rows,
            ticks=ticks,
            counts=np.where(own >= 0, rows.asset == own, ~is_isolated),
            total=np.where(np.isinf(least), 0.0, least),
            isolated=isolated,
            category=category,
        )

    def _weight(self, context: Context, rows: PoolRows, category: I8) -> F8:
        run, words = context.run, self.categories
        weight = by_asset(run, self.weight)[rows.asset]
        own = category[rows.account]
        inside = is_collateral(context, words, own, rows.asset)
        of_category = np.concatenate([[np.nan], words.flags(run, self.category_weight)])
        if self.outside is not None:
            share = np.concatenate([[1.0], words.flags(run, self.outside)])
            weight = weight * share[own]
        return np.where(inside, of_category[own], weight)

    def _may_be_isolated(self, context: Context, debts: PoolRows) -> NDArray[np.bool_]:
        """(accounts,) whether everything that is owed may be owed against an isolated asset."""
        listed = by_asset(context.run, self.isolation.borrowable)[debts.asset] > 0.0
        may = np.ones(context.accounts_count, dtype=np.bool_)
        may[debts.account[~listed]] = False
        return may


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chosen:
    """Supplies, (rows,) their ticks and whether they count; per account the `total`, the asset
    that stands isolated, -1 for none, and the category, 0 for none.
    """

    rows: PoolRows
    ticks: F8
    counts: NDArray[np.bool_]
    total: F8
    isolated: I8
    category: I8
