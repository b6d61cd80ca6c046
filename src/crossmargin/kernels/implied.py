"""Implied vol of Black-76 by bisection over the doubles themselves: bracketed, no starting guess.

Positive doubles are ordered as their bits are, so halving the distance between two bit patterns
reaches neighbouring doubles within 58 steps from 0.01 % to 5,000 %, whatever the price: there is
no tolerance to choose and nothing that can run away.
"""

from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from crossmargin.kernels.black import Flags, black_prices
from crossmargin.kernels.normal import F8, log_fixed

VOL_LOWEST: Final = 1e-4
VOL_HIGHEST: Final = 50.0

Reasons = npt.NDArray[np.int8]

_BITS = np.array([VOL_LOWEST, VOL_HIGHEST]).view(np.int64)
_STEPS = int(_BITS[1] - _BITS[0]).bit_length()


class ImpliedReason(IntEnum):
    """Why a row has a vol or none, in order of precedence after FOUND."""

    FOUND = 0
    UNUSABLE_INPUT = 1  # NaN, infinite, a forward or strike that is not positive
    EXPIRED = 2  # no time left
    BELOW_TICK = 3  # less than a tick above intrinsic value, so that any vol would be noise
    ABOVE_BOUND = 4  # more than the price at 5,000 %, or than any vol can give
    BELOW_RANGE = 5  # less than the price at 0.01 %


def implied_vol(
    price: F8, forward: F8, strike: F8, years: F8, is_call: Flags, tick: F8
) -> tuple[F8, Reasons]:
    """(rows,) float64, vol per square root of a year (1.00 is 100 %), and (rows,) int8 reasons.

    `price` is undiscounted, in the forward's currency per unit, as is `tick`, the smallest price
    difference that means anything; all arguments broadcast. The vol is the least double at which
    the out-of-the-money price reaches the time value; NaN wherever the reason is not
    `ImpliedReason.FOUND`. A price below its bounds has a negative time value: BELOW_TICK.

    Raises
    ------
    ValueError
        A tick that is negative or not a number.
    """
    if not np.all(np.greater_equal(tick, 0.0)):
        message = f"implied_vol: tick must be at least 0, was {np.min(tick)}"
        raise ValueError(message)
    price, forward, strike, years, is_call, tick = (
        array.ravel() for array in np.broadcast_arrays(price, forward, strike, years, is_call, tick)
    )
    reason = np.zeros(price.shape, dtype=np.int8)
    usable = np.isfinite(price) & np.isfinite(forward) & np.isfinite(strike) & np.isfinite(years)
    usable &= (forward > 0.0) & (strike > 0.0)
    with np.errstate(invalid="ignore"):
        lesser = np.minimum(forward, strike)
        time_value = price - (np.where(is_call, forward, strike) - lesser)
        late, faint = years <= 0.0, time_value < tick
    for code, applies in (
        (ImpliedReason.BELOW_TICK, faint | (time_value <= 0.0)),
        (ImpliedReason.EXPIRED, late),
        (ImpliedReason.UNUSABLE_INPUT, ~usable),
    ):
        reason[applies] = code
    vol = np.full(price.shape, np.nan)
    open_rows = np.flatnonzero(reason == ImpliedReason.FOUND)
    if open_rows.size:
        vol[open_rows], reason[open_rows] = _bisect(
            time_value[open_rows], forward[open_rows], strike[open_rows], years[open_rows]
        )
    return vol, reason


def _bisect(time_value: F8, forward: F8, strike: F8, years: F8) -> tuple[F8, Reasons]:
    """Vol of the out-of-the-money option worth `time_value`, (rows,) float64 each."""
    with np.errstate(over="ignore", under="ignore"):
        log_moneyness = log_fixed(forward / strike)[:, None]
    root_years = np.sqrt(years)
    is_call = (forward <= strike)[:, None]

    def reaches(vol: F8) -> Flags:
        deviation = (vol * root_years)[:, None]
        otm = black_prices(forward[:, None], strike[:, None], log_moneyness, deviation, is_call)
        return otm[:, 0] >= time_value

    low, high = (np.full(time_value.shape, bits) for bits in _BITS)
    reason = np.zeros(time_value.shape, dtype=np.int8)
    reason[reaches(low.view(np.float64))] = ImpliedReason.BELOW_RANGE
    # Where even an infinite vol gives no more than the lesser of the two, no vol gives it exactly.
    beyond = ~reaches(high.view(np.float64)) | (time_value >= np.minimum(forward, strike))
    reason[beyond] = ImpliedReason.ABOVE_BOUND
    for _ in range(_STEPS):
        middle = low + ((high - low) >> 1)
        enough = reaches(middle.view(np.float64))
        high = np.where(enough, middle, high)
        low = np.where(enough, low, middle)
    return np.where(reason == ImpliedReason.FOUND, high.view(np.float64), np.nan), reason
