"""Volatility of past returns, as estimates that use nothing of the day they are for."""

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]


def ewma_variance(returns: Float, decay: float) -> Float:
    """(T, ...) returns in time order -> (T + 1, ...) variance forecasts: row t uses returns before
    t.

    Exponentially weighted mean of squares around zero: v[t+1] = decay v[t] + (1 - decay) r[t]^2,
    started at the mean square of the first 30 rows (of all, where there are fewer). Refuses NaN: a
    gap is no return.
    """
    if not 0.0 < decay < 1.0:
        raise ValueError(f"a decay of {decay} is not between 0 and 1")
    if not np.isfinite(returns).all() or len(returns) == 0:
        raise ValueError("returns must be finite, and at least one")
    variance = np.empty((len(returns) + 1, *returns.shape[1:]))
    variance[0] = np.mean(returns[:30] ** 2, axis=0)
    for t, squared in enumerate(returns**2):
        variance[t + 1] = decay * variance[t] + (1.0 - decay) * squared
    return variance
