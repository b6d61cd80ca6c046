"""Black-76 prices and Greeks of European options on a forward, undiscounted, in one fixed sequence.

The out-of-the-money option is priced and the other follows by parity. With a = |ln(F/K)|, s the
deviation, L = min(F, K), H = max(F, K), e1 = s/2 - a/s and e2 = -s/2 - a/s, both kinds give

    L·N(e1) - H·N(e2),   and   L·exp(-e1²/2) = H·exp(-e2²/2).

So with the tail ratio W(z) = N(-z)·exp(z²/2) one exponential serves both terms:

    e1 < 0:   L·exp(-e1²/2)·(W(|e1|) - W(|e2|))
    e1 >= 0:  L - L·exp(-e1²/2)·(W(|e1|) + W(|e2|))

Limits need no branch: s = 0 gives a/s beyond every exponential, also at F = K, where a is taken as
1e-300; s beyond 200 is 200, where nothing is left of either tail; F = 0 and K = 0 give a = inf.
NaN in any argument gives NaN in that cell.
"""

import numpy as np
import numpy.typing as npt

from crossmargin.kernels.coefficients import (
    EXPONENT_BIAS_RAISED,
    HALF_LOG2_E,
    INVERSE_SQRT_TWO_PI,
    LOWER,
    WHOLE,
)
from crossmargin.kernels.normal import (
    F8,
    exp2_fraction_into,
    gauss_fixed,
    normal_cdf,
    raised_power_into,
    tail_ratio_into,
)

Flags = npt.NDArray[np.bool_]

# Cells priced at once: the three to five buffers in use at a time stay inside a 1 MiB cache.
CELLS_PER_BLOCK = 16_000

# Arrays without axes: NumPy takes them in half the time of a Python float.
_DEVIATION_MAX = np.array(200.0)
_DISTANCE_MAX = np.array(200.0)
_LOG_MONEYNESS_MIN = np.array(1e-300)
_POWER_OF_SQUARE = np.array(-HALF_LOG2_E)
_POWER_MIN = np.array(-1100.0)
_RAISED = np.array(WHOLE + EXPONENT_BIAS_RAISED)
_LOWER = np.array(LOWER)
_HALF, _ZERO = np.array(0.5), np.array(0.0)
_SIGN_BIT = np.array(-(2**63))


def black_prices(
    forward: F8,
    strike: F8,
    log_moneyness: F8,
    deviation: F8,
    is_call: Flags,
    out: F8 | None = None,
) -> F8:
    """(rows, scenarios) float64, price in the forward's currency per unit, undiscounted.

    All arguments broadcast to (rows, scenarios). `log_moneyness` is ln(forward/strike), which the
    caller may add up from hoisted parts (`log_fixed`); `deviation` is vol·sqrt(years) >= 0.
    The price lies between max(±(forward - strike), 0) and forward (call) or strike (put), and is
    exactly the lower bound at deviation 0. Relative error below 1e-10 down to 1e-8 of
    max(forward, strike), absolute error below 4 ulp of it under that. NaN stays NaN.

    Raises
    ------
    ValueError
        A negative forward, strike or deviation, or an `out` of another shape or type.
    """
    refuse_negative(forward=forward, strike=strike, deviation=deviation)
    forward, strike, log_moneyness, deviation, is_call = np.broadcast_arrays(
        forward, strike, log_moneyness, deviation, is_call
    )
    shape = forward.shape
    if len(shape) != 2:
        message = f"black_prices: arguments must broadcast to (rows, scenarios), not {shape}"
        raise ValueError(message)
    if out is None:
        out = np.empty(shape)
    elif out.shape != shape or out.dtype != np.float64:
        message = f"black_prices: out must be float64 {shape}, not {out.dtype} {out.shape}"
        raise ValueError(message)
    rows_count, scenarios_count = shape
    width = min(scenarios_count, CELLS_PER_BLOCK)
    height = min(max(1, CELLS_PER_BLOCK // max(width, 1)), max(rows_count, 1))
    buffers = _aligned(9 * height * width)
    with np.errstate(divide="ignore", over="ignore", under="ignore", invalid="ignore"):
        for row in range(0, rows_count, height):
            for column in range(0, scenarios_count, max(width, 1)):
                block = np.s_[row : row + height, column : column + width]
                _price_block(
                    forward[block],
                    strike[block],
                    log_moneyness[block],
                    deviation[block],
                    is_call[block],
                    out[block],
                    buffers,
                )
    return out


def _aligned(count: int) -> F8:
    """(count,) float64, empty, at an address that 64 divides: whole vectors and cache lines."""
    raw = np.empty(count + 8)
    start = -raw.ctypes.data % 64 // raw.itemsize
    return raw[start : start + count]


def refuse_negative(**arguments: F8) -> None:
    """Raise ValueError with the name of an argument that is negative anywhere; NaN is not."""
    for name, values in arguments.items():
        # A NaN is not below zero: it stays, and comes out as NaN.
        with np.errstate(invalid="ignore"):
            below = np.any(np.less(values, 0.0))
        if below:
            message = f"Black-76: {name} must not be negative, was {np.nanmin(values)}"
            raise ValueError(message)


def _price_block(
    forward: F8,
    strike: F8,
    log_moneyness: F8,
    deviation: F8,
    is_call: Flags,
    price: F8,
    buffers: F8,
) -> None:
    """One block of broadcast arguments, (rows, scenarios) each, into `price` of the same shape."""
    work = buffers[: 9 * price.size].reshape(9, price.size)
    cells = work.reshape(9, *price.shape)
    np.minimum(forward, strike, out=cells[0])
    np.minimum(deviation, _DEVIATION_MAX, out=cells[1])
    np.abs(log_moneyness, out=cells[4])
    _otm_prices(work)
    # side - L is the intrinsic value, exactly and never as -0.0; side is also the upper bound.
    otm, lesser, side = cells[3], cells[0], cells[4]
    np.copyto(side, strike)
    np.copyto(side, forward, where=is_call)
    np.subtract(side, lesser, out=lesser)
    otm += lesser
    np.minimum(otm, side, out=price)


def _otm_prices(work: F8) -> None:
    """(9, cells) float64: from L, s and a in rows 0, 1 and 4 the out-of-the-money price in row 3.

    Every line is one step of the sequence; the other rows are scratch.
    """
    lesser, half, gauss, first, second = work[0], work[1], work[2], work[3], work[4]
    second += _LOG_MONEYNESS_MIN
    second /= half
    np.minimum(second, _DISTANCE_MAX, out=second)
    half *= _HALF
    np.subtract(half, second, out=first)
    second += half

    # exp(-e1²/2)·2**600, then the scale goes and L comes: one rounding of a subnormal at most.
    raised, scratch, above = work[7], work[5], work[6]
    np.multiply(first, first, out=gauss)
    gauss *= _POWER_OF_SQUARE
    np.maximum(gauss, _POWER_MIN, out=gauss)
    np.add(gauss, _RAISED, out=raised)
    np.subtract(raised, _RAISED, out=scratch)
    gauss -= scratch
    exp2_fraction_into(gauss, scratch, above)
    raised_power_into(raised)
    gauss *= raised
    gauss *= _LOWER
    gauss *= lesser

    # The sign of e1 chooses between L - ... and 0 - ..., and between the sum and the difference.
    sign = half.view(np.int64)
    np.bitwise_and(first.view(np.int64), _SIGN_BIT, out=sign)
    np.abs(first, out=first)
    distances, ratios, scratches = work[3:5], work[5:7], work[7:9]
    tail_ratio_into(distances.ravel(), ratios.ravel(), scratches.ravel())
    ratio, base = ratios[0], first
    np.bitwise_xor(ratio.view(np.int64), sign, out=ratio.view(np.int64))
    ratio += ratios[1]
    gauss *= ratio
    np.bitwise_xor(lesser.view(np.int64), sign, out=base.view(np.int64))
    np.maximum(base, _ZERO, out=base)
    base -= gauss
    np.maximum(base, _ZERO, out=base)


def black_greeks(
    forward: F8,
    strike: F8,
    log_moneyness: F8,
    deviation: F8,
    years: F8,
    is_call: Flags,
) -> tuple[F8, F8, F8, F8]:
    """(rows, scenarios) float64 each: delta, gamma, vega per 1.00 of vol, theta per year.

    Of the undiscounted price: delta and gamma are its first and second derivative by the forward
    (gamma per unit of forward), vega by the vol, theta by the passing of time at a constant
    forward (never positive). `years` >= 0 is the time that `deviation` contains.

    Limits: deviation 0 gives delta 1 or 0 (call), 0 or -1 (put), one half or minus one half at
    forward = strike, and 0 for the others; there gamma is inf, and theta is -inf when `years` is 0
    as well. Forward 0 gives delta 0 (call) or -1 (put) and 0 for the others. NaN stays NaN.

    Raises
    ------
    ValueError
        A negative forward, strike, deviation or time.
    """
    refuse_negative(forward=forward, strike=strike, deviation=deviation, years=years)
    spread = np.minimum(deviation, _DEVIATION_MAX)
    with np.errstate(divide="ignore", over="ignore", under="ignore", invalid="ignore"):
        first = log_moneyness / np.maximum(spread, _LOG_MONEYNESS_MIN) + 0.5 * spread
        sign = np.where(is_call, 1.0, -1.0)
        delta = sign * normal_cdf(sign * first)
        density = gauss_fixed(first) * INVERSE_SQRT_TWO_PI
        nothing = density == 0.0
        gamma = np.where(nothing, 0.0, density / (forward * spread))
        vega = forward * density * np.sqrt(years)
        decay = forward * density * spread / (2.0 * years)
        at_once = (years == 0.0) & (forward * density > 0.0)
        theta = -np.where(nothing, 0.0, np.where(at_once, np.inf, decay))
    delta, gamma, vega, theta = np.broadcast_arrays(delta, gamma, vega, theta)
    return delta, gamma, vega, theta
