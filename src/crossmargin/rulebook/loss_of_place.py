"""What if a venue, chain, bridge, custodian or issuer is lost: its collateral counts zero,
positions stay.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.book import Book
from crossmargin.domain.columns import BookColumns
from crossmargin.rulebook.figures import unit_of
from crossmargin.rulebook.pocket import assess_pockets
from crossmargin.rulebook.pool import chosen, without_balances
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
    before = _buffers(columns, priced, recipes)
    found = []
    for kind, name, lost in _places(book, columns):
        after = _buffers(without_balances(columns, lost), priced, recipes)
        amount = columns.balances.amount
        rows = np.flatnonzero(lost & (amount > 0.0))
        worth = (amount[rows] * priced.market.index[columns.balances.asset[rows]]).sum()
        short = {
            account: -buffer
            for account, buffer in after.items()
            if buffer is not None and buffer < 0 and buffer != before[account]
        }
        credit = None if np.isnan(worth) else Decimal(f"{worth:.2f}")
        found.append(Loss(kind=kind, name=name, credit_lost=credit, shortfalls=short))
    return tuple(found)


def _places(book: Book, columns: BookColumns) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    rows = columns.balances
    for kind in ("venue", "chain", "bridge", "custodian"):
        place = getattr(rows, kind)
        for number in np.unique(place[(place >= 0) & (rows.amount > 0.0)]):
            yield kind, rows.places[int(number)], place == number
    issuer_of = [
        book.assets[code].issuer if code in book.assets else None
        for code in columns.universe.assets
    ]
    held = {issuer_of[int(asset)] for asset in rows.asset[rows.amount > 0.0]}
    for issuer in sorted(name for name in held if name is not None):
        issued = np.array([own == issuer for own in issuer_of], dtype=np.bool_)
        yield "issuer", issuer, issued[rows.asset]


def _buffers(
    columns: BookColumns, priced: PricedMarket, recipes: Mapping[str, Recipe]
) -> dict[str, Decimal | None]:
    """Account -> the lowest buffer of its liquidation level, in the summary's currency."""
    gathered: dict[str, list[int]] = {}
    for number, account_id in enumerate(columns.account_ids):
        if str(account_id) in recipes:
            gathered.setdefault(recipes[str(account_id)].name, []).append(number)
    buffers: dict[str, Decimal | None] = {}
    for numbers in gathered.values():
        recipe = recipes[str(columns.account_ids[numbers[0]])]
        found = assess_pockets(recipe, chosen(columns, numbers), priced)
        for place, number in enumerate(numbers):
            lowest = float(found.lowest_buffer[place])
            buffers[str(columns.account_ids[number])] = unit_of(found.summary).amount(lowest)
    return buffers
