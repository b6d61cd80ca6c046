"""Past prices of several assets on common dates, and the two kinds of moves between them."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, Reason, refuse_if_any
from crossmargin.kernels import log_fixed


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReturnHistory:
    """Levels of A assets on T dates: `date_ns` (T,) rising, `price` (T, A), NaN where none is.

    Prices in dollars, or the level of a vol index as a fraction (0.45 is 45 %); each positive.
    `source` names where each of the A columns is from. Arrays are read-only; nothing is filled in.
    """

    assets: tuple[str, ...]
    date_ns: NDArray[np.int64]
    price: NDArray[np.float64]
    source: tuple[str, ...]

    def __post_init__(self) -> None:
        shape = (len(self.date_ns), len(self.assets))
        found = []
        if self.price.shape != shape or len(self.source) != len(self.assets):
            found.append(_failure("price", f"shape {self.price.shape} is not {shape}"))
        elif (np.isinf(self.price) | (self.price <= 0)).any():
            found.append(_failure("price", "a level is not a positive number"))
        if not (np.diff(self.date_ns) > 0).all():
            found.append(_failure("date_ns", "dates do not rise"))
        if len(set(self.assets)) != len(self.assets):
            found.append(_failure("assets", "an asset stands twice"))
        refuse_if_any(found)
        self.date_ns.setflags(write=False)
        self.price.setflags(write=False)


def simple_moves(history: ReturnHistory, horizon_rows: int) -> NDArray[np.float64]:
    """(T - horizon_rows, A) relative simple moves over `horizon_rows` dates: +0.15 is +15 %.

    Overlapping where the horizon is longer than one row; NaN where either level is missing. What a
    scenario takes: they are never added over time.
    """
    _check_horizon(history, horizon_rows)
    return history.price[horizon_rows:] / history.price[:-horizon_rows] - 1.0


def log_moves(history: ReturnHistory, horizon_rows: int) -> NDArray[np.float64]:
    """(T - horizon_rows, A) natural logarithms of price ratios over `horizon_rows` dates.

    What a volatility estimate takes: they add over time, and are never applied to a price as if
    they were simple moves.
    """
    _check_horizon(history, horizon_rows)
    return log_fixed(history.price[horizon_rows:] / history.price[:-horizon_rows])


def _check_horizon(history: ReturnHistory, horizon_rows: int) -> None:
    rows = len(history.date_ns)
    if not 1 <= horizon_rows < rows:
        refuse_if_any([_failure("horizon_rows", f"{horizon_rows} is not within 1 to {rows - 1}")])


def _failure(where: str, message: str) -> Failure:
    return Failure(Reason.OUT_OF_BOUNDS, f"history.{where}", message)


def beta_of(history: ReturnHistory, asset: str, driver: str, days: int) -> float:
    """Slope of an asset's daily simple moves on the driver's through zero, over the last `days`."""
    moves = simple_moves(history, 1)[-days:]
    own, other = (moves[:, history.assets.index(code)] for code in (asset, driver))
    return float(np.sum(other * own) / np.sum(other * other))
