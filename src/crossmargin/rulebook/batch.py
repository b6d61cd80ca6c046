"""A run of accounts of a book, cut out without copying, and ready for open orders."""

from dataclasses import replace
from typing import TypeVar
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.columns import (
    BalanceColumns,
    BookColumns,
    OrderColumns,
    PositionColumns,
)
from crossmargin.rulebook.context import account_indptr
from crossmargin.rulebook.pool import take_balances, take_orders, take_positions

Rows = TypeVar("Rows", PositionColumns, BalanceColumns, OrderColumns)


def between(book: BookColumns, first: int, last: int) -> BookColumns:
    """Accounts `first` to `last - 1` of the book, numbered from 0."""
    if first == 0 and last == book.accounts_count:
        return book
    p, b, o = book.positions, book.balances, book.orders
    return replace(
        book,
        account_ids=book.account_ids[first:last],
        owner=book.owner[first:last],
        positions=_moved(take_positions(p, _here(p.account, first, last), p.account), first),
        balances=_moved(take_balances(b, _here(b.account, first, last), b.account), first),
        orders=_moved(take_orders(o, _here(o.account, first, last), o.account), first),
    )


def _moved(rows: Rows, first: int) -> Rows:
    return replace(rows, account=rows.account - first)


def _here(account: NDArray[np.int64], first: int, last: int) -> slice:
    bounds = np.searchsorted(account, [first, last])
    return slice(int(bounds[0]), int(bounds[1]))


_STARTS: WeakKeyDictionary[PositionColumns, NDArray[np.int64]] = WeakKeyDictionary()


def row_starts(positions: PositionColumns, accounts_count: int) -> NDArray[np.int64] | None:
    """(accounts + 1,) where the positions of each account begin; None where rows are not sorted.

    Found once for each book: rows never change, and a book is margined again with every market.
    """
    known = _STARTS.get(positions)
    if known is None or len(known) != accounts_count + 1:
        known = account_indptr(positions.account, accounts_count)
        if known is None:
            return None
        known.setflags(write=False)
        _STARTS[positions] = known
    return known


def with_order_rows(positions: PositionColumns, orders: OrderColumns) -> PositionColumns:
    """Positions with a row of no contracts for every listing in which there are only orders."""
    if not len(orders.account):
        return positions
    width = 1 + int(max(positions.instrument.max(initial=0), orders.instrument.max(initial=0)))
    held = positions.account * width + positions.instrument
    wanted = np.setdiff1d(orders.account * width + orders.instrument, held)
    if not len(wanted):
        return positions
    order = np.argsort(np.concatenate([held, wanted]), kind="stable")
    zeros = np.zeros(len(wanted))
    return PositionColumns(
        account=np.concatenate([positions.account, wanted // width])[order],
        instrument=np.concatenate([positions.instrument, wanted % width])[order],
        contracts=np.concatenate([positions.contracts, zeros])[order],
        cost=np.concatenate([positions.cost, zeros])[order],
        funding=np.concatenate([positions.funding, zeros])[order],
    )
