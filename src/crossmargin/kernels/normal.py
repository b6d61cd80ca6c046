"""exp, ln and the normal law as fixed sequences of IEEE operations: the same bits everywhere.

Only + - * / on doubles, comparisons, and shifts, sums and masks of their bits are used, in the
order written, each rounded to nearest; no product is contracted into a sum. Polynomials run by
Horner from the highest degree: `sum = z·c0 + c1`, then `sum = sum·z + c` for each further one. The
lesser and the greater of two numbers keep a NaN of either side. A native kernel that repeats the
lines, with subnormal numbers left on, gives the same bits.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from crossmargin.kernels.coefficients import (
    ATANH_REST,
    EXPONENT_BIAS,
    EXPONENT_BIAS_RAISED,
    EXPONENT_BITS,
    HALF_TANH_ABOVE,
    HALF_TANH_BELOW,
    LN2_HIGH,
    LN2_LOW,
    LOG2_E,
    LOWER,
    NORMAL_MIN,
    RAISE,
    RAISE_BITS,
    SIXTEENTH,
    SQRT_HALF_BITS,
    TAIL_ABOVE,
    TAIL_BELOW,
    WHOLE,
)

F8 = npt.NDArray[np.float64]

# exp is 0 below the first (half the smallest positive double) and infinite above the second.
_EXP_LOWEST = -746.0
_EXP_HIGHEST = 710.0
# A NaN, signalling or not, passes through silently; so do the rounded end and the infinite one.
_silent = np.errstate(over="ignore", under="ignore", invalid="ignore")
# exp(-x²/2) is 0 as a double from here on.
_DISTANCE_MAX = 40.0


# NumPy takes an array without axes in half the time of a Python float.
Coefficients = tuple[F8, ...]


def _as_arrays(coefficients: Sequence[float]) -> Coefficients:
    return tuple(np.array(coefficient) for coefficient in coefficients)


_TAIL_ABOVE = _as_arrays(TAIL_ABOVE)
_TAIL_BELOW = _as_arrays(TAIL_BELOW)
_HALF_TANH_ABOVE = _as_arrays(HALF_TANH_ABOVE)
_HALF_TANH_BELOW = _as_arrays(HALF_TANH_BELOW)
_ATANH_REST = _as_arrays(ATANH_REST)


def _polynomial_into(
    coefficients: Coefficients, variable: F8, out: F8, *, monic: bool = False
) -> None:
    """Polynomial of `variable` into `out`, any one shape; a leading one is not multiplied."""
    if monic:
        np.add(variable, coefficients[1], out=out)
    else:
        np.multiply(variable, coefficients[0], out=out)
        out += coefficients[1]
    for coefficient in coefficients[2:]:
        out *= variable
        out += coefficient


def exp2_fraction_into(fraction: F8, square: F8, above: F8) -> None:
    """2**fraction in place of `fraction`, |fraction| <= 1/2; the other two are scratch."""
    np.multiply(fraction, fraction, out=square)
    _polynomial_into(_HALF_TANH_ABOVE, square, above)
    above *= fraction
    _polynomial_into(_HALF_TANH_BELOW, square, fraction, monic=True)
    np.subtract(fraction, above, out=square)
    fraction += above
    fraction /= square


def raised_power_into(raised: F8) -> None:
    """2**(n + 600) in place of `raised` = 1.5·2**52 + n + 1623, for whole -1600 < n <= 423."""
    bits = raised.view(np.int64)
    np.left_shift(bits, EXPONENT_BITS, out=bits)


def tail_ratio_into(distance: F8, out: F8, below: F8) -> None:
    """N(-distance)·exp(distance²/2) into `out`, 0 <= distance; `below` is scratch."""
    _polynomial_into(_TAIL_ABOVE, distance, out)
    _polynomial_into(_TAIL_BELOW, distance, below, monic=True)
    out /= below


@_silent
def exp_fixed(x: npt.ArrayLike) -> F8:
    """(any shape) float64: e**x within 2 ulp; 0 and infinity at the ends; NaN stays NaN."""
    power = np.array(x, dtype=np.float64)
    np.maximum(power, _EXP_LOWEST, out=power)
    np.minimum(power, _EXP_HIGHEST, out=power)
    whole = power * LOG2_E + WHOLE
    exponent = whole.view(np.int64) - np.float64(WHOLE).view(np.int64)
    whole -= WHOLE
    power -= whole * LN2_HIGH
    power -= whole * LN2_LOW
    power *= LOG2_E
    exp2_fraction_into(power, whole, np.empty_like(power))
    # Two steps, because a single power of two does not span 2**-1075 to 2**1024.
    half = exponent >> 1
    power *= ((half + EXPONENT_BIAS) << EXPONENT_BITS).view(np.float64)
    power *= ((exponent - half + EXPONENT_BIAS) << EXPONENT_BITS).view(np.float64)
    return power


@_silent
def log_fixed(x: npt.ArrayLike) -> F8:
    """(any shape) float64: ln x within 1 ulp; ln 0 = -inf; NaN for x < 0 and for NaN."""
    number = np.array(x, dtype=np.float64)
    tiny = number < NORMAL_MIN
    bits = (number * np.where(tiny, RAISE, 1.0)).view(np.int64)
    exponent = (bits - SQRT_HALF_BITS) >> EXPONENT_BITS
    excess = (bits - (exponent << EXPONENT_BITS)).view(np.float64) - 1.0
    whole = (exponent - np.where(tiny, RAISE_BITS, 0)).astype(np.float64)
    slope = excess / (excess + 2.0)
    square = slope * slope
    rest = np.empty_like(square)
    _polynomial_into(_ATANH_REST, square, rest)
    # 2·slope = excess - slope·excess, so the leading term is exact.
    low = slope * (excess - square * rest) - whole * LN2_LOW
    logarithm = whole * LN2_HIGH - (low - excess)
    logarithm = np.where(number == np.inf, np.inf, logarithm)
    logarithm = np.where(number == 0.0, -np.inf, logarithm)
    return np.where(number >= 0.0, logarithm, np.nan)


def _raised_gauss(distance: F8) -> F8:
    """exp(-distance²/2)·2**600 for 0 <= distance <= 40; the square is taken in two parts."""
    coarse = (distance + SIXTEENTH) - SIXTEENTH
    rest = (coarse - distance) * (coarse + distance) * 0.5
    coarse *= coarse
    coarse *= -0.5
    raised = (coarse + rest) * LOG2_E + (WHOLE + EXPONENT_BIAS_RAISED)
    whole = raised - (WHOLE + EXPONENT_BIAS_RAISED)
    coarse -= whole * LN2_HIGH
    coarse -= whole * LN2_LOW
    coarse += rest
    coarse *= LOG2_E
    exp2_fraction_into(coarse, whole, rest)
    raised_power_into(raised)
    coarse *= raised
    return coarse


@_silent
def gauss_fixed(x: npt.ArrayLike) -> F8:
    """(any shape) float64: exp(-x²/2), relative error below 1e-15 while it is a normal number."""
    distance = np.minimum(np.abs(np.array(x, dtype=np.float64)), _DISTANCE_MAX)
    return _raised_gauss(distance) * LOWER


@_silent
def normal_cdf(x: npt.ArrayLike) -> F8:
    """(any shape) float64: N(x), relative error below 1e-14 in the lower tail down to -38.

    One half at zero exactly; fades to 0 through the subnormal numbers; NaN stays NaN.
    """
    number = np.array(x, dtype=np.float64)
    distance = np.minimum(np.abs(number), _DISTANCE_MAX)
    tail = np.empty_like(distance)
    tail_ratio_into(distance, tail, np.empty_like(distance))
    tail *= _raised_gauss(distance)
    tail *= LOWER
    return np.where(number > 0.0, 1.0 - tail, tail)
