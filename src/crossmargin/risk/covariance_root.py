"""The standard loss of a linear combination: a root of variances and twice-covariances.

Source: CVEX, Risk Parameters (https://docs.cvex.xyz/margin-and-liquidations/risk-parameters).
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

F8 = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CovarianceLoss:
    """(groups,) loss, and (assets, groups) how it changes with each exposure; that with a listing's
    own size is size x own ** 2 over the loss.
    """

    loss: F8
    by_exposure: F8


def covariance_loss(exposure: F8, alpha: F8, beta: F8, own_squares: F8) -> CovarianceLoss:
    """Root of sum (alpha N) ** 2 + sum over pairs of beta N N' + `own_squares`, pairs counted once.

    `exposure` N (assets, groups) in money, `alpha` (assets, groups) losses per unit of it, `beta`
    (assets, assets) symmetric, of which the diagonal says nothing: twice a covariance. Added up
    from the first asset to the last. Homogeneous of degree 1. NaN where a figure is missing beside
    an exposure, and where the figures are those of no random variable: a root of less than nothing.
    """
    weighted = _times(exposure, alpha)
    total = np.zeros(exposure.shape[1])
    slope = np.zeros_like(exposure)
    for i in range(len(exposure)):
        total += weighted[i] * weighted[i]
        slope[i] += 2.0 * _times(weighted[i], alpha[i])
        for j in range(i + 1, len(exposure)):
            both = (exposure[i] != 0.0) & (exposure[j] != 0.0)
            pair = np.where(both, beta[i, j], 0.0)
            total += pair * exposure[i] * exposure[j]
            slope[i] += pair * exposure[j]
            slope[j] += pair * exposure[i]
    total = total + own_squares
    # What cancels wholly leaves dust of either sign.
    size = np.sum(weighted * weighted, axis=0) + own_squares
    total = np.where(np.abs(total) <= DUST_FRAC * size, 0.0, total)
    with np.errstate(invalid="ignore", divide="ignore"):
        loss = np.sqrt(total)
        by_exposure = np.where(loss > 0.0, 0.5 * slope / loss, 0.0)
    return CovarianceLoss(loss=loss, by_exposure=by_exposure)


DUST_FRAC = 2.0**-40
"""What is less beside the squares added up has come from rounding, relative."""


def _times(exposure: F8, figure: F8) -> F8:
    with np.errstate(invalid="ignore"):
        return np.where(exposure == 0.0, 0.0, exposure * figure)
