"""JSON Schemas of our two input formats, made from the fields that the readers follow."""

from typing import Any

from crossmargin.wire.book_fields import BOOK_FIELDS, BOOK_SCHEMA
from crossmargin.wire.market_fields import MARKET_RECORD
from crossmargin.wire.record import Fields, record_schema

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def book_schema() -> dict[str, Any]:
    """The JSON Schema of a book. The reader checks more: symbols, assets, the tree, expiries."""
    return _schema(BOOK_SCHEMA, "Accounts of a crossmargin book and what they hold", BOOK_FIELDS)


def market_schema() -> dict[str, Any]:
    """The JSON Schema of a market file."""
    return _schema(
        "crossmargin/market/1", "Prices, vols and totals of a crossmargin market", MARKET_RECORD
    )


def _schema(name: str, title: str, fields: Fields) -> dict[str, Any]:
    return {"$schema": _DIALECT, "$id": name, "title": title, **record_schema(fields)}
