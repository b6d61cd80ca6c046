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
    added = ((1.0 - decay) * returns**2).reshape(len(returns), -1)
    columns = variance.reshape(len(variance), -1)
    for column, own in enumerate(added.T.tolist()):
        # A loop over numbers: over arrays of two or three it takes ten times as long.
        now = float(columns[0, column])
        for t, more in enumerate(own, start=1):
            now = decay * now + more
            own[t - 1] = now
        columns[1:, column] = own
    return variance


def garch_variance(returns: Float, omega: Float, alpha: Float, beta: Float) -> Float:
    """(T, assets) daily returns in time order -> (T + 1, assets) variance forecasts of one day: row
    t uses returns before t.

    v[t+1] = omega + alpha r[t]^2 + beta v[t], started at the long-run variance
    omega / (1 - alpha - beta). `omega` (assets,) is a variance of fractions, > 0; `alpha` and
    `beta` (assets,) are 0 or more and together below 1. Refuses NaN: a gap is no return.

    Source: T. Bollerslev, Generalized autoregressive conditional heteroskedasticity, 1986.
    """
    if not ((omega > 0.0) & (alpha >= 0.0) & (beta >= 0.0) & (alpha + beta < 1.0)).all():
        raise ValueError("omega is above 0, alpha and beta are not negative and together below 1")
    if not np.isfinite(returns).all() or len(returns) == 0:
        raise ValueError("returns must be finite, and at least one")
    variance = np.empty((len(returns) + 1, *returns.shape[1:]))
    variance[0] = omega / (1.0 - alpha - beta)
    for t, squared in enumerate(returns**2):
        variance[t + 1] = omega + alpha * squared + beta * variance[t]
    return variance


def garch_over_days(variance: Float, omega: Float, alpha: Float, beta: Float, days: int) -> Float:
    """(any, assets) forecasts of one day -> (any, assets) variance of the sum of returns over
    `days` days.

    The forecast for each further day goes back towards the long run by the share 1 - alpha - beta.
    """
    if days < 1:
        raise ValueError(f"no forecast over {days} days")
    day, total = variance, variance
    for _ in range(days - 1):
        day = omega + (alpha + beta) * day
        total = total + day
    return np.asarray(total)
