"""Value at risk without scenarios: delta and gamma under normal moves, by four cumulants.

The gain is d'x + x'Gx / 2 with G diagonal and x normal around zero. Its quantile is the expansion
of Cornish and Fisher, used where it rises with the normal one from the tail on; elsewhere the bound
of Cantelli stands, which no distribution with that mean and variance exceeds.

Sources: E. A. Cornish and R. A. Fisher, Moments and cumulants in the specification of
distributions, 1938; S. R. Jaschke, The Cornish-Fisher expansion in the context of
delta-gamma-normal approximations, 2002.
"""

from dataclasses import dataclass
from math import sqrt
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.market.normal_quantile import normal_quantile

F8 = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cumulants:
    """(4, groups) the first four cumulants of the gain, and (4, assets, groups) how each changes
    with the delta and with the gamma of each asset.
    """

    value: F8
    by_delta: F8
    by_gamma: F8


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DeltaGammaRisk:
    """(groups,) loss at the level, gain negative; (groups,) whether it is Cantelli's bound; and
    (assets, groups) how it changes with each delta and gamma: these add up to it exactly but for
    rounding.
    """

    loss: F8
    is_bound: NDArray[np.bool_]
    by_delta: F8
    by_gamma: F8


def delta_gamma_risk(delta: F8, gamma: F8, covariance: F8, level: float) -> DeltaGammaRisk:
    """Deltas and gammas (assets, groups) in money per move of 100 %, covariance (assets, assets) of
    relative moves -> the loss that is not exceeded with probability `level`.

    Homogeneous of degree 1 in positions. A group whose gain cannot vary loses what it loses on
    average.
    """
    if not 0.5 < level < 1.0:
        raise ValueError(f"a level of {level} is not between 0.5 and 1")
    found = cumulants(delta, gamma, covariance)
    mean, variance, third, fourth = found.value
    varies = variance > 0.0
    deviation = np.sqrt(np.where(varies, variance, 1.0))
    skew = np.where(varies, third, 0.0) / deviation**3
    excess = np.where(varies, fourth, 0.0) / deviation**4
    z = float(normal_quantile(np.array([1.0 - level]))[0])
    is_bound = varies & ~_rises_in_tail(skew, excess, z)
    by_skew = (z * z - 1.0) / 6.0 - (2.0 * z**3 - 5.0 * z) * skew / 18.0
    by_excess = (z**3 - 3.0 * z) / 24.0
    quantile = z + (z * z - 1.0) * skew / 6.0 + by_excess * excess
    quantile -= (2.0 * z**3 - 5.0 * z) * skew * skew / 36.0
    quantile = np.where(is_bound, -sqrt(level / (1.0 - level)), quantile)
    by_skew, by_excess_of = np.where(is_bound, 0.0, by_skew), np.where(is_bound, 0.0, by_excess)
    # What the loss changes by when a cumulant does: skew and excess depend on the variance too.
    per_variance = quantile - 3.0 * skew * by_skew - 4.0 * excess * by_excess_of
    slope = -np.stack(
        [
            np.ones_like(mean),
            np.where(varies, 0.5 * per_variance / deviation, 0.0),
            np.where(varies, by_skew / deviation**2, 0.0),
            np.where(varies, by_excess_of / deviation**3, 0.0),
        ]
    )
    return DeltaGammaRisk(
        loss=-(mean + np.where(varies, deviation * quantile, 0.0)),
        is_bound=is_bound,
        by_delta=_weighted(slope, found.by_delta),
        by_gamma=_weighted(slope, found.by_gamma),
    )


def _rises_in_tail(skew: F8, excess: F8, z: float) -> NDArray[np.bool_]:
    """Whether the expansion rises with the normal quantile everywhere from z down."""
    square = excess / 8.0 - skew * skew / 6.0
    linear = skew / 3.0
    rest = 1.0 - excess / 8.0 + 5.0 * skew * skew / 36.0
    with np.errstate(invalid="ignore", divide="ignore"):
        lowest = np.where(square > 0.0, np.minimum(z, -linear / (2.0 * square)), z)
    slope = (square * lowest + linear) * lowest + rest
    falls_away = (square < 0.0) | ((square == 0.0) & (linear > 0.0))
    return np.asarray((slope > 0.0) & ~falls_away)


def cumulants(delta: F8, gamma: F8, covariance: F8) -> Cumulants:
    """The cumulants of d'x + x'Gx / 2, by sums over assets in a written order.

    With v = Sd, y = SGv, t = SGy and P = SGS: d'Sd + tr(GS)^2 / 2 and so on.
    """
    curve, third_of, fourth_of = _of_gamma(gamma, covariance)
    v = _through(covariance, delta)
    y = _through(covariance, gamma * v)
    t = _through(covariance, gamma * y)
    own = np.diag(covariance)[:, None]
    by_delta = np.stack([np.zeros_like(delta), 2.0 * v, 6.0 * y, 24.0 * t])
    by_gamma = np.stack(
        [
            0.5 * own + np.zeros_like(gamma),
            curve,
            3.0 * v * v + 3.0 * third_of,
            24.0 * v * y + 12.0 * fourth_of,
        ]
    )
    degree = np.array([1.0, 2.0, 3.0, 4.0])[:, None]
    # Each is homogeneous, of degree 1 to 4: Euler's sum over its slopes is the cumulant itself.
    value = _added(by_delta * delta + by_gamma * gamma) / degree
    return Cumulants(value=value, by_delta=by_delta, by_gamma=by_gamma)


def _of_gamma(gamma: F8, covariance: F8) -> tuple[F8, F8, F8]:
    """(assets, groups) diagonals of SGS, SGSGS and SGSGSGS."""
    width = len(covariance)
    if not gamma.any():
        nothing = np.zeros_like(gamma)
        return nothing, nothing, nothing
    product = np.zeros((width, width, gamma.shape[1]))
    for i in range(width):
        for j in range(i, width):
            for k in range(width):
                product[i, j] += covariance[i, k] * covariance[k, j] * gamma[k]
            product[j, i] = product[i, j]
    first = np.stack([product[i, i] for i in range(width)])
    second, third = np.zeros_like(gamma), np.zeros_like(gamma)
    for j in range(width):
        through = product[:, j] * gamma[j]
        second += through * covariance[:, j : j + 1]
        third += through * product[j]
    return first, second, third


def _through(covariance: F8, vector: F8) -> F8:
    total = np.zeros_like(vector)
    for j in range(len(covariance)):
        total += covariance[:, j : j + 1] * vector[j]
    return total


def _weighted(slope: F8, by_asset: F8) -> F8:
    """(4, groups) times (4, assets, groups) -> (assets, groups)."""
    total = slope[0] * by_asset[0]
    for own, each in zip(slope[1:], by_asset[1:], strict=True):
        total += own * each
    return np.asarray(total)


def _added(by_asset: F8) -> F8:
    """(4, assets, groups) -> (4, groups), from the first asset to the last."""
    total = np.zeros((len(by_asset), by_asset.shape[2]))
    for asset in range(by_asset.shape[1]):
        total += by_asset[:, asset]
    return total
