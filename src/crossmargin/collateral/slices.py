"""Tiers and caps at once: which place fills which slice, so that the account gets the most
credit.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from crossmargin.collateral.cap import Cap, limits
from crossmargin.collateral.packing import most_that_fits
from crossmargin.collateral.schedule import Measure, Tiered

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


def sliced_credit(
    schedule: Tiered, asset: I8, left: F8, price: F8, weight: F8, caps: Sequence[Cap]
) -> F8:
    """(rows of one account,) credit of `left` coins at (rows,) `price` under tiers and caps at
    once.

    `weight` is what is left after all haircuts but the market's. A coin under a full cap takes no
    slice from a coin that still counts: so more coins anywhere are never less credit. `weight` 0
    and slices of weight 0 give nothing.
    """
    pieces = [
        (row, key, size, worth)
        for row in np.flatnonzero((left > 0.0) & (weight > 0.0)).tolist()
        for key, size, worth in _pieces(schedule, int(asset[row]), price[row], weight[row])
    ]
    if not pieces:
        return np.zeros(len(left))
    owner = np.array([row for row, _, _, _ in pieces])
    coins = np.array([1.0 / worth for _, _, _, worth in pieces])
    member, limit = limits(caps)
    use, most = [*member[:, owner]], [*limit]
    for row in np.unique(owner):
        use.append(np.where(owner == row, coins, 0.0))
        most.append(left[row])
    for key in sorted({key for _, key, size, _ in pieces if np.isfinite(size)}):
        inside = np.array([own == key for _, own, _, _ in pieces])
        use.append(np.where(inside, coins, 0.0))
        most.append(next(size for _, own, size, _ in pieces if own == key))
    found = most_that_fits(np.array(use), np.array(most))
    return np.bincount(owner, weights=found, minlength=len(left)).astype(np.float64)


def _pieces(
    schedule: Tiered, asset: int, price: float, weight: float
) -> Iterator[tuple[tuple[int, int], float, float]]:
    """Slices of an asset: which one, coins it takes (inf above the last bound), credit per coin."""
    bounds = schedule.bound[asset]
    if schedule.measure is Measure.VALUE:
        bounds = bounds / price
    below = 0.0
    for tier, share in enumerate(schedule.weight[asset].tolist()):
        end = bounds[tier] if tier < len(bounds) else np.inf
        if share > 0.0 and price > 0.0:
            yield (asset, tier), end - below, share * price * weight
        if np.isinf(end):
            return
        below = end
