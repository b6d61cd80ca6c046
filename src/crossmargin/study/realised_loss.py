"""What portfolios lost over a day: to its close, or at the worst moment of its path.

Fractions of one leg, positive for a loss; a day is from midnight to midnight UTC, as the closes
are. Funding is not in them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.instant import NS_PER_DAY
from crossmargin.market.history import ReturnHistory
from crossmargin.study.day_path import DayPaths
from crossmargin.study.option_gain import level_at, option_gain, with_index
from crossmargin.study.portfolio import FIRST, NOTIONAL, SECOND, Portfolio

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DayLosses:
    """(D,) losses of one portfolio on the days that begin on `date_ns`."""

    date_ns: I8
    loss_frac: F8


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Closes:
    """Daily closes of the first and the second venue, and the vol index."""

    first: ReturnHistory
    second: ReturnHistory
    vol_index: ReturnHistory


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Paths:
    """Bars of whole days by coin: perpetuals, and the coins themselves where there are any."""

    perpetual: Mapping[str, DayPaths]
    coin: Mapping[str, DayPaths]


def losses_to_close(portfolio: Portfolio, closes: Closes) -> DayLosses | None:
    """Day by day from close to close; None where closes say nothing: coins and perpetuals have the
    same ones.
    """
    if portfolio.coins:
        return None
    venues = {FIRST: closes.first, SECOND: closes.second}
    date_ns = closes.first.date_ns[1:]
    if portfolio.options:
        date_ns = with_index(closes.vol_index, date_ns)
    gained = np.zeros((len(date_ns), 1))
    for (venue, coin), size in portfolio.legs.items():
        path = _one_bar(venues[venue], coin, date_ns)
        gained += size / NOTIONAL * path.close_move_frac
    if portfolio.options:
        bars = {coin: _one_bar(closes.first, coin, date_ns) for coin in portfolio.used}
        gained += option_gain(portfolio, bars, closes.vol_index, date_ns)
    return DayLosses(date_ns=date_ns, loss_frac=-gained.min(axis=1))


def losses_on_path(portfolio: Portfolio, paths: Paths, closes: Closes) -> DayLosses | None:
    """The worst moment of each day; None without the bars of every leg.

    One leg alone is measured at highs and lows. Several are measured together at the close of every
    bar: when within a bar each had its extreme nobody knows.
    """
    if portfolio.is_across_venues or any(coin not in paths.perpetual for coin in portfolio.used):
        return None
    if any(coin not in paths.coin for coin in portfolio.coins):
        return None
    own = [paths.perpetual[coin] for coin in portfolio.used]
    own += [paths.coin[coin] for coin in portfolio.coins]
    date_ns = reduce(np.intersect1d, [each.date_ns for each in own])
    if portfolio.options:
        date_ns = with_index(closes.vol_index, date_ns)
        bars = {coin: paths.perpetual[coin].on(date_ns) for coin in portfolio.used}
        gained = _linear_gain(portfolio, paths, date_ns)
        gained = gained + option_gain(portfolio, bars, closes.vol_index, date_ns)
        return DayLosses(date_ns=date_ns, loss_frac=-gained.min(axis=1))
    if len(portfolio.legs) == 1 and not portfolio.coins:
        ((_, coin), size) = next(iter(portfolio.legs.items()))
        path = paths.perpetual[coin].on(date_ns)
        furthest = path.fall_frac if size > 0.0 else path.rise_frac
        return DayLosses(date_ns=date_ns, loss_frac=abs(size) / NOTIONAL * furthest)
    gained = _linear_gain(portfolio, paths, date_ns)
    return DayLosses(date_ns=date_ns, loss_frac=-gained.min(axis=1))


def _one_bar(history: ReturnHistory, coin: str, date_ns: I8) -> DayPaths:
    """Days of one bar each, from the close before to their own."""
    opened, closed = level_at(history, coin, date_ns - NS_PER_DAY), level_at(history, coin, date_ns)
    bar = closed[:, None]
    return DayPaths(date_ns=date_ns, open=opened, high=bar, low=bar, close=bar)


def _linear_gain(portfolio: Portfolio, paths: Paths, date_ns: I8) -> F8:
    """(D, bars) gain of everything but options from the day's open to the close of every bar."""
    legs = [(paths.perpetual[coin], size) for (_, coin), size in portfolio.legs.items()]
    legs += [(paths.coin[coin], size) for coin, size in portfolio.coins.items()]
    parts = [size / NOTIONAL * path.on(date_ns).close_move_frac for path, size in legs]
    return np.asarray(sum(parts[1:], start=parts[0])) if parts else np.zeros((len(date_ns), 1))
