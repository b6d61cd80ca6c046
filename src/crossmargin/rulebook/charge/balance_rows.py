"""Where the balances of a batch belong: rows of one account and asset in the balance block and its
groups.
"""

import numpy as np
from numpy.typing import NDArray

from crossmargin.rulebook.charge.row_ticks import tick_sum
from crossmargin.rulebook.context import ACCOUNT, Context

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


def block_row(context: Context, account: I8, asset: I8) -> I8:
    """(n,) the row of the balance block for each account and asset, -1 where the account has none
    of it.
    """
    block, universe = context.block("balances"), context.run.universe
    width = len(universe.assets)
    held = block.account * width + block.instrument - universe.listings_count
    wanted = account * width + asset
    row = np.minimum(np.searchsorted(held, wanted), max(len(held) - 1, 0))
    if not len(held):
        return np.full(len(wanted), -1, dtype=np.int64)
    return np.where(held[row] == wanted, row, -1)


def asset_group(context: Context, at: str, account: I8, asset: I8) -> I8:
    """(n,) the group of `at` in which an account's coins of an asset count.

    ValueError when balances take no part in that grouping: their amount would vanish.
    """
    if at == ACCOUNT:
        return account
    if not context.balances_grouped and len(account):
        raise ValueError(f"balances take no part in the groups of {at}")
    groups = context.groups(at)
    if at in ("settle", "underlying", "quote"):
        width = len(context.run.universe.assets)
        present = groups.account * width + groups.key
        wanted = account * width + asset
        found = np.minimum(np.searchsorted(present, wanted), max(len(present) - 1, 0))
        if len(wanted) and (not len(present) or np.any(present[found] != wanted)):
            raise ValueError(f"balances take no part in the groups of {at}")
        return found
    if len(account):
        raise ValueError(f"balances cannot be divided by {at}")
    return np.zeros(0, dtype=np.int64)


def balance_parts(context: Context, account: I8, asset: I8, ticks: F8) -> F8:
    """(balance block rows,) ticks of each account and asset, for the parts of an answer."""
    row = block_row(context, account, asset)
    if np.any((row < 0) & (ticks != 0.0)):
        raise AssertionError("an amount of a balance that is not in the balance block")
    return tick_sum(row, ticks, len(context.block("balances").account), "a balance")
