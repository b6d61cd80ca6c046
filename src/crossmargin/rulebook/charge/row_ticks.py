"""Rows of reporting currency as whole ticks, and their sums by group."""

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.ticks import TICK_LIMIT, TickOverflowError
from crossmargin.rulebook.context import Context

F8 = NDArray[np.float64]


def row_ticks(context: Context, amount: F8, what: str) -> F8:
    """(rows,) reporting units -> whole ticks, to nearest; NaN stays, being what is unavailable.

    `TickOverflowError` naming `what` when a row reaches 2**53 ticks.
    """
    ticks = np.rint(amount * 2.0**-context.run.tick_exponent)
    if np.any(np.abs(ticks) >= TICK_LIMIT):
        raise TickOverflowError(f"{what} of a row does not fit below 2**53 ticks")
    return ticks


def tick_sum(row_group: NDArray[np.int64], ticks: F8, groups_count: int, what: str) -> F8:
    """(groups,) exact sums of whole ticks, NaN for a group with a row that is NaN; -1 is in no
    group.

    `TickOverflowError` when the absolute ticks of a group reach 2**53: the sum would depend on
    order.
    """
    group, own = row_group, ticks
    if row_group.min(initial=0) < 0:
        inside = row_group >= 0
        group, own = row_group[inside], ticks[inside]
    size = np.abs(own)
    fits = size.max(initial=0.0) * len(size) < TICK_LIMIT
    if not fits and np.any(np.bincount(group, weights=size, minlength=groups_count) >= TICK_LIMIT):
        raise TickOverflowError(f"{what} of a group does not add up exactly below 2**53 ticks")
    return np.bincount(group, weights=own, minlength=groups_count).astype(np.float64)
