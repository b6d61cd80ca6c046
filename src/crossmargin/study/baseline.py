"""Three plain models of one day's loss on one coin, measured over all of the bundled closes.

What any better model has to beat, and a check that the back-test counts as others count: a margin
for day t uses closes up to day t - 1 only.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.market.history import ReturnHistory, simple_moves
from crossmargin.market.volatility import ewma_variance
from crossmargin.risk.measure import tail_at_level, value_at_risk
from crossmargin.scenario.filtered import filtered_moves
from crossmargin.study.coverage import Coverage, coverage

F8 = NDArray[np.float64]

MODELS = ("ewma-normal", "historical", "filtered-historical")
SIDES = ("long", "short")
DECAY = 0.97
WINDOW = 500
LEVEL = 0.99
NORMAL_QUANTILE = 2.3263478740408408
"""Standard normal quantile of 0.99."""


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BaselineRun:
    """One model on one side of one coin: (days,) margin and loss as fractions of the price, and the
    tests.
    """

    model: str
    underlying: str
    side: str
    level: float
    date_ns: NDArray[np.int64]
    margin_frac: F8
    loss_frac: F8
    coverage: Coverage

    @property
    def peak_to_trough(self) -> float:
        """Largest over smallest margin of the whole run."""
        return float(self.margin_frac.max() / self.margin_frac.min())

    def largest_rise(self, days: int) -> float:
        """Largest relative rise of the margin over so many days."""
        return float((self.margin_frac[days:] / self.margin_frac[:-days]).max() - 1.0)


def run_baseline(history: ReturnHistory) -> list[BaselineRun]:
    """Every model, coin and side over the days after the first window."""
    return [
        one_run(history, coin, model, side)
        for coin in history.assets
        for model in MODELS
        for side in SIDES
    ]


def one_run(history: ReturnHistory, coin: str, model: str, side: str) -> BaselineRun:
    """One model over one coin's closes, 99 %, one day, window 500, decay 0.97."""
    column = history.assets.index(coin)
    moves = simple_moves(history, 1)[:, column]
    sign = 1.0 if side == "long" else -1.0
    variance = ewma_variance(moves, DECAY)
    margin = _margins(model, moves, variance, sign)
    loss = -sign * moves[WINDOW:]
    return BaselineRun(
        model=model,
        underlying=coin,
        side=side,
        level=LEVEL,
        date_ns=history.date_ns[WINDOW + 1 :],
        margin_frac=margin,
        loss_frac=loss,
        coverage=coverage(margin, loss, 1.0 - LEVEL, np.sqrt(variance[WINDOW:-1])),
    )


def _margins(model: str, moves: F8, variance: F8, sign: float) -> F8:
    """(days,) margin for each day after the first window, from the window before it."""
    tail = tail_at_level(LEVEL, WINDOW)
    days = np.arange(WINDOW, len(moves))
    if model == "ewma-normal":
        return np.asarray(NORMAL_QUANTILE * np.sqrt(variance[days]))
    windows = np.lib.stride_tricks.sliding_window_view(moves, WINDOW)[: len(days)]
    if model == "filtered-historical":
        windows = np.stack(
            [
                filtered_moves(moves[day - WINDOW : day], variance[day - WINDOW : day + 1])
                for day in days
            ]
        )
    margin, _ = value_at_risk(sign * windows, tail)
    return margin
