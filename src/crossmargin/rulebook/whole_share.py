"""A whole number of units times a rate of so many millionths (or other parts), rounded to whole
units: exact, where a product of floats would be off by one.
"""

import numpy as np
from numpy.typing import NDArray

F8 = NDArray[np.float64]

WHOLE_COUNT_FRAC = 1e-6
"""A rate this close to a whole number of parts is that number: floats cannot write most of them."""


def whole_share(units: F8, factor: F8, out_of: F8, *, up: bool) -> F8:
    """(any shape) whole `units` x `factor` -> whole units, up or down.

    Exact where the factor is a whole number of parts `out_of` (200,000 of 1e6 is 0.2) and out_of
    squared and the result are below 2**53: the units are split into whole multiples of out_of,
    which give whole numbers, and the rest. Any other factor is multiplied in float64. NaN stays
    NaN.
    """
    outward = np.ceil if up else np.floor
    written = factor * out_of
    count = np.rint(written)
    rest = np.fmod(units, out_of)
    exact = (units - rest) / out_of * count + outward(rest * count / out_of)
    counted = np.abs(written - count) <= WHOLE_COUNT_FRAC
    return np.asarray(np.where(counted, exact, outward(units * factor)))
