"""A day's path instead of its close: what a venue that liquidates within the day lives by."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.instant import NS_PER_DAY
from crossmargin.study.baseline import BaselineRun
from crossmargin.study.coverage import Coverage, coverage

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DayPaths:
    """(D,) whole days: the furthest fall and rise of a price from its open, as fractions."""

    date_ns: I8
    fall_frac: F8
    rise_frac: F8


def day_paths(start_ns: I8, opened: F8, high: F8, low: F8, *, bars_per_day: int) -> DayPaths:
    """Bars -> days that have all their bars; a day with a gap is left out, not filled in."""
    day = start_ns // NS_PER_DAY
    distinct, first, count = np.unique(day, return_index=True, return_counts=True)
    whole = count == bars_per_day
    lowest = np.minimum.reduceat(low, first)
    highest = np.maximum.reduceat(high, first)
    base = opened[first]
    return DayPaths(
        date_ns=distinct[whole] * NS_PER_DAY,
        fall_frac=1.0 - lowest[whole] / base[whole],
        rise_frac=highest[whole] / base[whole] - 1.0,
    )


def on_path(run: BaselineRun, paths: DayPaths) -> Coverage:
    """The same margins, day by day, against the worst moment of the day instead of its close."""
    _, own, theirs = np.intersect1d(run.date_ns, paths.date_ns, return_indices=True)
    loss = paths.fall_frac if run.side == "long" else paths.rise_frac
    return coverage(run.margin_frac[own], loss[theirs], 1.0 - run.level)
