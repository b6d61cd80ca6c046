"""Haircuts that follow risk: volatility, correlation with the book, and what selling costs."""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels import exp_fixed
from crossmargin.market.normal_quantile import normal_quantile

F8 = NDArray[np.float64]


def risk_based_haircut(
    day_vol: F8, correlation: F8, cost_frac: F8, *, days: float, level: float
) -> F8:
    """(assets,) share of a coin's value that gives no credit, 0 to 1; NaN where a figure is
    missing.

    1 - e ** (-q x day_vol x sqrt(days) x (1 + max(0, correlation))) x (1 - cost): the fall that is
    not exceeded with probability `level` over the days that selling takes, deeper for a coin that
    falls with what it secures, and the cost of selling on what is left. It never falls as
    volatility, correlation or cost rise.
    """
    if not 0.5 < level < 1.0 or not days > 0.0:
        raise ValueError(f"no haircut at level {level} over {days} days")
    quantile = float(normal_quantile(np.array([level]))[0])
    together = 1.0 + np.maximum(0.0, correlation)
    left = exp_fixed(-quantile * sqrt(days) * day_vol * together)
    return np.asarray(1.0 - left * (1.0 - np.minimum(cost_frac, 1.0)))
