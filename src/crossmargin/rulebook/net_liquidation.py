"""Net liquidation value: what would be left if everything were closed at its mark. No rulebook
changes it.
"""

import numpy as np
from numpy.typing import NDArray

from crossmargin.rulebook.amount import added_up
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.selection import FUTURES


def row_net_value(context: Context) -> NDArray[np.float64]:
    """(position rows,) whole ticks: unrealised profit of futures and perpetuals, mark value of the
    rest.

    Funding accrued counts, also where nothing is held any more. NaN where the mark, or for a future
    the entry, is missing.
    """
    run, p = context.run, context.positions
    rate = run.asset_rate()[run.universe.settle]
    own = p.contracts * context.field("mark_value")[p.instrument]
    futures = np.flatnonzero(run.chosen(FUTURES)[p.instrument])
    own[futures] -= p.cost[futures] * rate[p.instrument[futures]]
    own[p.contracts == 0.0] = 0.0
    owed = np.flatnonzero(p.funding)
    own[owed] += p.funding[owed] * rate[p.instrument[owed]]
    own *= 2.0**-run.tick_exponent
    return np.rint(own, out=own)


def row_balance_value(context: Context) -> NDArray[np.float64]:
    """(balance rows,) whole ticks: coins at their index; debts negative."""
    run, b = context.run, context.balances
    value = np.where(b.amount == 0.0, 0.0, b.amount * run.asset_rate()[b.asset])
    return np.rint(value * 2.0**-run.tick_exponent)


def net_liquidation_value(context: Context) -> NDArray[np.float64]:
    """(accounts,) whole ticks: balances at index, options and spot at mark, futures' unrealised
    profit.
    """
    count = context.accounts_count
    positions = added_up(context.positions.account, row_net_value(context), count)
    return positions + added_up(context.balances.account, row_balance_value(context), count)
