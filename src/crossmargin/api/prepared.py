"""A book over a market: one universe and the columns of both, before anything is computed."""

from dataclasses import dataclass, replace
from typing import final

from crossmargin.base.instant import instant_text
from crossmargin.domain.book import Book
from crossmargin.domain.columns import BookColumns
from crossmargin.domain.flatten import book_columns
from crossmargin.domain.instrument import Future, Option
from crossmargin.domain.universe import build_universe
from crossmargin.market.columns import market_columns
from crossmargin.market.complete import completed_market
from crossmargin.market.snapshot import MarketSnapshot, assumed_fields
from crossmargin.rulebook.run import PricedMarket
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.market import MarketInput

REPORTING_ASSETS = ("USD",)


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """A book over a market: one universe, columns of both, and nothing computed yet."""

    book: Book
    columns: BookColumns
    priced: PricedMarket
    assumed: tuple[tuple[str, str], ...]


def prepare(book: Book, market: MarketInput) -> Prepared:
    """The book and the market over one universe of what the book holds."""
    registry = bundled_registry()
    assets = {code: registry.asset(code) for code in registry.codes()} | dict(book.assets)
    universe = build_universe(book.listings.values(), [*book.assets, *REPORTING_ASSETS])
    snapshot = completed_market(market.snapshot, book.listings.values())
    priced = PricedMarket(
        universe=universe,
        market=market_columns(snapshot, universe),
        totals=snapshot.totals,
        history=market.prices,
        vol_history=market.vol_index,
        assets=assets,
    )
    used = used_assumptions(snapshot, book)
    return Prepared(
        book=book,
        columns=book_columns(book, universe),
        priced=priced,
        assumed=used,
    )


def used_assumptions(snapshot: MarketSnapshot, book: Book) -> tuple[tuple[str, str], ...]:
    """Assumed fields of the market that concern what the book holds: (path, reason)."""
    concerned = {f"listings.{name}." for name in book.listings}
    concerned |= {f"assets.{code}." for code in book.assets}
    for listing in book.listings.values():
        own = listing.instrument
        concerned |= {f"assets.{code}." for code in (own.underlying, own.quote)}
        if isinstance(own, Future | Option):
            concerned.add(f"expiries.{own.underlying}@{instant_text(own.expiry_ns)}.")
    quotes = {name: own for name, own in snapshot.listings.items() if name in book.listings}
    return tuple(
        (path, reason)
        for path, reason in assumed_fields(replace(snapshot, listings=quotes))
        if path.startswith(tuple(concerned))
    )
