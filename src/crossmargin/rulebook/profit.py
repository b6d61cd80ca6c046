"""Unrealised profit in the coin a position settles in."""

import numpy as np
from numpy.typing import NDArray


def profit_in_coins(
    unit_value: NDArray[np.float64],
    contracts: NDArray[np.float64],
    cost: NDArray[np.float64],
    funding: NDArray[np.float64],
) -> NDArray[np.float64]:
    """(rows,) coins: value at the mark less cost, plus funding accrued; a gain is positive.

    NaN where a held position has no mark or no known cost; without contracts only the funding
    is left, and neither mark nor cost is asked for.
    """
    with np.errstate(invalid="ignore"):
        value = contracts * unit_value - cost
    return np.where(contracts == 0.0, 0.0, value) + funding
