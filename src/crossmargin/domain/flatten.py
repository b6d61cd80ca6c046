"""A book as columns over a universe: merged exactly, then floats."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.exact import PRECISE
from crossmargin.domain.book import Book
from crossmargin.domain.columns import BalanceColumns, BookColumns, OrderColumns, PositionColumns
from crossmargin.domain.holding import BalanceState, Location, OrderKind, Position, Side
from crossmargin.domain.universe import Universe

_KINDS = {kind: number for number, kind in enumerate(OrderKind)}


def book_columns(
    book: Book, universe: Universe, positions: PositionColumns | None = None
) -> BookColumns:
    """Book -> columns: accounts by id, rows by account and instrument; arrays read-only.

    Positions of one account in one listing are one row: contracts, cost and funding are added as
    decimals. A row that holds nothing and owes nothing is left out; a long and a short that cancel
    stay when their costs differ. Loans with their interest are negative balance rows. `positions`
    are those of the book where somebody has their columns already. KeyError when the universe has
    not all listings and assets of the book.
    """
    account_ids = tuple(sorted(book.accounts))
    account_of = {name: number for number, name in enumerate(account_ids)}
    entity_of = {name: number for number, name in enumerate(sorted(book.entities))}
    row_of = listing_rows(universe)
    owner = [entity_of[book.accounts[name].entity_id] for name in account_ids]
    return BookColumns(
        universe=universe,
        account_ids=account_ids,
        owner=_whole(owner),
        positions=positions or position_columns(book.positions, account_of, universe),
        balances=_balance_columns(book, account_of, universe),
        orders=_order_columns(book, account_of, row_of),
        owner_ids=tuple(sorted(book.entities)),
    )


def position_columns(
    positions: Iterable[Position], account_of: Mapping[str, int], universe: Universe
) -> PositionColumns:
    """Positions as rows by account and instrument, merged exactly; see `book_columns`."""
    row_of = listing_rows(universe)
    width = len(row_of) or 1
    merged: dict[int, Position] = {}
    for position in positions:
        key = account_of[position.account_id] * width + row_of[position.listing_id]
        merged[key] = _sum(merged[key], position) if key in merged else position
    keys = sorted(merged)
    rows = [merged[key] for key in keys]
    empty = [not (x.contracts or x.funding_accrued or x.cost_settle != 0) for x in rows]
    if any(empty):
        keys = [key for key, none in zip(keys, empty, strict=True) if not none]
        rows = [merged[key] for key in keys]
    account, instrument = divmod(np.array(keys, dtype=np.int64), width)
    for column in (account, instrument):
        column.setflags(write=False)
    return PositionColumns(
        account=account,
        instrument=instrument,
        contracts=_real([float(x.contracts) for x in rows]),
        cost=_real([_or_nan(x.cost_settle) for x in rows]),
        funding=_real([float(x.funding_accrued) for x in rows]),
    )


def _sum(first: Position, second: Position) -> Position:
    """Both in one row; a single unknown cost makes the whole cost unknown."""
    cost = None
    if first.cost_settle is not None and second.cost_settle is not None:
        cost = PRECISE.add(first.cost_settle, second.cost_settle)
    return replace(
        first,
        contracts=PRECISE.add(first.contracts, second.contracts),
        cost_settle=cost,
        funding_accrued=PRECISE.add(first.funding_accrued, second.funding_accrued),
    )


def listing_rows(universe: Universe) -> Mapping[str, int]:
    """Row of each listing by its id."""
    return _row_of(universe.listing_ids)


@lru_cache(maxsize=8)
def _row_of(listing_ids: tuple[str, ...]) -> Mapping[str, int]:
    return {name: number for number, name in enumerate(listing_ids)}


def _balance_columns(
    book: Book, account_of: Mapping[str, int], universe: Universe
) -> BalanceColumns:
    asset_of = {code: number for number, code in enumerate(universe.assets)}
    units: dict[tuple[int, int, Location, bool, bool], int] = {}
    for balance in book.balances:
        usable = balance.state in (BalanceState.FREE, BalanceState.LOCKED)
        key = (
            account_of[balance.account_id],
            asset_of[balance.asset],
            balance.location,
            usable,
            False,
        )
        units[key] = units.get(key, 0) + balance.amount_units
    for loan in book.loans:
        place = Location(venue=book.accounts[loan.account_id].venue)
        key = (account_of[loan.account_id], asset_of[loan.asset], place, True, True)
        units[key] = units.get(key, 0) - loan.amount_units - loan.interest_units
    places = tuple(
        sorted({name for _, _, place, _, _ in units for name in _names(place) if name is not None})
    )
    place_of = {name: number for number, name in enumerate(places)}
    kept = sorted(
        (
            (account, asset, [_number(place_of, name) for name in _names(place)], usable, loan, n)
            for (account, asset, place, usable, loan), n in units.items()
            if n
        ),
    )
    decimals = [
        book.assets[code].decimals if code in book.assets else 0 for code in universe.assets
    ]
    return BalanceColumns(
        account=_whole([row[0] for row in kept]),
        asset=_whole([row[1] for row in kept]),
        amount=_real([float(Fraction(row[5], 10 ** decimals[row[1]])) for row in kept]),
        venue=_whole([row[2][0] for row in kept]),
        chain=_whole([row[2][1] for row in kept]),
        bridge=_whole([row[2][2] for row in kept]),
        custodian=_whole([row[2][3] for row in kept]),
        usable=_flags([row[3] for row in kept]),
        loan=_flags([row[4] for row in kept]),
        places=places,
    )


def _order_columns(
    book: Book, account_of: Mapping[str, int], row_of: Mapping[str, int]
) -> OrderColumns:
    orders = sorted(
        book.orders, key=lambda x: (account_of[x.account_id], row_of[x.listing_id], x.order_id)
    )
    kinds = np.array([_KINDS[order.kind] for order in orders], dtype=np.int8)
    kinds.setflags(write=False)
    return OrderColumns(
        account=_whole([account_of[order.account_id] for order in orders]),
        instrument=_whole([row_of[order.listing_id] for order in orders]),
        side=_real([1.0 if order.side is Side.BUY else -1.0 for order in orders]),
        contracts=_real([float(order.contracts) for order in orders]),
        limit_price=_real([_or_nan(order.limit_price) for order in orders]),
        kind=kinds,
    )


def _names(place: Location) -> tuple[str | None, str | None, str | None, str | None]:
    return place.venue, place.chain, place.bridge, place.custodian


def _number(numbers: Mapping[str, int], name: str | None) -> int:
    return -1 if name is None else numbers[name]


def _or_nan(value: Decimal | None) -> float:
    return float("nan") if value is None else float(value)


def _whole(values: Sequence[int]) -> NDArray[np.int64]:
    column = np.array(values, dtype=np.int64)
    column.setflags(write=False)
    return column


def _real(values: Sequence[float]) -> NDArray[np.float64]:
    column = np.array(values, dtype=np.float64)
    column.setflags(write=False)
    return column


def _flags(values: Sequence[bool]) -> NDArray[np.bool_]:
    column = np.array(values, dtype=np.bool_)
    column.setflags(write=False)
    return column
