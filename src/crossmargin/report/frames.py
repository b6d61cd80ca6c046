"""The statement as a frame of the user's library, imported when asked for; none is needed."""

import importlib
from decimal import Decimal
from typing import Any

from crossmargin.report.rows import AMOUNT_FIELDS, ROW_FIELDS, flat_rows
from crossmargin.rulebook.statement_types import Statement


class FrameLibraryMissingError(ImportError):
    """A frame library that is not installed; the message says how to get it."""

    def __init__(self, library: str) -> None:
        super().__init__(
            f"{library} is not installed: install crossmargin[frames], or use to_dict()",
            name=library,
        )


def to_polars(statement: Statement) -> Any:
    """A polars DataFrame of `flat_rows`; amounts are float64 (exact ones are in `to_dict`)."""
    polars = _library("polars")
    return polars.DataFrame(
        _columns(statement),
        schema={name: getattr(polars, _KINDS.get(name, ("String", ""))[0]) for name in ROW_FIELDS},
    )


def to_pandas(statement: Statement) -> Any:
    """A pandas DataFrame of `flat_rows`; amounts are float64, NaN where unavailable."""
    pandas = _library("pandas")
    frame = pandas.DataFrame(_columns(statement), columns=list(ROW_FIELDS))
    return frame.astype(dict.fromkeys((*AMOUNT_FIELDS, "utilisation"), "float64"))


def to_arrow(statement: Statement) -> Any:
    """A pyarrow Table of `flat_rows`; amounts are float64, null where unavailable."""
    pyarrow = _library("pyarrow")
    schema = pyarrow.schema(
        [(name, getattr(pyarrow, _KINDS.get(name, ("", "string"))[1])()) for name in ROW_FIELDS]
    )
    return pyarrow.table(_columns(statement), schema=schema)


_KINDS = {
    **dict.fromkeys((*AMOUNT_FIELDS, "utilisation"), ("Float64", "float64")),
    "liquidation_level": ("Boolean", "bool_"),
}


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name != name:
            raise
        raise FrameLibraryMissingError(name) from missing


def _columns(statement: Statement) -> dict[str, list[Any]]:
    rows = flat_rows(statement)
    return {
        name: [float(value) if isinstance(value := row[name], Decimal) else value for row in rows]
        for name in ROW_FIELDS
    }
