"""Net liquidation value: what would be left if everything were closed at its mark. No rulebook
changes it.
"""

import numpy as np
from numpy.typing import NDArray

from crossmargin.rulebook.account_sum import account_sum
from crossmargin.rulebook.amount import added_up
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.selection import FUTURES


def row_net_value(context: Context) -> NDArray[np.float64]:
    """(position rows,) whole ticks: unrealised profit of futures and perpetuals, mark value of the
    rest.

    Funding accrued counts, also where nothing is held any more. NaN where the mark, or for a future
    the entry, is missing.
    """
    return _net_value(context, slice(None))


def _net_value(context: Context, rows: NDArray[np.int64] | slice) -> NDArray[np.float64]:
    """(rows,) the same of some position rows."""
    run, p = context.run, context.positions
    instrument, contracts, funding = p.instrument[rows], p.contracts[rows], p.funding[rows]
    rate = run.asset_rate()[run.universe.settle]
    own = contracts * context.field("mark_value")[instrument]
    futures = np.flatnonzero(run.chosen(FUTURES)[instrument])
    own[futures] -= p.cost[rows][futures] * rate[instrument[futures]]
    own[contracts == 0.0] = 0.0
    owed = np.flatnonzero(funding)
    own[owed] += funding[owed] * rate[instrument[owed]]
    own *= 2.0**-run.tick_exponent
    return np.rint(own, out=own)


def _positions_value(context: Context) -> NDArray[np.float64]:
    """(accounts,) whole ticks: rows that have nothing but a mark by the kernel, others by row."""
    p, count = context.positions, context.accounts_count
    apart = _with_more_than_a_mark(context)
    contracts = p.contracts
    if len(apart):
        contracts = contracts.copy()
        contracts[apart] = 0.0
    plain = account_sum(context, context.field("mark_value"), contracts)
    if plain is None:
        return added_up(p.account, row_net_value(context), count)
    if not len(apart):
        return plain
    return plain + added_up(p.account[apart], _net_value(context, apart), count)


def _with_more_than_a_mark(context: Context) -> NDArray[np.int64]:
    """Numbers of the rows with a cost or funding that counts."""
    p = context.positions
    futures = context.run.chosen(FUTURES)
    if futures.any():
        return np.flatnonzero(futures[p.instrument] | (p.funding != 0.0))
    return np.flatnonzero(p.funding) if p.funding.any() else np.zeros(0, dtype=np.int64)


def row_balance_value(context: Context) -> NDArray[np.float64]:
    """(balance rows,) whole ticks: coins at their index; debts negative."""
    run, b = context.run, context.balances
    value = b.amount * run.asset_rate()[b.asset]
    if np.isnan(value).any():
        value[b.amount == 0.0] = 0.0
    value *= 2.0**-run.tick_exponent
    return np.rint(value, out=value)


def net_liquidation_value(context: Context) -> NDArray[np.float64]:
    """(accounts,) whole ticks: balances at index, options and spot at mark, futures' unrealised
    profit.
    """
    count = context.accounts_count
    return _positions_value(context) + added_up(
        context.balances.account, row_balance_value(context), count
    )
