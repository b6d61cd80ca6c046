"""What if a venue, chain, bridge, custodian, issuer or wrapped coin is lost: its collateral counts
zero, positions stay.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.book import Book
from crossmargin.domain.columns import BookColumns
from crossmargin.rulebook.figures import unit_of
from crossmargin.rulebook.place import PlaceKind, places
from crossmargin.rulebook.pocket import assess_pockets
from crossmargin.rulebook.pool import account_rows, side_by_side, without_balances
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket
from crossmargin.rulebook.statement_types import Loss


def losses(
    book: Book, columns: BookColumns, priced: PricedMarket, recipes: Mapping[str, Recipe]
) -> tuple[Loss, ...]:
    """The total loss of every place and issuer that holds something, one at a time.

    A shortfall is a negative buffer of the liquidation level of an account's own rulebook that is
    lower than without the loss.
    """
    places = list(_places(book, columns))
    amount, asset = columns.balances.amount, columns.balances.asset
    short = _shortfalls(columns, [lost & (amount > 0.0) for _, _, lost in places], priced, recipes)
    found = []
    for (kind, name, lost), shortfalls in zip(places, short, strict=True):
        rows = np.flatnonzero(lost & (amount > 0.0))
        worth = (amount[rows] * priced.market.index[asset[rows]]).sum()
        credit = None if np.isnan(worth) else Decimal(f"{worth:.2f}")
        found.append(Loss(kind=kind, name=name, credit_lost=credit, shortfalls=shortfalls))
    return tuple(found)


def _places(book: Book, columns: BookColumns) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Kind, name and rows of every place; a family of issuers only where it unites several."""
    rows, codes = columns.balances, columns.universe.assets
    issuers: list[NDArray[np.bool_]] = []
    for kind in PlaceKind:
        for name, lost in places(kind, rows, codes, book.assets):
            if kind is PlaceKind.ISSUER:
                issuers.append(lost)
            if kind is PlaceKind.ISSUER_FAMILY and any((lost == own).all() for own in issuers):
                continue
            yield kind.value, name, lost


def _shortfalls(
    columns: BookColumns,
    lost: Sequence[NDArray[np.bool_]],
    priced: PricedMarket,
    recipes: Mapping[str, Recipe],
) -> list[dict[str, Decimal]]:
    """Per loss (balances,) the accounts that are short after it and were not as short before.

    All cases of a recipe are one batch: each account as it is, and as it is after each loss that
    takes something of it. Who loses nothing has no case.
    """
    gathered: dict[str, list[int]] = {}
    for number, account_id in enumerate(columns.account_ids):
        if str(account_id) in recipes:
            gathered.setdefault(recipes[str(account_id)].name, []).append(number)
    losers = [np.unique(columns.balances.account[rows]).tolist() for rows in lost]
    found: list[dict[str, Decimal]] = [{} for _ in lost]
    for numbers in gathered.values():
        own = set(numbers)
        cases = [(-1, number) for number in numbers]
        cases += [(i, number) for i, held in enumerate(losers) for number in held if number in own]
        buffer = _case_buffers(
            columns, lost, cases, priced, recipes[str(columns.account_ids[numbers[0]])]
        )
        before = {number: buffer[-1, number] for number in numbers}
        for i, number in cases[len(numbers) :]:
            after = buffer[i, number]
            if after is not None and after < 0 and after != before[number]:
                found[i][str(columns.account_ids[number])] = -after
    return found


def _case_buffers(
    columns: BookColumns,
    lost: Sequence[NDArray[np.bool_]],
    cases: Sequence[tuple[int, int]],
    priced: PricedMarket,
    recipe: Recipe,
) -> dict[tuple[int, int], Decimal | None]:
    """(number of the loss or -1, account) -> the lowest buffer of its liquidation level, in the
    summary's currency.
    """
    accounts = np.array([number for _, number in cases], dtype=np.int64)
    rows, case = account_rows(columns.balances.account, accounts)
    gone = np.zeros(len(rows), dtype=np.bool_)
    for i, flags in enumerate(lost):
        of_loss = np.array([each == i for each, _ in cases], dtype=np.bool_)
        gone |= of_loss[case] & flags[rows]
    book = without_balances(side_by_side(columns, accounts), gone)
    found = assess_pockets(recipe, book, priced)
    unit = unit_of(found.summary)
    return {
        key: unit.amount(float(lowest))
        for key, lowest in zip(cases, found.lowest_buffer, strict=True)
    }
