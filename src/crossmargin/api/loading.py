"""Reads books and markets from files, bytes, plain data, ccxt answers and tables."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.domain.book import Book
from crossmargin.wire.assets import bundled_registry, bundled_terms
from crossmargin.wire.book import parse_book
from crossmargin.wire.bundle import read_bundled
from crossmargin.wire.ccxt import document_of_ccxt
from crossmargin.wire.frame import csv_rows, frame_rows, parquet_rows, with_rows
from crossmargin.wire.market import MarketInput, read_market
from crossmargin.wire.strict_json import strict_json

Source: TypeAlias = str | Path | bytes | Mapping[str, Any]


def load_market(source: str | Path | bytes) -> MarketInput:
    """A market from a JSON file or its bytes. `InputRefused` with everything that is wrong with
    it.
    """
    return read_market(_bytes(source), read_bundled, bundled_registry(), bundled_terms())


def load_book(
    source: Source,
    market: MarketInput | None = None,
    *,
    as_of_ns: int | None = None,
    positions: Any = None,
    balances: Any = None,
) -> Book:
    """A book from a JSON file, its bytes, or plain data.

    What has expired is refused, so the moment is needed: the market's, or `as_of_ns`. `positions`
    and `balances` are tables whose rows are added to the accounts they name: any dataframe, or the
    path of a CSV or Parquet file.
    """
    if as_of_ns is None:
        if market is None:
            message = "what has expired depends on the moment: pass the market, or as_of_ns"
            raise InputRefused([Failure(Reason.MISSING_FIELD, "as_of_ns", message)])
        as_of_ns = market.snapshot.as_of_ns
    data = source if isinstance(source, Mapping) else _bytes(source)
    if positions is None and balances is None:
        return parse_book(data, as_of_ns=as_of_ns)
    document = data if isinstance(data, Mapping) else strict_json(data, "book")
    if not isinstance(document, Mapping):
        message = "is no object that tables could be added to"
        raise InputRefused([Failure(Reason.WRONG_TYPE, "book", message)])
    whole = with_rows(
        document, positions=_rows(positions, "positions"), balances=_rows(balances, "balances")
    )
    return parse_book(whole, as_of_ns=as_of_ns)


def book_of_ccxt(
    venue: str,
    positions: Sequence[Mapping[str, Any]],
    balance: Mapping[str, Any] | None = None,
    *,
    account_id: str,
    entity_id: str,
    recipe: str | None = None,
    total_is: str | None = None,
) -> Mapping[str, Any]:
    """What ccxt's `fetch_positions` and `fetch_balance` gave, verbatim -> a book for `load_book`.

    `total_is` says what the balance's totals are (`wallet` or `equity`) where its `info` does not
    tell.
    """
    return document_of_ccxt(
        venue,
        list(positions),
        balance,
        account_id=account_id,
        entity_id=entity_id,
        recipe=recipe,
        total_is=total_is,
    )


def _rows(table: Any, where: str) -> list[Any]:
    """The rows of a dataframe, or of a CSV or Parquet file."""
    if table is None:
        return []
    if not isinstance(table, str | Path):
        return list(frame_rows(table, where))
    data = _bytes(table)
    reader = parquet_rows if Path(table).suffix == ".parquet" else csv_rows
    return list(reader(data, where))


def _bytes(source: Any) -> bytes:
    if isinstance(source, bytes):
        return source
    path = Path(source)
    try:
        return path.read_bytes()
    except OSError as error:
        failure = Failure(Reason.MISSING_DATA, str(path), error.strerror or "cannot be read")
        raise InputRefused([failure]) from error
