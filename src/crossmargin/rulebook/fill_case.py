"""What open orders may turn into: the cases that a check looks at."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.columns import BalanceColumns, BookColumns, OrderColumns, PositionColumns
from crossmargin.domain.holding import OrderKind
from crossmargin.domain.universe import Kind
from crossmargin.rulebook.after_move import after_move
from crossmargin.rulebook.move import FillMove
from crossmargin.rulebook.pool import take_orders

Rows = TypeVar("Rows", PositionColumns, BalanceColumns, OrderColumns)
QUOTE = list(OrderKind).index(OrderKind.QUOTE)
ALONE_MAX = 16
"""With more orders than this, one alone is no case of its own: the sides and directions stay."""


def fill_sets(book: BookColumns) -> list[tuple[str, tuple[int, ...]]]:
    """(name, rows of orders) of every case of a book of one account: none filled, all, all bids,
    all asks, all that a rise of their underlyings fills, all that a fall does, and, of at most
    `ALONE_MAX` orders, each alone. Equal cases are named once.

    ValueError for more than one account.
    """
    if book.accounts_count != 1:
        raise ValueError(f"cases are those of one account, not of {book.accounts_count}")
    o = book.orders
    every = np.arange(len(o.account))
    gains_by_rise = np.where(_falls(book), -o.side, o.side) > 0.0
    wanted = [
        ("none filled", every[:0]),
        ("all filled", every),
        ("bids filled", every[o.side > 0.0]),
        ("asks filled", every[o.side < 0.0]),
        ("filled by a rise", every[~gains_by_rise]),
        ("filled by a fall", every[gains_by_rise]),
    ]
    if len(every) <= ALONE_MAX:
        wanted += [(f"order {row} filled", every[row : row + 1]) for row in every]
    chosen = {tuple(rows.tolist()): name for name, rows in reversed(wanted)}
    return sorted(((name, rows) for rows, name in chosen.items()), key=lambda x: (len(x[1]), x[1]))


def side_by_side(books: Sequence[BookColumns]) -> BookColumns:
    """Books over one universe and the same places as one book, account after account."""
    first = np.cumsum([0, *(book.accounts_count for book in books)])
    return replace(
        books[0],
        account_ids=tuple(str(name) for book in books for name in book.account_ids),
        owner=np.concatenate([book.owner for book in books]),
        positions=_joined([book.positions for book in books], first),
        balances=_joined([book.balances for book in books], first),
        orders=_joined([book.orders for book in books], first),
    )


def _falls(book: BookColumns) -> NDArray[np.bool_]:
    """(orders,) whether what is bought gains when its underlying falls: puts."""
    u, listing = book.universe, book.orders.instrument
    return np.asarray((u.kind[listing] == Kind.OPTION) & ~u.is_call[listing])


def with_fills(
    book: BookColumns,
    rows: tuple[int, ...],
    marks: NDArray[np.float64],
    protection_contracts: Mapping[str, Decimal],
) -> BookColumns:
    """The book of one account with some rows of its orders filled whole, the others resting.

    At the worse of limit and mark (`marks`, (instruments,), in the listing's quotation): a limit
    that is better than the mark is reached only when the mark is there too, and earns nothing.

    `protection_contracts` by listing: a venue cancels an account's quotes of a listing once so many
    contracts of a side have filled, so no more of its quotes count. ValueError for an order with
    neither a limit nor a mark.
    """
    o, names = book.orders, book.universe.listing_ids
    left: dict[tuple[int, float], Decimal] = {}
    moves = []
    for row in rows:
        listing, side = int(o.instrument[row]), float(o.side[row])
        contracts = Decimal(repr(float(o.contracts[row])))
        cap = protection_contracts.get(names[listing])
        if int(o.kind[row]) == QUOTE and cap is not None:
            room = left.get((listing, side), cap)
            contracts = min(contracts, room)
            left[listing, side] = room - contracts
        worse = np.fmax if side > 0.0 else np.fmin
        price = float(worse(o.limit_price[row], marks[listing]))
        if np.isnan(price):
            raise ValueError(f"an order of {names[listing]} has neither a limit nor a mark")
        if contracts:
            moves.append(
                FillMove(
                    account_id=str(book.account_ids[0]),
                    listing_id=names[listing],
                    contracts=contracts if side > 0.0 else -contracts,
                    price=Decimal(repr(price)),
                )
            )
    rest = np.setdiff1d(np.arange(len(o.account)), np.array(rows, dtype=np.int64))
    return after_move(replace(book, orders=take_orders(o, rest, o.account)), moves)


def _joined(parts: Sequence[Rows], first: NDArray[np.int64]) -> Rows:
    columns: dict[str, Any] = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(parts[0])
        if isinstance(getattr(parts[0], field.name), np.ndarray)
    }
    columns["account"] += np.repeat(first[:-1], [len(part.account) for part in parts])
    return replace(parts[0], **columns)
