"""Pair credit: what opposite exposures to two underlyings give back of what both legs pay."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.rulebook.amount import Amount, added_up
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.context import ACCOUNT, Context
from crossmargin.rulebook.rate import Rate
from crossmargin.rulebook.rate_value import rate_of
from crossmargin.rulebook.reduce import CASH_FIELDS, is_always_known, row_values, rows_amount
from crossmargin.rulebook.selection import Selection

F8 = NDArray[np.float64]

UNDERLYING = "underlying"
PAIR = "/"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PairCredit:
    """Sum over pairs, in their order, of matched amount x (rate of one leg + rate of the other) x
    credit.

    Rows are contracts x the field `of`, netted per underlying. A pair "BTC/ETH" matches what is
    long of one and short of the other; the rest is left to the pairs that follow. The answer is
    what is given back, >= 0; a tree takes it off with a factor of -1. Per underlying it is what
    each leg is given.
    """

    of: str
    pairs: tuple[str, ...]
    rate: Rate
    credit: Rate
    selection: Selection | None = None

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0, rounded to nearest once per account and leg. ValueError where a group holds
        less than an underlying.
        """
        if at not in (ACCOUNT, UNDERLYING):
            raise ValueError(f"a pair of underlyings does not fit into one {at}")
        credit = rate_of(self.credit, context, ACCOUNT)
        known = is_always_known(context, self.of, self.selection)
        if known and not credit.any() and not context.explain:
            return Outcome(amount=np.zeros(context.groups_count(at)))
        amount = rows_amount(context, UNDERLYING, Amount.NET, self.of, self.selection)
        scale = 1.0 if self.of in CASH_FIELDS else 2.0**-context.run.tick_exponent
        per_unit = rate_of(self.rate, context, UNDERLYING) * scale
        account = context.groups(UNDERLYING).account
        given: F8 = np.zeros(len(amount))
        left = amount.copy()
        for pair in self.pairs:
            first, second = (self._groups(context, code) for code in pair.split(PAIR))
            both = np.flatnonzero((first >= 0) & (second >= 0))
            a, b = first[both], second[both]
            size = np.where(
                left[a] * left[b] < 0.0, np.minimum(np.abs(left[a]), np.abs(left[b])), 0
            )
            size = np.where(np.isnan(left[a]) | np.isnan(left[b]), np.nan, size)
            for leg in (a, b):
                paid = np.rint(size * per_unit[leg] * credit[account[leg]])
                given[leg] += np.where(size == 0.0, 0.0, paid)
                left[leg] -= np.sign(left[leg]) * size
        total = given if at == UNDERLYING else added_up(account, given, context.accounts_count)
        parts = None
        if context.explain:
            x = row_values(context, self.of, self.selection)
            rows = context.groups(UNDERLYING).rows["positions"]
            with np.errstate(invalid="ignore", divide="ignore"):
                share = np.where(amount != 0.0, given / amount, 0.0)
            positions = np.where(rows.row_group >= 0, x * share[rows.row_group], 0.0)
            parts = Parts(
                positions=positions, balances=np.zeros(len(context.block("balances").account))
            )
        return Outcome(amount=total, parts=parts)

    def _groups(self, context: Context, code: str) -> NDArray[np.int64]:
        """(accounts,) the group of an account's positions in one underlying, -1 for none."""
        groups, assets = context.groups(UNDERLYING), context.run.universe.assets
        own = np.array([name == code for name in assets], dtype=np.bool_)
        chosen = np.flatnonzero(own[groups.key])
        found = np.full(context.accounts_count, -1, dtype=np.int64)
        found[groups.account[chosen]] = chosen
        return found
