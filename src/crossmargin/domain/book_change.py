"""A book after a change to what it holds; the book itself stays as it is."""

from dataclasses import replace

from crossmargin.domain.book import Book


def with_holdings_of(book: Book, other: Book) -> Book:
    """The book with the positions, balances, loans and orders of another one added.

    Accounts, entities and sets are those of `book`; listings and assets those of both. Positions of
    one account in one listing add up exactly where the book becomes columns.
    """
    return replace(
        book,
        assets={**other.assets, **book.assets},
        listings={**other.listings, **book.listings},
        positions=(*book.positions, *other.positions),
        balances=(*book.balances, *other.balances),
        loans=(*book.loans, *other.loans),
        orders=(*book.orders, *other.orders),
    )
