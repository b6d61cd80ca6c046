"""What an account has supplied to a lending pool and what it has borrowed there: not netted."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.rulebook.charge.asset_price import Price, asset_price
from crossmargin.rulebook.charge.collateral_haircuts import by_asset
from crossmargin.rulebook.charge.pool_category import Categories, in_category
from crossmargin.rulebook.charge.row_ticks import row_ticks
from crossmargin.rulebook.context import Context

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoolRows:
    """(rows,) one row per account and asset, sorted; `coins` above 0 of what is supplied, or
    owed.
    """

    account: I8
    asset: I8
    coins: F8


def supplied(context: Context) -> PoolRows:
    """What is supplied and may serve as collateral: balances above 0 that are not pledged or under
    way.
    """
    b = context.balances
    return _rows(context, (b.amount > 0.0) & b.usable, 1.0)


def borrowed(context: Context) -> PoolRows:
    """What is owed, loans and negative balances, with interest. A supply of the same asset does
    not pay it.
    """
    return _rows(context, context.balances.amount < 0.0, -1.0)


def _rows(context: Context, chosen: NDArray[np.bool_], sign: float) -> PoolRows:
    b, width = context.balances, len(context.run.universe.assets)
    rows = np.flatnonzero(chosen)
    present, inverse = np.unique(b.account[rows] * width + b.asset[rows], return_inverse=True)
    coins = np.bincount(inverse, sign * b.amount[rows], len(present)).astype(np.float64)
    return PoolRows(account=present // width, asset=present % width, coins=coins)


def pool_price(context: Context, words: Categories, category: I8, asset: I8) -> F8:
    """(n,) reporting units per coin in the account's category, 0 for none: at the index, or at the
    category's own price source.
    """
    run = context.run
    price = asset_price(run, Price.INDEX)[asset]
    priced = np.concatenate([[0.0], words.flags(run, words.priced)]) > 0.0
    own = priced[category] & in_category(context, words, category, asset)
    if not own.any():
        return price
    dollars = by_asset(run, words.price)[asset]
    return np.where(own, dollars / run.market.index[run.reporting_row][asset], price)


def pool_value(context: Context, rows: PoolRows, words: Categories, category: I8, weight: F8) -> F8:
    """(rows,) ticks of coins x price x weight, to nearest; NaN where a price is missing and counts.

    `category` (accounts,) is the number of the account's category, 0 for none.
    """
    price = pool_price(context, words, category[rows.account], rows.asset)
    with np.errstate(invalid="ignore"):
        amount = np.where(weight == 0.0, 0.0, rows.coins * price * weight)
    return row_ticks(context, amount, "a balance in a pool")
