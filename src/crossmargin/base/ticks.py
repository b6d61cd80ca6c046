"""Ticks: whole multiples of a power of two of the reporting unit, held in float64.

Scaling by a power of two is exact, and whole numbers below 2**53 add exactly in float64, so a sum
of ticks does not depend on order, threads or instruction set. This module is the one door for
rounding.
"""

from fractions import Fraction
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ticks: TypeAlias = NDArray[np.float64]

TICK_LIMIT = float(2**53)


class TickOverflowError(OverflowError):
    """A figure does not fit exactly into ticks: not finite, or 2**53 ticks and more."""


def checked(ticks: Ticks, what: str) -> Ticks:
    """(any shape) whole ticks, or `TickOverflowError` naming `what` when one is not finite or too
    large.
    """
    if not np.all(np.abs(ticks) < TICK_LIMIT):
        raise TickOverflowError(f"{what} is not a finite number below 2**53 ticks")
    return ticks


def nearest_ticks(amount: NDArray[np.float64], tick_exponent: int, what: str) -> Ticks:
    """(any shape) reporting units -> whole ticks of 2**tick_exponent, to nearest, ties to even."""
    return checked(np.rint(np.ldexp(amount, -tick_exponent)), what)


def amount_of(ticks: Ticks, tick_exponent: int) -> NDArray[np.float64]:
    """(any shape) ticks -> reporting units. Exact."""
    return np.ldexp(ticks, tick_exponent)


def whole_units(ticks: float, tick_exponent: int, unit: Fraction, *, up: bool) -> int:
    """One whole-tick figure -> a whole number of rounding units, outward: `up` for a requirement,
    else down.

    Exact rational arithmetic, so ceil and floor never see float dust.
    """
    units = Fraction(int(ticks)) * Fraction(2) ** tick_exponent / unit
    return -((-units).__floor__()) if up else units.__floor__()


def ticks_fraction(ticks: float, tick_exponent: int) -> Fraction:
    """One whole-tick figure as an exact rational number of reporting units."""
    return Fraction(int(ticks)) * Fraction(2) ** tick_exponent
