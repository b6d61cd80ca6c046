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
    """(D,) whole days of one price: the open, and (D, bars) high, low and close of every bar."""

    date_ns: I8
    open: F8
    high: F8
    low: F8
    close: F8

    @property
    def fall_frac(self) -> F8:
        """(D,) furthest fall from the open, as a fraction of it."""
        return np.asarray(1.0 - self.low.min(axis=1) / self.open)

    @property
    def rise_frac(self) -> F8:
        """(D,) furthest rise from the open, as a fraction of it."""
        return np.asarray(self.high.max(axis=1) / self.open - 1.0)

    @property
    def close_move_frac(self) -> F8:
        """(D, bars) move from the day's open to the close of every bar."""
        return np.asarray(self.close / self.open[:, None] - 1.0)

    def on(self, date_ns: I8) -> "DayPaths":
        """The days of `date_ns`, all of which it must have."""
        row = np.searchsorted(self.date_ns, date_ns)
        return DayPaths(
            date_ns=date_ns,
            open=self.open[row],
            high=self.high[row],
            low=self.low[row],
            close=self.close[row],
        )


def day_paths(
    start_ns: I8, opened: F8, high: F8, low: F8, closed: F8, *, bars_per_day: int
) -> DayPaths:
    """Bars -> days that have all their bars; a day with a gap is left out, not filled in."""
    day = start_ns // NS_PER_DAY
    distinct, first, count = np.unique(day, return_index=True, return_counts=True)
    whole = count == bars_per_day
    bars = first[whole][:, None] + np.arange(bars_per_day)
    return DayPaths(
        date_ns=distinct[whole] * NS_PER_DAY,
        open=opened[first[whole]],
        high=high[bars],
        low=low[bars],
        close=closed[bars],
    )


def held_to_coin(perpetual: DayPaths, coin: DayPaths, band_frac: float) -> DayPaths:
    """A perpetual's days with every high, low and close held to within `band_frac` of the coin's
    high and low of the same bar; days without the coin's bars stay as they are.

    Venues close accounts by a mark that hangs on an index, not by the last trade of one book.
    """
    _, own, theirs = np.intersect1d(perpetual.date_ns, coin.date_ns, return_indices=True)
    most, least = coin.high[theirs] * (1.0 + band_frac), coin.low[theirs] * (1.0 - band_frac)
    held = {"high": perpetual.high, "low": perpetual.low, "close": perpetual.close}
    for name, bars in held.items():
        held[name] = bars.copy()
        held[name][own] = np.clip(bars[own], least, most)
    return DayPaths(date_ns=perpetual.date_ns, open=perpetual.open, **held)


def on_path(run: BaselineRun, paths: DayPaths) -> Coverage:
    """The same margins, day by day, against the worst moment of the day instead of its close."""
    _, own, theirs = np.intersect1d(run.date_ns, paths.date_ns, return_indices=True)
    loss = paths.fall_frac if run.side == "long" else paths.rise_frac
    return coverage(run.margin_frac[own], loss[theirs], 1.0 - run.level)
