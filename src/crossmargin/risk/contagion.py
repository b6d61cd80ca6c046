"""The contagion-adjusted volatility buffer: margin for being closed together with others."""

import numpy as np
from numpy.typing import NDArray

F8 = NDArray[np.float64]


def contagion_frac(
    size: F8, crowd: F8, depth: F8, day_vol: F8, *, factor: F8, utilisation: F8
) -> F8:
    """Share of an exposure to be held for a crowd on the same side:
    factor x day_vol x crowd / depth x (1 + size / depth) x utilisation.

    `size`, `crowd` and `depth` in dollars; `utilisation` 0 to 1 is how close the crowd stands to
    its limits. Exposure times this is convex in the exposure. 0 without a crowd; NaN where there is
    one and a figure is missing, or nothing is known of it.
    """
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        depths = np.where(depth > 0.0, depth, np.nan)
        share = factor * day_vol * (crowd / depths) * (1.0 + size / depths) * utilisation
    return np.where(crowd == 0.0, 0.0, share)
