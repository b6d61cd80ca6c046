"""CSV with a known header, read strictly: the same columns in every row, exact numbers."""

import csv
from collections.abc import Iterator, Mapping
from decimal import Decimal

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.wire.number import number_of_json, read_decimal

CsvRow = Mapping[str, str]


def csv_rows(data: bytes, header: tuple[str, ...], where: str) -> Iterator[tuple[str, CsvRow]]:
    """UTF-8 bytes -> (path of the row, cells by column), the first row being line 2.

    Raises `InputRefused` when the header is another one or a row has another number of cells.
    """
    try:
        lines = data.decode("utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise _refused(where, f"not UTF-8 text at byte {error.start}") from None
    try:
        rows = list(csv.reader(lines, strict=True))
    except csv.Error as error:
        raise _refused(where, f"not CSV: {error}") from None
    if not rows or tuple(rows[0]) != header:
        raise _refused(where, f"the header is not {','.join(header)}")
    odd = [
        Failure(Reason.WRONG_TYPE, f"{where}:{line}", f"{len(row)} cells, not {len(header)}")
        for line, row in enumerate(rows[1:], start=2)
        if len(row) != len(header)
    ]
    if odd:
        raise InputRefused(odd)
    for line, row in enumerate(rows[1:], start=2):
        yield f"{where}:{line}", dict(zip(header, row, strict=True))


def cell_number(
    row: CsvRow, column: str, where: str, *, low: float, high: float
) -> Decimal | Failure:
    """A cell -> an exact number from `low` to `high`; 5.1e-05 is read as well as 0.000051."""
    place = f"{where}.{column}"
    exact = number_of_json(row[column])
    read = read_decimal(row[column], place) if exact is None else exact
    if isinstance(read, Decimal) and not low <= read <= high:
        return Failure(Reason.OUT_OF_BOUNDS, place, f"{read} is not from {low:g} to {high:g}")
    return read


def _refused(where: str, message: str) -> InputRefused:
    return InputRefused([Failure(Reason.WRONG_TYPE, where, message)])
