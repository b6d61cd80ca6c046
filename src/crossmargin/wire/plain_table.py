"""CSV in which nothing is quoted, cut into columns at once; any other goes to the row reader."""

import re

DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,12})?", re.ASCII)
"""What every reader of numbers takes: at most 24 digits, so that nothing is out of bounds."""


def plain_columns(data: bytes, header: tuple[str, ...]) -> tuple[list[str], ...] | None:
    """Bytes -> the cells of each column below the header, where the file is plain; else None.

    Plain is printable ASCII without quotes, with this header and as many cells in every line: such
    cells are those of `csv_table.csv_rows`, which also tells what is wrong with any other file.
    """
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        return None
    lines = text.removesuffix("\n").split("\n")
    joined = ",".join(lines)
    if '"' in joined or not joined.isprintable() or lines[0] != ",".join(header):
        return None
    commas = len(header) - 1
    if any(line.count(",") != commas for line in lines):
        return None
    cells = joined.split(",")
    width = len(header)
    return tuple(cells[width + column :: width] for column in range(width))
