"""Amounts of groups in whole ticks: what rows come to against each other, and side by side."""

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels.segment_rows import Rows, check
from crossmargin.kernels.tick_guard import TICK_LIMIT, refuse_beyond

Float = NDArray[np.float64]
Index = NDArray[np.int64]


def net_and_gross(
    figure_ticks: Float, listing_index: Index, contracts: Float, indptr: Index
) -> tuple[Float, Float]:
    """(groups,) whole ticks each: the sums of rint(contracts * figure) and of their sizes.

    `figure_ticks` (listings,) per contract, not yet rounded; rows as for `net_ticks`. Raises
    `NotFinite`, or `TickOverflow` where the sizes of a group add up to 2**53.
    """
    figure = np.ascontiguousarray(figure_ticks)[:, None]
    check(Rows(change_ticks=figure, listing_index=listing_index, contracts=contracts), indptr)
    net, gross = np.zeros(indptr.size - 1), np.zeros(indptr.size - 1)
    filled = np.flatnonzero(np.diff(indptr))
    if filled.size:
        with np.errstate(over="ignore", invalid="ignore"):
            ticks = np.rint(contracts * figure_ticks[listing_index])
            net[filled] = np.add.reduceat(ticks, indptr[filled])
            gross[filled] = np.add.reduceat(np.abs(ticks, out=ticks), indptr[filled])
    for group in np.flatnonzero(~(gross < TICK_LIMIT)).tolist():
        refuse_beyond(figure, listing_index, contracts, indptr, group, group + 1)
    return net + 0.0, gross
