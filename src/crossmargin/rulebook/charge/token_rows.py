"""Tokens: what an account has of each asset, balances and debts netted, with a row for each asset
that its spot orders would bring or take.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.universe import Kind
from crossmargin.rulebook.charge.balance_rows import block_row
from crossmargin.rulebook.charge.interface import Parts
from crossmargin.rulebook.charge.row_ticks import tick_sum
from crossmargin.rulebook.context import Context

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TokenRows:
    """(tokens,) one row per account and asset, sorted: signed coins, a debt negative."""

    account: I8
    asset: I8
    coins: F8


def token_rows(context: Context, more_account: I8, more_asset: I8, more_coins: F8) -> TokenRows:
    """The batch's balances and spot positions with more coins added: what perpetuals bring, 0 for a
    row to be there.

    What is not usable gives nothing; a debt counts always. A leveraged token is no coin of its
    underlying: its row is NaN.
    """
    b, p, universe = context.balances, context.positions, context.run.universe
    own = np.where((b.amount > 0.0) & ~b.usable, 0.0, b.amount)
    spot = spot_positions(context)
    i = p.instrument[spot]
    held = p.contracts[spot] * context.field("coins")[i]
    held = np.where((universe.leverage[i] == 1.0) | (held == 0.0), held, np.nan)
    width = len(universe.assets)
    key = np.concatenate([b.account, p.account[spot], more_account]) * width
    key += np.concatenate([b.asset, universe.underlying[i], more_asset])
    present, row = np.unique(key, return_inverse=True)
    coins = np.bincount(
        row, weights=np.concatenate([own, held, more_coins]), minlength=len(present)
    ).astype(np.float64)
    return TokenRows(account=present // width, asset=present % width, coins=coins)


def row_of_token(context: Context, tokens: TokenRows, account: I8, asset: I8) -> I8:
    """(n,) the token row of each account and asset; all of them must be there."""
    width = len(context.run.universe.assets)
    return np.searchsorted(tokens.account * width + tokens.asset, account * width + asset)


def spot_positions(context: Context) -> I8:
    """Rows of positions in spot listings: coins of their underlying."""
    return np.flatnonzero(context.run.universe.kind[context.positions.instrument] == Kind.SPOT)


def spot_orders(context: Context) -> I8:
    """Rows of open orders in spot listings."""
    return np.flatnonzero(context.run.universe.kind[context.orders.instrument] == Kind.SPOT)


def token_parts(context: Context, tokens: TokenRows, ticks: F8, holder: I8) -> Parts:
    """Ticks of tokens at the account's balance of that asset; where it has none, at a position row.

    `holder` (tokens,) is that position row, -1 for none.
    """
    row = block_row(context, tokens.account, tokens.asset)
    homeless = (row < 0) & (ticks != 0.0)
    if np.any(homeless & (holder < 0)):
        raise AssertionError("an amount of a token that no balance and no position stands for")
    positions = np.zeros(len(context.positions.account))
    np.add.at(positions, holder[homeless], ticks[homeless])
    balances = tick_sum(row, ticks, len(context.block("balances").account), "a token")
    return Parts(positions=positions, balances=balances)


def position_row(context: Context, account: I8, instrument: I8) -> I8:
    """(n,) the position row of each account and instrument; the batch has one for every order."""
    p = context.positions
    count = context.run.universe.instruments_count
    return np.searchsorted(p.account * count + p.instrument, account * count + instrument)


def holders(context: Context, tokens: TokenRows, row: I8, token: I8) -> I8:
    """(tokens,) a position row that stands for each token: the first of `row` with that `token`,
    else a spot position in it.
    """
    p, spot = context.positions, spot_positions(context)
    asset = context.run.universe.underlying[p.instrument[spot]]
    holder = np.full(len(tokens.account), -1, dtype=np.int64)
    holder[row_of_token(context, tokens, p.account[spot], asset)] = spot
    holder[token[::-1]] = row[::-1]
    return holder
