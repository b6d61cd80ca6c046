"""The one rounding of a tree's root: to the nearest tick, then outward to the rulebook's unit."""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.ticks import TICK_LIMIT, TickOverflowError, whole_units
from crossmargin.rulebook.run import Run

F8 = NDArray[np.float64]


def root_ticks(amount: F8, run: Run, *, up: bool) -> F8:
    """(accounts,) a tree's amount to the nearest tick (which removes float dust), then outward to
    the unit.

    The result stays in ticks; where the rounding unit is not a whole number of ticks it is the next
    tick outward of that unit. NaN stays NaN; 2**53 and more is an error.
    """
    ticks = np.rint(amount)
    if np.any(np.abs(ticks) >= TICK_LIMIT):
        raise TickOverflowError("a root does not fit below 2**53 ticks")
    unit = run.terms.rounding_unit
    if unit is None:
        return ticks
    per_unit = Fraction(2) ** -run.tick_exponent * unit
    return _outward(ticks, per_unit, up=up)


def _outward(ticks: F8, per_unit: Fraction, *, up: bool) -> F8:
    """(accounts,) whole ticks -> ticks at whole units outward; exact while ticks x denominator <
    2**53.
    """
    scaled = ticks * per_unit.denominator
    outward = np.ceil if up else np.floor
    if np.any(np.abs(scaled) >= TICK_LIMIT):
        known = ~np.isnan(ticks)
        exact = [
            _outward_one(t, per_unit, up=up) if k else np.nan
            for t, k in zip(ticks, known, strict=True)
        ]
        return np.array(exact)
    if per_unit.numerator.bit_count() == 1:  # a power of two: its quotients are exact
        units = outward(scaled / per_unit.numerator) * per_unit.numerator + 0.0
    else:
        rest = np.fmod(scaled, float(per_unit.numerator))
        down = scaled - np.where(rest < 0, rest + per_unit.numerator, rest)
        units = np.where(down < scaled, down + per_unit.numerator, down) if up else down
    return np.asarray(outward(units / per_unit.denominator))


def _outward_one(ticks: float, per_unit: Fraction, *, up: bool) -> float:
    units = whole_units(ticks, 0, per_unit, up=up)
    exact = per_unit * units
    return float(-((-exact).__floor__()) if up else exact.__floor__())
