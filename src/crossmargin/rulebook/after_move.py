"""The book after moves: the one place that says what an order, a fill, a withdrawal or a transfer
does to what is held. The book itself stays as it is.

Columns hold float64. Each number that changes is read as the shortest decimal that it stands for,
changed exactly, and written back: so figures of up to 15 digits come out as if the book had been
read with the move already in it.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any, TypeVar, assert_never

import numpy as np

from crossmargin.base.exact import PRECISE
from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.domain.columns import (
    BalanceColumns,
    BookColumns,
    OrderColumns,
    PositionColumns,
)
from crossmargin.domain.holding import OrderKind, Side
from crossmargin.domain.universe import Kind
from crossmargin.rulebook.move import FillMove, Move, OrderMove, TransferMove, WithdrawalMove

Rows = TypeVar("Rows", PositionColumns, BalanceColumns, OrderColumns)

_KINDS = {kind: number for number, kind in enumerate(OrderKind)}
_ZERO = Decimal(0)


def after_move(book: BookColumns, moves: Sequence[Move]) -> BookColumns:
    """The book with the moves made, one after the other.

    An order rests. A fill of a future or perpetual changes the position and its cost, and what it
    closes becomes cash; one of an option is paid in cash; one of spot exchanges two balances. Money
    leaves what is free (usable, no loan), first rows first.

    `InputRefused` for an unknown account, listing or asset, an amount that is not above 0, less
    that is free than is to leave, and a fill that closes a position without a known cost.
    """
    for number, move in enumerate(moves):
        where = f"moves[{number}]"
        match move:
            case OrderMove():
                book = _ordered(book, move, where)
            case FillMove():
                book = _filled(book, move, where)
            case WithdrawalMove():
                book = _paid(book, move.account_id, move.asset, move.coins, where)
            case TransferMove():
                book = _paid(book, move.account_id, move.asset, move.coins, where)
                account = _account(book, move.to_account_id, f"{where}.to_account_id")
                book = with_cash(book, account, _asset(book, move.asset, where), move.coins)
            case _:
                assert_never(move)
    return book


def with_cash(book: BookColumns, account: int, asset: int, coins: Decimal) -> BookColumns:
    """The book with signed coins added to the account's first free row of an asset, or to a new
    row at the venue of its first balance; what is left may be a debt.
    """
    b = book.balances
    rows = _free_rows(book, account, asset)
    if rows.size:
        amount = b.amount.copy()
        amount[rows[0]] = float(PRECISE.add(_decimal(amount[rows[0]]), coins))
        return replace(book, balances=replace(b, amount=amount))
    before = (b.account < account) | ((b.account == account) & (b.asset <= asset))
    venues = b.venue[b.account == account]
    row = {
        "account": account,
        "asset": asset,
        "amount": float(coins),
        "venue": int(venues[0]) if venues.size else -1,
        "chain": -1,
        "bridge": -1,
        "custodian": -1,
        "usable": True,
        "loan": False,
    }
    return replace(book, balances=_inserted(b, int(before.sum()), row))


def _ordered(book: BookColumns, move: OrderMove, where: str) -> BookColumns:
    account = _account(book, move.account_id, f"{where}.account_id")
    listing = _listing(book, move.listing_id, where)
    _above_zero(move.contracts, f"{where}.contracts")
    _above_zero(move.limit_price, f"{where}.limit_price")
    o = book.orders
    before = (o.account < account) | ((o.account == account) & (o.instrument <= listing))
    row = {
        "account": account,
        "instrument": listing,
        "side": 1.0 if move.side is Side.BUY else -1.0,
        "contracts": float(move.contracts),
        "limit_price": float(move.limit_price),
        "kind": _KINDS[move.kind],
    }
    return replace(book, orders=_inserted(o, int(before.sum()), row))


def _filled(book: BookColumns, move: FillMove, where: str) -> BookColumns:
    account = _account(book, move.account_id, f"{where}.account_id")
    listing = _listing(book, move.listing_id, where)
    _above_zero(move.price, f"{where}.price")
    if not move.contracts.is_finite() or move.contracts == 0:
        raise _refused(f"{where}.contracts", f"{move.contracts} is not a number other than 0")
    if not (move.fee.is_finite() and move.fee >= 0):
        raise _refused(f"{where}.fee", f"{move.fee} is not at least 0")
    u = book.universe
    kind, settle = u.kind[listing], int(u.settle[listing])
    size = _decimal(u.contract_size[listing])
    quoted = PRECISE.multiply(move.contracts, size)
    face = bool(u.inverse[listing]) and kind != Kind.OPTION
    if face:
        paid = PRECISE.minus(PRECISE.divide(quoted, move.price))
    else:
        paid = PRECISE.multiply(quoted, move.price)
    cash = PRECISE.minus(move.fee)
    if kind == Kind.SPOT and u.leverage[listing] == 1.0:
        coins = PRECISE.multiply(quoted, _decimal(u.multiplier[listing]))
        book = with_cash(book, account, int(u.underlying[listing]), coins)
        cash = PRECISE.subtract(cash, paid)
    elif kind in (Kind.PERPETUAL, Kind.FUTURE):
        book, realised = _traded(book, account, listing, move.contracts, paid, where)
        cash = PRECISE.add(cash, realised)
    else:
        book, _ = _traded(book, account, listing, move.contracts, paid, where)
        cash = PRECISE.subtract(cash, paid)
    return book if cash == 0 else with_cash(book, account, settle, cash)


def _traded(
    book: BookColumns, account: int, listing: int, contracts: Decimal, paid: Decimal, where: str
) -> tuple[BookColumns, Decimal]:
    """The book with contracts added to a position at what was paid for them, and what that
    realised: what the closed part was sold for, less its share of the cost.
    """
    p = book.positions
    rows = np.flatnonzero((p.account == account) & (p.instrument == listing))
    if not rows.size:
        before = (p.account < account) | ((p.account == account) & (p.instrument < listing))
        row = {
            "account": account,
            "instrument": listing,
            "contracts": float(contracts),
            "cost": float(paid),
            "funding": 0.0,
        }
        return replace(book, positions=_inserted(p, int(before.sum()), row)), _ZERO
    place = int(rows[0])
    if np.isnan(p.cost[place]):
        raise _refused(where, "the position has no known cost: what a fill realises is unknown")
    held, cost = _decimal(p.contracts[place]), _decimal(p.cost[place])
    closed = min(abs(held), abs(contracts)) if held * contracts < 0 else _ZERO
    cost_closed, paid_closed = _ZERO, _ZERO
    if closed:
        cost_closed = PRECISE.divide(PRECISE.multiply(cost, closed), abs(held))
        paid_closed = PRECISE.divide(PRECISE.multiply(paid, closed), abs(contracts))
    left = PRECISE.add(PRECISE.subtract(cost, cost_closed), PRECISE.subtract(paid, paid_closed))
    contracts_now, cost_now = p.contracts.copy(), p.cost.copy()
    contracts_now[place] = float(PRECISE.add(held, contracts))
    cost_now[place] = float(left)
    realised = PRECISE.minus(PRECISE.add(cost_closed, paid_closed))
    rows_now = replace(p, contracts=contracts_now, cost=cost_now)
    return replace(book, positions=rows_now), realised


def _paid(
    book: BookColumns, account_id: str, asset_code: str, coins: Decimal, where: str
) -> BookColumns:
    account = _account(book, account_id, f"{where}.account_id")
    asset = _asset(book, asset_code, where)
    _above_zero(coins, f"{where}.coins")
    amount, left = book.balances.amount.copy(), coins
    for row in _free_rows(book, account, asset):
        taken = min(left, max(_ZERO, _decimal(amount[row])))
        amount[row] = float(PRECISE.subtract(_decimal(amount[row]), taken))
        left = PRECISE.subtract(left, taken)
    if left > 0:
        raise _refused(f"{where}.coins", f"{left} {asset_code} more than is free")
    return replace(book, balances=replace(book.balances, amount=amount))


def _free_rows(
    book: BookColumns, account: int, asset: int
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    b = book.balances
    return np.flatnonzero((b.account == account) & (b.asset == asset) & b.usable & ~b.loan)


def _inserted(rows: Rows, place: int, row: dict[str, float]) -> Rows:
    columns: dict[str, Any] = {
        field.name: np.insert(getattr(rows, field.name), place, row[field.name])
        for field in fields(rows)
        if field.name in row
    }
    return replace(rows, **columns)


def _account(book: BookColumns, account_id: str, where: str) -> int:
    try:
        return list(book.account_ids).index(account_id)
    except ValueError:
        message = f"{account_id!r} is no account of the book"
        raise InputRefused([Failure(Reason.UNKNOWN_ACCOUNT, where, message)]) from None


def _listing(book: BookColumns, listing_id: str, where: str) -> int:
    try:
        return book.universe.listing_ids.index(listing_id)
    except ValueError:
        message = f"{listing_id!r} is not listed"
        failure = Failure(Reason.UNKNOWN_SYMBOL, f"{where}.listing_id", message)
        raise InputRefused([failure]) from None


def _asset(book: BookColumns, code: str, where: str) -> int:
    try:
        return book.universe.assets.index(code)
    except ValueError:
        failure = Failure(Reason.UNKNOWN_ASSET, f"{where}.asset", f"{code!r} is no asset")
        raise InputRefused([failure]) from None


def _above_zero(value: Decimal, where: str) -> None:
    if not (value.is_finite() and value > 0):
        raise _refused(where, f"{value} is not above 0")


def _decimal(value: float) -> Decimal:
    """The shortest decimal that a float64 stands for."""
    return Decimal(repr(float(value)))


def _refused(where: str, message: str) -> InputRefused:
    return InputRefused([Failure(Reason.OUT_OF_BOUNDS, where, message)])
