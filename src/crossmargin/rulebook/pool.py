"""Books made of other books: some of the accounts, accounts pooled, or with what a place holds
lost.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.columns import BalanceColumns, BookColumns, OrderColumns, PositionColumns
from crossmargin.domain.universe import Universe

I8 = NDArray[np.int64]
Rows = TypeVar("Rows", PositionColumns, BalanceColumns, OrderColumns)


def pooled(book: BookColumns, pool: I8, pool_ids: Sequence[str]) -> BookColumns:
    """The book with its accounts gathered into pools: `pool` (accounts,) numbers `pool_ids`, -1
    leaves one out.

    Rows are relabelled, not merged: each holding is rounded to ticks as in its own account, so a
    pool's scenario results are exactly the sums of its members'. A pool's owner is that of its
    first member.
    """
    owner = np.full(len(pool_ids), -1, dtype=np.int64)
    for account in range(len(pool) - 1, -1, -1):
        if pool[account] >= 0:
            owner[pool[account]] = book.owner[account]
    return replace(
        book,
        account_ids=tuple(pool_ids),
        owner=owner,
        positions=_positions(book.positions, pool),
        balances=_balances(book.balances, pool),
        orders=_orders(book.orders, pool),
    )


def chosen(book: BookColumns, accounts: Sequence[int]) -> BookColumns:
    """The book of some accounts only, in the order given."""
    pool = np.full(book.accounts_count, -1, dtype=np.int64)
    pool[np.asarray(accounts, dtype=np.int64)] = np.arange(len(accounts))
    return pooled(book, pool, [str(book.account_ids[account]) for account in accounts])


def account_rows(account: I8, wanted: I8) -> tuple[I8, I8]:
    """Rows of the accounts in the order `wanted`, in which one may stand several times, and each
    row's place in it; `account` (rows,) sorted.
    """
    first = np.searchsorted(account, wanted)
    count = np.searchsorted(account, wanted, side="right") - first
    label = np.repeat(np.arange(len(wanted), dtype=np.int64), count)
    row = np.arange(len(label)) + np.repeat(first - np.cumsum(count) + count, count)
    return row, label


def side_by_side(book: BookColumns, accounts: I8) -> BookColumns:
    """The book of the accounts in the order given, in which one may stand several times: each
    time it is an account of its own.
    """
    positions, holder = account_rows(book.positions.account, accounts)
    balances, owner = account_rows(book.balances.account, accounts)
    orders, orderer = account_rows(book.orders.account, accounts)
    p, b, o = book.positions, book.balances, book.orders
    return replace(
        book,
        account_ids=tuple(str(book.account_ids[account]) for account in accounts.tolist()),
        owner=book.owner[accounts],
        positions=replace(take_positions(p, positions, p.account), account=holder),
        balances=replace(take_balances(b, balances, b.account), account=owner),
        orders=replace(take_orders(o, orders, o.account), account=orderer),
    )


def of_settlement(book: BookColumns, code: str) -> BookColumns:
    """Only what settles in one asset, and balances of it: one segregated pocket of every account.

    In a universe of several copies it is that asset of every copy.
    """
    p, b, o = book.positions, book.balances, book.orders
    own = np.array([name == code for name in book.universe.assets], dtype=np.bool_)
    settles = own[book.universe.settle]
    return replace(
        book,
        positions=take_positions(p, np.flatnonzero(settles[p.instrument]), p.account),
        balances=take_balances(b, np.flatnonzero(own[b.asset]), b.account),
        orders=take_orders(o, np.flatnonzero(settles[o.instrument]), o.account),
    )


def without_balances(book: BookColumns, lost: NDArray[np.bool_]) -> BookColumns:
    """The book with the positive balances that `lost` (balances,) marks at zero; debts and
    positions stay.
    """
    amount = np.where(lost & (book.balances.amount > 0.0), 0.0, book.balances.amount)
    return replace(book, balances=replace(book.balances, amount=amount))


def copied(book: BookColumns, copies: Universe) -> BookColumns:
    """A one-account book as many accounts of its name, one in each copy of the universe that
    `copies` holds.
    """
    n, assets = book.universe.listings_count, len(book.universe.assets)
    return replace(
        book,
        universe=copies,
        account_ids=(str(book.account_ids[0]),) * copies.copies,
        owner=np.repeat(book.owner, copies.copies),
        positions=_repeated(book.positions, copies.copies, "instrument", n),
        balances=_repeated(book.balances, copies.copies, "asset", assets),
        orders=_repeated(book.orders, copies.copies, "instrument", n),
    )


def _repeated(rows: Rows, copies: int, index: str, step: int) -> Rows:
    """All rows once per copy: copy k is account k, its instruments or assets are k x step further
    on.
    """
    copy = np.repeat(np.arange(copies, dtype=np.int64), len(rows.account))
    columns: dict[str, Any] = {
        field.name: np.tile(getattr(rows, field.name), copies)
        for field in fields(rows)
        if isinstance(getattr(rows, field.name), np.ndarray)
    }
    columns["account"] = copy
    columns[index] = columns[index] + copy * step
    return replace(rows, **columns)


def _sorted_rows(account: I8, pool: I8, second: I8) -> tuple[I8, I8]:
    """Rows that stay, ordered by pool, then `second`, then as they were; and each row's pool."""
    label = pool[account]
    kept = np.flatnonzero(label >= 0)
    order = kept[np.lexsort((second[kept], label[kept]))]
    return order, label


def _positions(rows: PositionColumns, pool: I8) -> PositionColumns:
    order, label = _sorted_rows(rows.account, pool, rows.instrument)
    return take_positions(rows, order, label)


def _balances(rows: BalanceColumns, pool: I8) -> BalanceColumns:
    order, label = _sorted_rows(rows.account, pool, rows.asset)
    return take_balances(rows, order, label)


def _orders(rows: OrderColumns, pool: I8) -> OrderColumns:
    order, label = _sorted_rows(rows.account, pool, rows.instrument)
    return take_orders(rows, order, label)


def take_positions(rows: PositionColumns, order: I8 | slice, account: I8) -> PositionColumns:
    """Some rows in the order given, with `account` (all rows,) as their new labels."""
    return PositionColumns(
        account=account[order],
        instrument=rows.instrument[order],
        contracts=rows.contracts[order],
        cost=rows.cost[order],
        funding=rows.funding[order],
    )


def take_balances(rows: BalanceColumns, order: I8 | slice, account: I8) -> BalanceColumns:
    """Some rows in the order given, with `account` (all rows,) as their new labels."""
    return BalanceColumns(
        account=account[order],
        asset=rows.asset[order],
        amount=rows.amount[order],
        venue=rows.venue[order],
        chain=rows.chain[order],
        bridge=rows.bridge[order],
        custodian=rows.custodian[order],
        usable=rows.usable[order],
        loan=rows.loan[order],
        places=rows.places,
    )


def take_orders(rows: OrderColumns, order: I8 | slice, account: I8) -> OrderColumns:
    """Some rows in the order given, with `account` (all rows,) as their new labels."""
    return OrderColumns(
        account=account[order],
        instrument=rows.instrument[order],
        side=rows.side[order],
        contracts=rows.contracts[order],
        limit_price=rows.limit_price[order],
        kind=rows.kind[order],
    )
