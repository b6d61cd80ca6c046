"""What a candidate trade would change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

from crossmargin.api.loading import Source, load_book, load_market
from crossmargin.api.prepared import Prepared, prepare
from crossmargin.api.rulebooks import venue_recipes
from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.domain.book import Book
from crossmargin.domain.book_change import with_holdings_of
from crossmargin.domain.holding import Position
from crossmargin.rulebook.pocket import assess_pockets
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.what_if import MARGINAL_SHARE, Change, change_of
from crossmargin.wire.book import parse_book
from crossmargin.wire.market import MarketInput


def what_if(
    book: Book | Source,
    market: MarketInput | str | Path | bytes,
    account_id: str,
    positions: Sequence[Mapping[str, Any]],
    recipe: str | None = None,
) -> Change:
    """What a candidate trade would change for one account; nothing is changed by asking.

    `positions` are rows as in a book's `positions`: listing, contracts (signed) and entry price or
    cost. The account's own rulebook counts, or `recipe`. `InputRefused` with everything that is
    wrong.
    """
    return candidate_of(book, market, account_id, positions, recipe).change()


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """One account before a trade, after it, and after `MARGINAL_SHARE` of it, over one universe, so
    that a listing of the trade alone is known before it too.
    """

    account_id: str
    rulebook: Recipe
    before: Prepared
    after: Prepared
    nudged: Prepared

    def change(self) -> Change:
        """What the trade changes."""
        found = [
            assess_pockets(self.rulebook, prepared.columns, prepared.priced)
            for prepared in (self.before, self.after, self.nudged)
        ]
        return change_of(self.account_id, found[0], found[1], found[2], 0)


def candidate_of(
    book: Book | Source,
    market: MarketInput | str | Path | bytes,
    account_id: str,
    positions: Sequence[Mapping[str, Any]],
    recipe: str | None,
) -> Candidate:
    """The arguments of `what_if`, read and prepared."""
    read_input = market if isinstance(market, MarketInput) else load_market(market)
    read_book = book if isinstance(book, Book) else load_book(book, read_input)
    if account_id not in read_book.accounts:
        message = f"no account is called {account_id!r}"
        raise InputRefused([Failure(Reason.UNKNOWN_ACCOUNT, "account_id", message)])
    own = _only(read_book, account_id)
    trade = _trade(own, account_id, positions, read_input)
    rulebook = venue_recipes(own, recipe, None)[account_id]
    nudge = replace(trade, positions=tuple(_scaled(each) for each in trade.positions))
    flat = replace(trade, positions=())
    before, after, nudged = (
        prepare(with_holdings_of(own, each), read_input) for each in (flat, trade, nudge)
    )
    return Candidate(
        account_id=account_id, rulebook=rulebook, before=before, after=after, nudged=nudged
    )


def _only(book: Book, account_id: str) -> Book:
    """The book of one account alone."""
    return replace(
        book,
        accounts={account_id: book.accounts[account_id]},
        positions=tuple(x for x in book.positions if x.account_id == account_id),
        balances=tuple(x for x in book.balances if x.account_id == account_id),
        loans=tuple(x for x in book.loans if x.account_id == account_id),
        orders=tuple(x for x in book.orders if x.account_id == account_id),
    )


def _trade(
    book: Book, account_id: str, positions: Sequence[Mapping[str, Any]], market: MarketInput
) -> Book:
    """The candidate's rows through the one reader of books."""
    account = book.accounts[account_id]
    document = {
        "schema": "crossmargin/book/1",
        "entities": [{"id": account.entity_id, "name": account.entity_id, "house": True}],
        "accounts": [
            {
                "id": account_id,
                "entity": account.entity_id,
                "venue": account.venue,
                "positions": [dict(each) for each in positions],
            }
        ],
    }
    return parse_book(document, as_of_ns=market.snapshot.as_of_ns, where="what_if")


def _scaled(position: Position) -> Position:
    cost = position.cost_settle
    return replace(
        position,
        contracts=position.contracts * MARGINAL_SHARE,
        cost_settle=None if cost is None else cost * MARGINAL_SHARE,
    )
