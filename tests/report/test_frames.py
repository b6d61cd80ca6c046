import csv
import io
import sys
from dataclasses import replace
from decimal import Decimal

import pytest

from crossmargin.report.csv_text import csv_text
from crossmargin.report.frames import FrameLibraryMissingError, to_arrow, to_pandas, to_polars
from crossmargin.report.rows import ROW_FIELDS, flat_rows
from tests.report.statements import sample_statement


def test_every_frame_holds_the_same_rows() -> None:
    statement = sample_statement()
    rows = flat_rows(statement)
    polars, pandas, arrow = to_polars(statement), to_pandas(statement), to_arrow(statement)
    assert polars.columns == list(pandas.columns) == arrow.column_names == list(ROW_FIELDS)
    assert len(polars) == len(pandas) == arrow.num_rows == len(rows) == 20
    assert polars["buffer"].to_list() == arrow["buffer"].to_pylist()
    assert pandas["buffer"].isna().sum() == polars["buffer"].null_count() == 2
    assert polars["requirement"].sum() == pytest.approx(pandas["requirement"].sum())


def test_a_missing_library_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(FrameLibraryMissingError, match=r"crossmargin\[frames\]"):
        to_polars(sample_statement())


def test_csv_has_exact_amounts_and_nothing_a_spreadsheet_would_run() -> None:
    text = csv_text(sample_statement())
    rows = list(csv.DictReader(io.StringIO(text)))
    assert list(rows[0]) == list(ROW_FIELDS)
    assert [row["requirement"] for row in rows if row["account"] == "bybit-carry"][
        1
    ] == "23500.0001"
    assert {row["equity"] for row in rows if row["venue"] == "hyperliquid"} == {""}
    assert sum(Decimal(row["buffer"]) < 0 for row in rows if row["buffer"]) == 6


def test_a_name_that_begins_like_a_formula_is_quoted() -> None:
    statement = sample_statement()
    row = replace(statement.columns[0].rows[0], account_id="=HYPERLINK(1)")
    statement = replace(statement, columns=(replace(statement.columns[0], rows=(row,)),))
    assert "'=HYPERLINK(1)" in csv_text(statement)
