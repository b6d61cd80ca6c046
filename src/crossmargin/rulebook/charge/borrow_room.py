"""Borrow room: what caps, ceilings, categories and silos of a lending pool leave to be borrowed."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.rulebook.charge.balance_rows import balance_parts
from crossmargin.rulebook.charge.collateral_haircuts import by_asset
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.pool_category import is_borrowable
from crossmargin.rulebook.charge.pool_credit import PoolCredit
from crossmargin.rulebook.charge.pool_rows import borrowed, pool_price, pool_value
from crossmargin.rulebook.charge.row_ticks import tick_sum
from crossmargin.rulebook.context import ACCOUNT, Context
from crossmargin.rulebook.run import Run

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
Flags = NDArray[np.bool_]

OWES_NOTHING, OWES = -1, -2
"""Which silo an account stands in, where it is not the number of the one siloed asset it owes."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BorrowRoom:
    """What an account may borrow on top of what it owes, as far as its collateral does not bind.

    Names of parameters ("$name") by asset: flags `borrowable` and `siloed` (a siloed asset is
    borrowed alone), `cap` in coins of what all may borrow together, none where the table has none,
    `total` coins that are borrowed, `isolated_debt` dollars that are owed against an isolated
    collateral, whose ceiling is that of `credit`. A room that nothing bounds is bounded by the
    value of what the account supplied, which no weight exceeds.
    """

    borrowable: str
    siloed: str
    cap: str
    total: str
    isolated_debt: str
    credit: PoolCredit

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0 of accounts; NaN where a cap holds and the total under it is missing."""
        if at != ACCOUNT:
            raise ValueError(f"the room to borrow cannot be divided by {at}")
        found = self.credit.chosen(context)
        rows = found.rows
        value = pool_value(
            context, rows, self.credit.categories, found.category, np.ones(len(rows.account))
        )
        value = np.nan_to_num(value, nan=0.0)
        supply = tick_sum(rows.account, value, context.accounts_count, "supplies")
        key = np.stack([found.category, found.isolated, self._silo(context)], axis=1)
        kinds, kind = np.unique(key, axis=0, return_inverse=True)
        room = np.array([self._room(context, *each) for each in kinds.tolist()])
        units = room.reshape(-1)[kind.reshape(-1)] if len(kinds) else supply
        ticks = np.minimum(np.floor(units * 2.0**-context.run.tick_exponent), supply)
        parts = None
        if context.explain:
            paid = np.nan_to_num(ticks)[rows.account]
            before = np.cumsum(value) - value
            first = np.searchsorted(rows.account, rows.account)
            own = np.clip(paid - (before - before[first]), 0.0, value)
            parts = Parts(
                positions=np.zeros(len(context.positions.account)),
                balances=balance_parts(context, rows.account, rows.asset, own),
            )
        return Outcome(amount=ticks, parts=parts)

    def _silo(self, context: Context) -> I8:
        """(accounts,) the one siloed asset that an account owes, or what else it owes."""
        debts = borrowed(context)
        siloed = _flag(context.run, self.siloed)[debts.asset]
        owed = np.bincount(debts.account, minlength=context.accounts_count)
        silo = np.where(owed == 0, OWES_NOTHING, OWES).astype(np.int64)
        alone = siloed & (owed[debts.account] == 1)
        silo[debts.account[alone]] = debts.asset[alone]
        return silo

    def _room(self, context: Context, category: int, isolated: int, silo: int) -> float:
        """Reporting units for accounts of one kind, infinity without a bound."""
        run, isolation = context.run, self.credit.isolation
        assets = np.arange(len(run.universe.assets))
        own = np.full(len(assets), category)
        may = is_borrowable(context, self.credit.categories, own, assets)
        may &= _flag(run, self.borrowable)
        if isolated >= 0:
            may &= _flag(run, isolation.borrowable)
        price = pool_price(context, self.credit.categories, own, assets)
        left = np.where(may, self._left(run, price), 0.0)
        room = _in_silos(left, _flag(run, self.siloed), silo)
        if isolated < 0:
            return room
        ceiling = by_asset(run, isolation.ceiling)[isolated]
        dollars = np.maximum(ceiling - by_asset(run, self.isolated_debt)[isolated], 0.0)
        per_dollar = run.market.index[run.reporting_row][isolated]
        return float(np.minimum(room, dollars / per_dollar))

    def _left(self, run: Run, price: F8) -> F8:
        """(assets,) reporting units below the cap, infinity where there is none."""
        cap, total = by_asset(run, self.cap), by_asset(run, self.total)
        with np.errstate(invalid="ignore"):
            left = np.maximum(cap - total, 0.0)
            value = np.where(left == 0.0, 0.0, left * price)
        return np.where(np.isnan(cap), np.inf, value)


def _in_silos(room: F8, siloed: Flags, silo: int) -> float:
    """Reporting units: the siloed asset that is owed; else all others, or one siloed alone where
    nothing is owed.
    """
    if silo >= 0:
        return float(room[silo])
    together = float(room[~siloed].sum())
    if silo == OWES:
        return together
    return float(np.max(room[siloed], initial=together))


def _flag(run: Run, name: str) -> Flags:
    return by_asset(run, name) > 0.0
