"""Segmented sums of rounded products: what every group earns in every scenario, in whole ticks.

`contracts * change` is rounded to a whole tick for each row before anything is added. Whole numbers
below 2**53 add exactly in float64, so no order of rows, groups or chunks can change a result.
`change_ticks` is per contract and already in ticks (scaled by a power of two), not yet rounded.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels.row_set import RowSet, joined
from crossmargin.kernels.segment_rows import (
    Rows,
    blocks,
    buffers_of,
    check,
    chunks,
    row_at_a_time,
    summed,
)
from crossmargin.kernels.tail import tails
from crossmargin.kernels.tick_guard import (
    TICK_LIMIT,
    NotFinite,
    TickOverflow,
    bounds,
    largest_change,
)

Float: TypeAlias = NDArray[np.float64]
Index: TypeAlias = NDArray[np.int64]


def net_ticks(
    change_ticks: Float,
    listing_index: Index,
    contracts: Float,
    indptr: Index,
    out: Float | None = None,
) -> Float:
    """(groups, scenarios) float64 whole ticks: per group the sum of rint(contracts * change).

    `change_ticks` (listings, scenarios), `listing_index` and `contracts` (rows,), `indptr`
    (groups + 1,): group g has the rows indptr[g]:indptr[g+1]. Gain positive. A group without rows
    is zero. Raises `NotFinite`, or `TickOverflow` where absolute ticks add up to 2**53.
    """
    groups_count = indptr.size - 1
    if out is None:
        out = np.empty((groups_count, change_ticks.shape[1]))
    elif out.shape != (groups_count, change_ticks.shape[1]) or out.dtype != np.float64:
        raise ValueError("out must be (groups, scenarios) float64")
    rows = Rows(change_ticks=change_ticks, listing_index=listing_index, contracts=contracts)
    buffers = buffers_of(rows, indptr)
    with row_at_a_time(change_ticks.shape[1]):
        out[np.diff(indptr) == 0] = 0.0
        for groups, begin, count in chunks(rows, indptr, len(buffers.sums)):
            out[groups] = summed(rows, begin, count, buffers)
    return out


def net_worst_tail(
    change_ticks: Float,
    listing_index: Index,
    contracts: Float,
    indptr: Index,
    tail_count: int,
    *,
    tail_fraction: float = 0.0,
    more: Sequence[RowSet] = (),
) -> tuple[Float, Index, Float]:
    """(groups,) worst ticks, (groups,) worst scenario, (groups,) sum of the lowest ticks: the tail.

    Same figures as `net_ticks` reduced over its last axis, without ever holding groups x scenarios.
    The worst scenario is the lowest index among equals. The tail is the `tail_count` lowest
    scenarios and `tail_fraction` of the next one. A loss is negative. `more` are further rows of
    the same groups.
    """
    listing_index, contracts, indptr = joined([(listing_index, contracts, indptr), *more])
    ranks_count = tail_count + (tail_fraction > 0.0)
    if not (0 < ranks_count <= change_ticks.shape[1] and 0.0 <= tail_fraction < 1.0):
        raise ValueError(
            f"no tail of {tail_count} and {tail_fraction} of {change_ticks.shape[1]} scenarios"
        )
    groups_count = indptr.size - 1
    worst, tail_sum = np.zeros(groups_count), np.zeros(groups_count)
    scenario = np.zeros(groups_count, dtype=np.int64)
    weights = [1.0] * tail_count + [tail_fraction] * (ranks_count - tail_count)
    rows = Rows(change_ticks=change_ticks, listing_index=listing_index, contracts=contracts)
    with row_at_a_time(change_ticks.shape[1]):
        for groups, worst_scenario, lowest in tails(rows, indptr, ranks_count):
            worst[groups], scenario[groups] = lowest[0], worst_scenario
            tail_sum[groups] = _weighted(lowest, weights)
    return worst, scenario, tail_sum


def net_update(
    ticks_row: Float, change_ticks_row: Float, contracts_old: float, contracts_new: float
) -> Float:
    """(scenarios,) whole ticks of a group after one of its rows went from old to new contracts.

    Equals a full `net_ticks` bit for bit. Guards the three terms of this step; who keeps a group
    over many steps keeps its `gross_bound_ticks` beside it, which is additive over rows.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        before = np.rint(contracts_old * change_ticks_row)
        after = np.rint(contracts_new * change_ticks_row)
        reach = np.abs(ticks_row) + np.abs(before) + np.abs(after)
    if np.isnan(reach).any() or not np.isfinite((contracts_old, contracts_new)).all():
        raise NotFinite("a row of the update is not finite")
    if not (reach < TICK_LIMIT).all():
        raise TickOverflow("the update reaches 2**53 ticks")
    updated: Float = ticks_row - before + after + 0.0
    return updated


def row_ticks(
    change_ticks: Float, listing_index: Index, contracts: Float, scenario_index: Index
) -> Float:
    """(rows,) whole ticks: rint(contracts * change) of each row in its scenario; not guarded."""
    ticks: Float = np.rint(contracts * change_ticks[listing_index, scenario_index])
    return ticks + 0.0


def gross_bound_ticks(
    change_ticks: Float, listing_index: Index, contracts: Float, indptr: Index
) -> Float:
    """(groups,) whole ticks that absolute ticks add up to at most; NaN or inf where not finite."""
    rows = Rows(change_ticks=change_ticks, listing_index=listing_index, contracts=contracts)
    check(rows, indptr)
    bound = np.zeros(indptr.size - 1)
    for first, last in blocks(indptr):
        at = slice(indptr[first], indptr[last])
        reach = largest_change(change_ticks, listing_index[at])
        bound[first:last] = bounds(reach, contracts[at], indptr[first : last + 1])
    return bound


def _weighted(lowest: Float, weights: list[float]) -> Float:
    """(groups,) the lowest ticks times their weights, added one after the other from the worst."""
    total = np.zeros(lowest.shape[1])
    for rank, weight in enumerate(weights):
        total += weight * lowest[rank]
    return total + 0.0
