"""Depth through the cycle: what a book takes on a bad day, not what it shows this minute."""

from math import ceil

import numpy as np
from numpy.typing import NDArray


def cycle_depth(depth: NDArray[np.float64], share: float) -> float:
    """(days,) dollars, in any order -> the order statistic that `share` of the days do not exceed.

    The k-th smallest, k = share x days rounded up: 0.1 of 30 days is the third smallest. It never
    interpolates. ValueError for a share outside (0, 1], no days, or a day without a figure.
    """
    if not 0.0 < share <= 1.0:
        raise ValueError(f"a share of {share} is not above 0 and at most 1")
    if len(depth) == 0 or not np.isfinite(depth).all():
        raise ValueError("a depth through the cycle needs days, and a figure on each")
    rank = ceil(share * len(depth) - 1e-9)
    return float(np.sort(depth)[rank - 1])
