"""Return history from the daily files: closes of BTC and ETH, and DVOL."""

from datetime import date
from decimal import Decimal

import numpy as np

from crossmargin.base.failure import Failure, Reason, refuse_if_any
from crossmargin.base.instant import NS_PER_DAY
from crossmargin.market.history import ReturnHistory
from crossmargin.wire.csv_table import cell_number, csv_rows
from crossmargin.wire.number import read_instant, read_text
from crossmargin.wire.plain_table import DATE, NUMBER, plain_columns

CLOSE_COLUMNS = ("date", "symbol", "us_close_usd", "global_close_usd", "premium_pct")
DVOL_COLUMNS = ("date", "currency", "dvol")

PRICE_MAX = 1e12
VOL_PERCENT_MAX = 5000.0
LEVEL_CLEAR = 1e-9
"""Levels so far above the least, and so far below the most, need no exact comparison."""

EPOCH_DAY = date(1970, 1, 1).toordinal()
FIRST_DAY, END_DAY = date(2009, 1, 3).toordinal(), date(2200, 1, 1).toordinal()


def read_daily_closes(data: bytes, source: str) -> ReturnHistory:
    """The daily close file -> (dates, assets) dollar closes of the Coinbase column, oldest first.

    Raises `InputRefused` with every fault of the file.
    """
    return _read(data, source, CLOSE_COLUMNS, "us_close_usd", Decimal(1), PRICE_MAX)


def read_global_closes(data: bytes, source: str) -> ReturnHistory:
    """The daily close file -> (dates, assets) closes of the global venue, oldest first.

    Raises `InputRefused` with every fault of the file.
    """
    return _read(data, source, CLOSE_COLUMNS, "global_close_usd", Decimal(1), PRICE_MAX)


def read_vol_index(data: bytes, source: str) -> ReturnHistory:
    """The DVOL file -> (dates, assets) vol index as a fraction (0.45 is 45 %), oldest first.

    Raises `InputRefused` with every fault of the file.
    """
    return _read(data, source, DVOL_COLUMNS, "dvol", Decimal(100), VOL_PERCENT_MAX)


def _read(
    data: bytes,
    source: str,
    header: tuple[str, ...],
    column: str,
    divisor: Decimal,
    high: float,
) -> ReturnHistory:
    plain = _read_plain(data, source, header, column, divisor, high)
    if plain is not None:
        return plain
    failures: list[Failure] = []
    levels: dict[tuple[int, str], float] = {}
    dates_ns: dict[str, int | Failure] = {}
    for where, row in csv_rows(data, header, source):
        day, asset = row["date"], row[header[1]]
        if day not in dates_ns:
            dates_ns[day] = read_instant(day, f"{where}.date")
        date_ns = dates_ns[day]
        level = cell_number(row, column, where, low=1e-12, high=high)
        named = read_text(asset, f"{where}.{header[1]}")
        failures += [x for x in (date_ns, named, level) if isinstance(x, Failure)]
        if isinstance(date_ns, int) and isinstance(level, Decimal):
            if (date_ns, asset) in levels:
                failures.append(Failure(Reason.DUPLICATE, where, f"{asset} twice on a date"))
            levels[date_ns, asset] = float(level / divisor)
    refuse_if_any(failures)
    dates = sorted({date_ns for date_ns, _ in levels})
    assets = tuple(sorted({asset for _, asset in levels}))
    price = np.array(
        [[levels.get((date_ns, asset), np.nan) for asset in assets] for date_ns in dates],
        dtype=np.float64,
    ).reshape(len(dates), len(assets))
    return ReturnHistory(
        assets=assets,
        date_ns=np.array(dates, dtype=np.int64),
        price=price,
        source=(source,) * len(assets),
    )


def _read_plain(
    data: bytes,
    source: str,
    header: tuple[str, ...],
    column: str,
    divisor: Decimal,
    high: float,
) -> ReturnHistory | None:
    """The same of a file in which all is as it should be, column by column; else None."""
    columns = plain_columns(data, header)
    if columns is None or not columns[0]:
        return None
    dates, named, numbers = columns[0], columns[1], columns[header.index(column)]
    days, assets = sorted(set(dates)), sorted(set(named))
    moments = [_midnight_ns(day) for day in days]
    if None in moments or any(isinstance(read_text(x, ""), Failure) for x in assets):
        return None
    if len(set(zip(dates, named, strict=True))) != len(dates):
        return None
    if not all(map(NUMBER.fullmatch, numbers)):
        return None
    places = int(divisor.log10())
    level = np.array([float(f"{number}e-{places}") for number in numbers])
    if not (level.min() > LEVEL_CLEAR and level.max() * 10**places < high / 2):
        return None
    price = np.full((len(days), len(assets)), np.nan)
    row_of = {day: row for row, day in enumerate(days)}
    column_of = {asset: number for number, asset in enumerate(assets)}
    price[[row_of[day] for day in dates], [column_of[asset] for asset in named]] = level
    return ReturnHistory(
        assets=tuple(assets),
        date_ns=np.array(moments, dtype=np.int64),
        price=price,
        source=(source,) * len(assets),
    )


def _midnight_ns(day: str) -> int | None:
    """A bare date as `read_instant` takes it."""
    if DATE.fullmatch(day) is None:
        return None
    try:
        number = date.fromisoformat(day).toordinal()
    except ValueError:
        return None
    if not FIRST_DAY <= number < END_DAY:
        return None
    return (number - EPOCH_DAY) * NS_PER_DAY
