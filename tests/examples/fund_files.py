"""The example fund and its market, as files and read."""

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from crossmargin.domain.book import Book
from crossmargin.wire.assets import bundled_registry, bundled_terms
from crossmargin.wire.book import parse_book
from crossmargin.wire.bundle import read_bundled
from crossmargin.wire.market import MarketInput, read_market

EXAMPLES = Path(__file__).parents[2] / "examples"


@cache
def market() -> MarketInput:
    data = (EXAMPLES / "market.json").read_bytes()
    return read_market(data, read_bundled, bundled_registry(), bundled_terms())


@cache
def fund() -> Book:
    as_of_ns = market().snapshot.as_of_ns
    return parse_book((EXAMPLES / "fund.json").read_bytes(), as_of_ns=as_of_ns)


def payload(account_id: str, message: str) -> Any:
    """One recorded message of an account, numbers as exact decimals."""
    text = (EXAMPLES / "fund.json").read_text("utf-8")
    document = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    (account,) = (row for row in document["accounts"] if row["id"] == account_id)
    (found,) = (row["payload"] for row in account["recorded"] if row["format"] == message)
    return found


def contracts(account_id: str, symbol: str) -> Decimal:
    """Signed contracts of an account in a unified symbol."""
    (position,) = (
        row
        for row in fund().positions
        if row.account_id == account_id and row.listing_id.split(":", 1)[1] == symbol
    )
    return position.contracts


def coins(account_id: str, asset: str) -> Decimal:
    """Coins of an asset in an account."""
    book = fund()
    units = sum(
        row.amount_units
        for row in book.balances
        if (row.account_id, row.asset) == (account_id, asset)
    )
    return Decimal(units).scaleb(-book.assets[asset].decimals)
