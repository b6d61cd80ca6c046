"""Positions and balances in tables (CSV, Parquet, any dataframe), as rows of a book document."""

import csv
import importlib
import importlib.util
import io
from collections.abc import Iterable, Mapping
from typing import Any

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.wire.book_fields import BALANCE_FIELDS, POSITION_FIELDS

Row = dict[str, Any]


def csv_rows(data: bytes, where: str) -> list[Row]:
    """UTF-8 CSV with a header line -> rows of text; an empty cell is an absent field."""
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True)
        lines = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputRefused([Failure(Reason.WRONG_TYPE, where, f"not CSV: {error}")]) from None
    if not lines:
        raise InputRefused([Failure(Reason.MISSING_FIELD, where, "no header line")])
    header, *body = lines
    failures = [
        Failure(Reason.DUPLICATE, where, f"column {name!r} stands twice")
        for name in sorted({name for name in header if header.count(name) > 1})
    ]
    failures += [
        Failure(Reason.WRONG_TYPE, f"{where}[{i}]", f"{len(x)} cells under {len(header)} columns")
        for i, x in enumerate(body)
        if x and len(x) != len(header)
    ]
    if failures:
        raise InputRefused(failures)
    return [
        {name: cell for name, cell in zip(header, line, strict=True) if cell != ""}
        for line in body
        if line
    ]


def parquet_rows(data: bytes, where: str) -> list[Row]:
    """Parquet bytes -> rows; needs polars or pyarrow (`pip install crossmargin[frames]`)."""
    if importlib.util.find_spec("polars") is not None:
        polars = importlib.import_module("polars")
        return frame_rows(polars.read_parquet(io.BytesIO(data)), where)
    if importlib.util.find_spec("pyarrow") is not None:
        parquet = importlib.import_module("pyarrow.parquet")
        return frame_rows(parquet.read_table(io.BytesIO(data)), where)
    raise InputRefused(
        [
            Failure(
                Reason.UNSUPPORTED,
                where,
                "Parquet needs polars or pyarrow: pip install crossmargin[frames]",
            )
        ]
    )


def frame_rows(frame: Any, where: str) -> list[Row]:
    """Any eager dataframe that narwhals knows -> rows; a null cell is an absent field.

    A float cell counts as its shortest decimal form; NaN is refused by the reader of the book.
    """
    # A third of what it takes to import this package, and most books hold no table.
    import narwhals.stable.v2 as nw  # noqa: PLC0415

    try:
        table = nw.from_native(frame, eager_only=True)
    except TypeError as error:
        raise InputRefused(
            [Failure(Reason.WRONG_TYPE, where, f"not a dataframe: {error}")]
        ) from None
    return [
        {name: cell for name, cell in row.items() if cell is not None}
        for row in table.iter_rows(named=True)
    ]


def with_rows(
    document: Mapping[str, Any],
    *,
    positions: Iterable[Row] = (),
    balances: Iterable[Row] = (),
    where: str = "rows",
) -> dict[str, Any]:
    """A book document with table rows added to its accounts, to be read by `parse_book`.

    Each row names its `account`; its other columns are the fields of a position or balance of our
    form. The one strict reader sees them, so a table can hold nothing that JSON could not.
    """
    accounts = [dict(account) for account in document.get("accounts", ())]
    by_id = {account.get("id"): account for account in accounts}
    failures: list[Failure] = []
    for kind, rows, fields in (
        ("positions", positions, POSITION_FIELDS),
        ("balances", balances, BALANCE_FIELDS),
    ):
        known = {field.name for field in fields}
        for index, row in enumerate(rows):
            place = f"{where}.{kind}[{index}]"
            holder = by_id.get(row.get("account"))
            if holder is None:
                failures.append(
                    Failure(
                        Reason.UNKNOWN_ACCOUNT,
                        f"{place}.account",
                        f"no account {row.get('account')!r}",
                    )
                )
                continue
            rest = {name: cell for name, cell in row.items() if name != "account"}
            failures += [
                Failure(
                    Reason.UNKNOWN_FIELD, f"{place}.{name}", f"known: {', '.join(sorted(known))}"
                )
                for name in rest
                if name not in known
            ]
            holder[kind] = [*holder.get(kind, ()), rest]
    if failures:
        raise InputRefused(failures)
    return {**document, "accounts": accounts}
