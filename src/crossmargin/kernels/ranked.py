"""Order statistics of many groups: the scenario of a rank, without holding groups x scenarios."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels.segment_rows import Rows, buffers_of, chunks, row_at_a_time, summed

Float: TypeAlias = NDArray[np.float64]
Index: TypeAlias = NDArray[np.int64]


def net_ranked(
    change_ticks: Float, listing_index: Index, contracts: Float, indptr: Index, rank: int
) -> tuple[Float, Index]:
    """(groups,) whole ticks of the scenario of `rank` from the lowest, and (groups,) its index.

    `rank` counts from 1; among equal scenarios the lower index has the lower rank. Arguments and
    errors are those of `net_ticks`; a group without rows has zero ticks in scenario `rank - 1`.
    """
    if not 0 < rank <= change_ticks.shape[1]:
        raise ValueError(f"no rank {rank} of {change_ticks.shape[1]} scenarios")
    ticks = np.zeros(indptr.size - 1)
    scenario = np.full(indptr.size - 1, rank - 1, dtype=np.int64)
    rows = Rows(change_ticks=change_ticks, listing_index=listing_index, contracts=contracts)
    buffers = buffers_of(rows, indptr)
    with row_at_a_time(change_ticks.shape[1]):
        for groups, begin, count in chunks(rows, indptr, len(buffers.sums)):
            found = summed(rows, begin, count, buffers)
            order = np.argsort(found, axis=1, kind="stable")[:, rank - 1]
            scenario[groups] = order
            ticks[groups] = found[np.arange(groups.size), order]
    return ticks, scenario
