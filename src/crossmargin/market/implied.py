"""Implied vols of option marks, in the two quotations that options have."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels import black_prices, exp_fixed, implied_vol, log_fixed

F8: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

MARK_TICK_FRAC = 1e-6
"""The step of published option marks as a fraction of the forward: Deribit prints 1e-6 coins."""


def implied_of_marks(
    mark: F8, forward: F8, strike: F8, years: F8, is_call: Flags, inverse: Flags, rate: F8
) -> tuple[F8, NDArray[np.int8]]:
    """(options,) float64 vols, NaN for "none", and (options,) int8 `ImpliedReason`.

    `mark` in coins where `inverse`, else in quote currency, discounted with the continuous `rate`.
    None below a tick: a mark less than one step of published marks above intrinsic value carries
    no vol.
    """
    price = mark * _unit(forward, years, inverse, rate)
    return implied_vol(price, forward, strike, years, is_call, forward * MARK_TICK_FRAC)


def mark_of_vol(
    vol: F8, forward: F8, strike: F8, years: F8, is_call: Flags, inverse: Flags, rate: F8
) -> F8:
    """(options,) float64, mark in coins where `inverse` (Black-76 over forward), else discounted.

    An option at or past its expiry is worth its intrinsic value.
    """
    remaining = np.maximum(years, 0.0)
    price = black_prices(
        forward[:, None],
        strike[:, None],
        log_fixed(forward / strike)[:, None],
        (vol * np.sqrt(remaining))[:, None],
        is_call[:, None],
    )[:, 0]
    return price / _unit(forward, remaining, inverse, rate)


def _unit(forward: F8, years: F8, inverse: Flags, rate: F8) -> F8:
    """(options,) undiscounted quote currency per unit of the mark."""
    return np.where(inverse, forward, exp_fixed(rate * years))
