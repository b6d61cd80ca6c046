"""The market as a book with cash, and how it is written: whole documents, or tables of rows."""

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np

from crossmargin.api import recipe_of
from crossmargin.base.failure import Failure, InputRefused, Reason, refuse_if_any
from crossmargin.domain.columns import BookColumns
from crossmargin.domain.instrument import Listing
from crossmargin.domain.universe import build_universe
from crossmargin.market.columns import market_columns
from crossmargin.market.complete import completed_market
from crossmargin.rulebook.assess import assess
from crossmargin.rulebook.run import PricedMarket
from crossmargin.study.generate import market_book, whole_lots, with_cash
from crossmargin.valuation.unit_value import unit_value
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.book_fields import BOOK_SCHEMA
from crossmargin.wire.market import MarketInput

CASH = "USDC"
CASH_DECIMALS = 6
COST_DECIMALS = 12
ACCOUNTS_PER_PIECE = 1000


def book_of_market(
    market: MarketInput, accounts_count: int, *, recipe: str, seed: int
) -> BookColumns:
    """The open interest of every listing of the market's chains, allotted; cash by `recipe`.

    Everybody paid the mark, so nothing is unrealised; cash is what brings the buffer of the
    recipe's liquidation level to zero, times the factor of `study.generate.cash_multiple`.
    """
    registry = bundled_registry()
    listings = tuple(market.listings.values())
    universe = build_universe(listings, [CASH, "USD"])
    snapshot = completed_market(market.snapshot, listings)
    columns = market_columns(snapshot, universe)
    per_contract = np.array(
        [_lots_per_contract(market.listings[name]) for name in universe.listing_ids], dtype=np.int64
    )
    refuse_if_any(
        Failure(Reason.UNSUPPORTED, f"listings.{name}", "no whole number of lots in a contract")
        for name, lots in zip(universe.listing_ids, per_contract, strict=True)
        if lots == 0
    )
    interest = columns.open_interest[: universe.listings_count]
    lots = whole_lots(np.nan_to_num(interest), per_contract)
    value = unit_value(universe, columns)[: universe.listings_count]
    try:
        book = market_book(
            universe, lots, per_contract, accounts_count, seed=seed, entry_value=value
        )
    except ValueError as misfit:
        raise InputRefused([Failure(Reason.OUT_OF_BOUNDS, "--accounts", str(misfit))]) from misfit
    # A cost of a coin's 10**-12 is dust, and a longer decimal no book's reader takes.
    cost = np.round(book.positions.cost, COST_DECIMALS)
    book = replace(book, positions=replace(book.positions, cost=cost))
    priced = PricedMarket(
        universe=universe,
        market=columns,
        totals=snapshot.totals,
        history=market.prices,
        vol_history=market.vol_index,
        assets={code: registry.asset(code) for code in registry.codes()},
    )
    rulebook = recipe_of(recipe)
    found = assess(rulebook, book, priced)
    short = -found.levels[rulebook.liquidation_level].buffer * 2.0**found.tick_exponent
    return with_cash(
        book,
        short,
        cash_asset=CASH,
        decimals=CASH_DECIMALS,
        venue=listings[0].venue,
        seed=seed,
    )


def book_json(book: BookColumns, *, venue: str, recipe: str) -> Iterator[str]:
    """The book as pieces of one JSON document that `margin` reads."""
    entities = ({"id": _name(n), "name": _name(n), "house": False} for n in _numbers(book))
    yield f'{{"schema": "{BOOK_SCHEMA}",\n"entities": [\n'
    yield from _joined(json.dumps(entity) for entity in entities)
    yield '],\n"accounts": [\n'
    yield from _joined(_account_json(book, number, venue, recipe) for number in _numbers(book))
    yield "]}\n"


def position_rows(book: BookColumns) -> dict[str, Any]:
    """(positions,) columns of a table: account, listing, contracts, cost."""
    rows = book.positions
    names = np.array([_symbol(name) for name in book.universe.listing_ids])
    return {
        "account": np.char.add("market-", rows.account.astype(np.str_)),
        "listing": names[rows.instrument],
        "contracts": rows.contracts,
        "cost": rows.cost,
    }


def balance_rows(book: BookColumns) -> dict[str, Any]:
    """(balances,) columns of a table: account, asset, amount."""
    rows = book.balances
    return {
        "account": np.char.add("market-", rows.account.astype(np.str_)),
        "asset": np.array(book.universe.assets)[rows.asset],
        "amount": rows.amount,
    }


def _lots_per_contract(listing: Listing) -> int:
    """Lots in a contract, 0 when the venue's step does not divide it."""
    if not listing.contract_step:
        return 0
    lots = Decimal(1) / listing.contract_step
    return int(lots) if lots == int(lots) else 0


def _account_json(book: BookColumns, number: int, venue: str, recipe: str) -> str:
    p, b = book.positions, book.balances
    first, last = np.searchsorted(p.account, [number, number + 1])
    own, end = np.searchsorted(b.account, [number, number + 1])
    account = {
        "id": _name(number),
        "entity": _name(number),
        "venue": venue,
        "recipe": recipe,
        "positions": [
            {
                "listing": _symbol(book.universe.listing_ids[p.instrument[row]]),
                "contracts": _decimal(p.contracts[row]),
                "cost": _decimal(p.cost[row]),
            }
            for row in range(first, last)
        ],
        "balances": [
            {"asset": book.universe.assets[b.asset[row]], "amount": _decimal(b.amount[row])}
            for row in range(own, end)
        ],
    }
    return json.dumps(account)


def _joined(texts: Iterator[str]) -> Iterator[str]:
    """Texts with commas between them, gathered into pieces that are worth writing."""
    piece: list[str] = []
    separator = ""
    for text in texts:
        piece.append(text)
        if len(piece) == ACCOUNTS_PER_PIECE:
            yield separator + ",\n".join(piece)
            piece, separator = [], ",\n"
    if piece:
        yield separator + ",\n".join(piece)


def _numbers(book: BookColumns) -> range:
    return range(book.accounts_count)


def _name(number: int) -> str:
    return f"market-{number}"


def _symbol(listing_id: str) -> str:
    return listing_id.split(":", 1)[1]


def _decimal(value: float) -> str:
    """The shortest decimal that is this float, without an exponent."""
    return format(Decimal(repr(float(value))), "f")
