"""A day's furthest fall and rise from its open, and the days that are left out."""

import numpy as np
import pytest

from crossmargin.base.failure import InputRefused
from crossmargin.base.instant import NS_PER_DAY
from crossmargin.study.day_path import DayPaths, day_paths, held_to_coin
from crossmargin.wire.ohlc import read_bars

HOUR = NS_PER_DAY // 24


def test_a_day_is_measured_from_its_open_and_one_with_a_gap_is_left_out() -> None:
    start = np.concatenate([np.arange(24) * HOUR, NS_PER_DAY + np.arange(23) * HOUR])
    opened = np.full(47, 100.0)
    high, low = np.full(47, 101.0), np.full(47, 99.0)
    low[7], high[20] = 80.0, 130.0
    found = day_paths(start, opened, high, low, opened, bars_per_day=24)
    assert found.date_ns.tolist() == [0]
    assert found.close_move_frac.shape == (1, 24)
    assert found.fall_frac == pytest.approx([0.2])
    assert found.rise_frac == pytest.approx([0.3])


def test_a_wick_of_one_book_is_held_to_the_coin_of_the_same_bar() -> None:
    def days(high: list[float], dates: int = 2) -> DayPaths:
        bars = np.array([[100.0, each] for each in high[:dates]])
        return DayPaths(
            date_ns=np.arange(dates) * NS_PER_DAY,
            open=np.full(dates, 100.0),
            high=bars,
            low=np.full((dates, 2), 90.0),
            close=np.full((dates, 2), 100.0),
        )

    perpetual, coin = days([300.0, 300.0]), days([120.0], dates=1)
    found = held_to_coin(perpetual, coin, 0.05)
    # 5 % above the coin's 120; the second day has no coin and stays.
    assert found.rise_frac == pytest.approx([0.26, 2.0])
    assert found.fall_frac == pytest.approx([0.1, 0.1])


def test_bars_are_read_whole_or_refused_whole() -> None:
    header = b"ts,open,high,low,close,volume\n"
    good = header + b"2020-01-01T00:00:00Z,10,12,9,11,5\n2020-01-01T01:00:00Z,11,11,10,10,5\n"
    bars = read_bars(good, "bars")
    assert bars.high.tolist() == [12.0, 11.0]
    bad = header + b"2020-01-01T01:00:00Z,10,9,8,10,1\n2020-01-01T00:00:00Z,ten,1,1,1,1\n"
    with pytest.raises(InputRefused) as refused:
        read_bars(bad, "bars")
    assert [failure.where for failure in refused.value.failures] == ["bars[0]", "bars[1].open"]
