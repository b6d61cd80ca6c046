"""Statements and books as Parquet bytes, by whichever frame library is installed."""

import importlib
import importlib.util
import io
from typing import Any

from crossmargin.base.failure import Failure, InputRefused, Reason


def parquet_bytes(table: Any) -> bytes:
    """Columns by name, or anything that hands out Arrow streams, as one Parquet file."""
    for library in ("polars", "pyarrow"):
        if importlib.util.find_spec(library) is not None:
            written = io.BytesIO()
            _WRITERS[library](table, written)
            return written.getvalue()
    message = "Parquet needs polars or pyarrow: install crossmargin[frames]"
    raise InputRefused([Failure(Reason.UNSUPPORTED, "--parquet", message)])


def _with_polars(table: Any, written: io.BytesIO) -> None:
    importlib.import_module("polars").DataFrame(table).write_parquet(written)


def _with_pyarrow(table: Any, written: io.BytesIO) -> None:
    rows = importlib.import_module("pyarrow").table(table)
    importlib.import_module("pyarrow.parquet").write_table(rows, written)


_WRITERS = {"polars": _with_polars, "pyarrow": _with_pyarrow}
