"""What the options of a stated portfolio gained over a day, on a surface that is the vol index
everywhere.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.instant import NS_PER_DAY, NS_PER_YEAR
from crossmargin.domain.instrument import Right
from crossmargin.kernels import black_prices, log_fixed
from crossmargin.market.history import ReturnHistory
from crossmargin.study.day_path import DayPaths
from crossmargin.study.past_day import option_strike
from crossmargin.study.portfolio import NOTIONAL, OptionLeg, Portfolio

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


def with_index(vol_index: ReturnHistory, date_ns: I8) -> I8:
    """The days before and after which there is a vol index."""
    known = vol_index.date_ns
    return np.asarray(date_ns[np.isin(date_ns, known) & np.isin(date_ns - NS_PER_DAY, known)])


def level_at(history: ReturnHistory, coin: str, date_ns: I8) -> F8:
    """(D,) levels on dates that the history has."""
    row = np.searchsorted(history.date_ns, date_ns)
    return np.asarray(history.price[row, history.assets.index(coin)])


def option_gain(
    portfolio: Portfolio, bars: Mapping[str, DayPaths], vol_index: ReturnHistory, date_ns: I8
) -> F8:
    """(D, bars) gain of all options from the open of each day to the close of every bar, over one
    leg's dollars.

    Vol goes in a straight line from the vol index before the day to the one after it; the forward
    is the price.
    """
    parts = [_gain(leg, bars[leg.coin], vol_index, date_ns) for leg in portfolio.options]
    return np.asarray(sum(parts[1:], start=parts[0]))


def _gain(leg: OptionLeg, path: DayPaths, vol_index: ReturnHistory, date_ns: I8) -> F8:
    moments = path.close.shape[1]
    passed = np.arange(1, moments + 1) / moments
    begun = path.open[:, None]
    before = level_at(vol_index, leg.coin, date_ns - NS_PER_DAY)[:, None]
    after = level_at(vol_index, leg.coin, date_ns)[:, None]
    strike = np.array([[float(option_strike(leg, price))] for price in path.open.tolist()])
    vol = before + (after - before) * passed
    worth = _price(leg, path.close, strike, vol, leg.days - passed)
    paid = _price(leg, begun, strike, before, np.array([float(leg.days)]))
    return np.asarray(leg.size / NOTIONAL * (worth - paid) / begun)


def _price(leg: OptionLeg, price: F8, strike: F8, vol: F8, days: F8) -> F8:
    """(D, moments) value of an option on one coin."""
    deviation = vol * np.sqrt(days * NS_PER_DAY / NS_PER_YEAR)
    is_call = np.array(leg.right is Right.CALL)
    return black_prices(price, strike, log_fixed(price / strike), deviation, is_call)
