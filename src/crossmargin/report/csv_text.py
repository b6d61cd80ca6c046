"""The statement as CSV: one line per column, account and level, amounts exact."""

import csv
import io
from decimal import Decimal

from crossmargin.report.amount_text import decimal_text
from crossmargin.report.rows import ROW_FIELDS, Value, flat_rows
from crossmargin.rulebook.statement_types import Statement

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def csv_text(statement: Statement) -> str:
    """CSV with a header line. A name that a spreadsheet would run as a formula gets a quote before
    it.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=ROW_FIELDS, lineterminator="\n")
    writer.writeheader()
    for row in flat_rows(statement):
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return text.getvalue()


def _cell(value: Value) -> str:
    match value:
        case None:
            return ""
        case Decimal():
            return decimal_text(value) or ""
        case bool():
            return "true" if value else "false"
        case float():
            return repr(value)
        case str():
            return "'" + value if value.startswith(_FORMULA_STARTS) else value
