"""Bars of a price from a CSV file: ts, open, high, low, close, and whatever stands behind."""

import csv
from dataclasses import dataclass
from decimal import Decimal
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, Reason, refuse_if_any
from crossmargin.wire.number import read_decimal, read_instant

COLUMNS = ("open", "high", "low", "close")


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bars:
    """(T,) bars in time order: `start_ns` and prices of each, high >= open, close >= low > 0."""

    start_ns: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]


def read_bars(data: bytes, where: str) -> Bars:
    """CSV bytes -> bars; `InputRefused` with every fault: a price that is none, a time that steps
    back.

    Columns behind the five are left alone: files of different sources carry different ones.
    """
    failures: list[Failure] = []
    times: list[int] = []
    prices: list[list[float]] = []
    for number, row in enumerate(csv.DictReader(data.decode().splitlines())):
        place = f"{where}[{number}]"
        start = read_instant(row.get("ts"), f"{place}.ts")
        figures = [read_decimal(row.get(name), f"{place}.{name}") for name in COLUMNS]
        wrong = [x for x in (start, *figures) if isinstance(x, Failure)]
        failures += wrong
        if wrong or not isinstance(start, int):
            continue
        values = [float(x) for x in figures if isinstance(x, Decimal)]
        if not min(values) == values[2] > 0.0 or max(values) != values[1]:
            message = "low is not the lowest price above 0, or high not the highest"
            failures.append(Failure(Reason.CONTRADICTION, place, message))
        if times and start <= times[-1]:
            failures.append(Failure(Reason.CONTRADICTION, f"{place}.ts", "time does not rise"))
        times.append(start)
        prices.append(values)
    refuse_if_any(failures)
    table = np.array(prices, dtype=np.float64).reshape(-1, len(COLUMNS))
    return Bars(
        start_ns=np.array(times, dtype=np.int64),
        open=table[:, 0],
        high=table[:, 1],
        low=table[:, 2],
        close=table[:, 3],
    )
