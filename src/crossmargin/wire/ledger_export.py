"""The ledger's entries as CSV and Parquet, for whoever keeps books elsewhere."""

import csv
import importlib
import importlib.util
import io
from collections.abc import Iterable
from typing import Any, Final

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.ledger.entry import Entry

COLUMNS: Final = (
    "sequence",
    "event_id",
    "event_time_ns",
    "debit",
    "credit",
    "asset",
    "amount_units",
    "code",
    "state",
    "names",
    "previous_hash",
    "hash",
)

_NUMBERS: Final = ("sequence", "event_time_ns", "names")

_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "'")


def ledger_csv(entries: Iterable[Entry]) -> str:
    """Entries as CSV with a header line; amounts in whole units, as plain digits.

    Text that a spreadsheet would run as a formula gets a quote before it, and so does text that
    begins with a quote, so that taking one quote off gives back every text.
    """
    text = io.StringIO()
    # Python quotes the letters of the line's end only: with both, no text can break a line.
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for entry in entries:
        writer.writerow([_cell(getattr(entry, name)) for name in COLUMNS])
    return text.getvalue()


def ledger_parquet(entries: Iterable[Entry]) -> bytes:
    """Entries as one Parquet file; `amount_units` is text, since units of a coin outgrow 64 bits.

    `InputRefused` where neither polars nor pyarrow is installed.
    """
    columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
    for entry in entries:
        for name, column in columns.items():
            value = getattr(entry, name)
            column.append(str(value) if name in ("amount_units", "code", "state") else value)
    written = io.BytesIO()
    if importlib.util.find_spec("polars") is not None:
        polars = importlib.import_module("polars")
        text, number = polars.String, polars.Int64
        kinds = {name: number if name in _NUMBERS else text for name in COLUMNS}
        polars.DataFrame(columns, schema=kinds).write_parquet(written)
    elif importlib.util.find_spec("pyarrow") is not None:
        arrow = importlib.import_module("pyarrow")
        integer, words = arrow.int64(), arrow.string()
        fields = [(name, integer if name in _NUMBERS else words) for name in COLUMNS]
        table = arrow.table(columns, schema=arrow.schema(fields))
        importlib.import_module("pyarrow.parquet").write_table(table, written)
    else:
        message = "Parquet needs polars or pyarrow: install crossmargin[frames]"
        raise InputRefused([Failure(Reason.UNSUPPORTED, "parquet", message)])
    return written.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = str(value)
    guarded = isinstance(value, str) and text.startswith(_FORMULA_STARTS)
    return "'" + text if guarded else text
