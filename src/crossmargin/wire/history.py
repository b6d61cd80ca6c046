"""Return history from the daily files: closes of BTC and ETH, and DVOL."""

from decimal import Decimal

import numpy as np

from crossmargin.base.failure import Failure, Reason, refuse_if_any
from crossmargin.market.history import ReturnHistory
from crossmargin.wire.csv_table import cell_number, csv_rows
from crossmargin.wire.number import read_instant, read_text

CLOSE_COLUMNS = ("date", "symbol", "us_close_usd", "global_close_usd", "premium_pct")
DVOL_COLUMNS = ("date", "currency", "dvol")

PRICE_MAX = 1e12
VOL_PERCENT_MAX = 5000.0


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
    failures: list[Failure] = []
    levels: dict[tuple[int, str], float] = {}
    dates_ns: dict[str, int | Failure] = {}
    for where, row in csv_rows(data, header, source):
        date, asset = row["date"], row[header[1]]
        if date not in dates_ns:
            dates_ns[date] = read_instant(date, f"{where}.date")
        date_ns = dates_ns[date]
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
