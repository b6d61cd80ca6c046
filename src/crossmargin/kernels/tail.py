"""The tail of many groups without every sum: a rough sum finds it, exact sums decide it."""

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels.segment_rows import (
    Buffers,
    Rows,
    buffers_of,
    chunks,
    in_slots,
    slots,
    summed,
)

Float: TypeAlias = NDArray[np.float64]
Index: TypeAlias = NDArray[np.int64]

SCREEN_RANKS_MAX = 4


def tails(rows: Rows, indptr: Index, ranks_count: int) -> Iterator[tuple[Index, Index, Float]]:
    """Groups (n,), their worst scenario (n,) and lowest ticks (ranks, n) from the worst on.

    A chunk is screened first; what is too close to call is added exactly. Once half of a chunk was,
    the data have ties by nature and the rest is not screened.
    """
    buffers = buffers_of(rows, indptr)
    screening = ranks_count <= min(SCREEN_RANKS_MAX, rows.change_ticks.shape[1] - 1)
    for groups, begin, count in chunks(rows, indptr, len(buffers.sums)):
        close = np.arange(groups.size)
        if screening and in_slots(count):
            sure, worst_scenario, lowest = _screened(rows, begin, count, buffers, ranks_count)
            yield groups[sure], worst_scenario, lowest
            close = np.flatnonzero(~sure)
            screening = 2 * close.size <= groups.size
        if close.size:
            ticks = summed(rows, begin[close], count[close], buffers)
            yield groups[close], *_lowest_of(ticks, ranks_count)


def _lowest_of(ticks: Float, ranks_count: int) -> tuple[Index, Float]:
    """(groups,) worst scenario, (ranks, groups) lowest ticks in order; overwrites `ticks`."""
    if ranks_count <= SCREEN_RANKS_MAX:
        candidate, lowest = _take_lowest(ticks, ranks_count)
        return candidate[0], lowest
    worst_scenario = ticks.argmin(axis=1)
    ticks.partition(ranks_count - 1, axis=1)
    tail = ticks[:, :ranks_count]
    tail.sort(axis=1)
    return worst_scenario, tail.T


def _take_lowest(ticks: Float, ranks_count: int) -> tuple[Index, Float]:
    """(ranks, groups) scenario and ticks of the lowest; leaves infinity in their place."""
    groups = np.arange(len(ticks))
    candidate = np.empty((ranks_count, len(ticks)), dtype=np.int64)
    lowest = np.empty((ranks_count, len(ticks)))
    for rank in range(ranks_count):
        candidate[rank] = ticks.argmin(axis=1)
        lowest[rank] = ticks[groups, candidate[rank]]
        ticks[groups, candidate[rank]] = np.inf
    return candidate, lowest


def _screened(
    rows: Rows, begin: Index, count: Index, buffers: Buffers, ranks_count: int
) -> tuple[NDArray[np.bool_], Index, Float]:
    """(groups,) where sure, and for those worst scenario (sure,) and lowest ticks (ranks, sure).

    An ordinary dot product finds the candidates; only they are rounded and added. With n rows below
    2**53 ticks it is off by at most n/2 for the roundings and n + 2 for the float sum. Where the
    next scenario is further away than twice that, no other scenario can belong to the tail;
    else the group is not sure. No figure depends on how the dot product adds.
    """
    listing, factor = slots(rows, begin, count)
    rough = _dot_products(rows.change_ticks, listing, factor, buffers)
    candidate, lowest = _take_lowest(rough, ranks_count)
    following = rough[np.arange(count.size), rough.argmin(axis=1)]
    sure = following - lowest[-1] > 4.0 * len(listing) + 8.0
    if not sure.all():
        candidate, listing, factor = candidate[:, sure], listing[:, sure], factor[:, sure]
    scenarios_count = rows.change_ticks.shape[1]
    terms = rows.change_ticks.reshape(-1).take(listing[:, None] * scenarios_count + candidate)
    terms *= factor[:, None]
    lowest = np.rint(terms, out=terms).sum(axis=0) + 0.0
    worst_scenario = np.where(lowest == lowest.min(axis=0), candidate, scenarios_count).min(axis=0)
    lowest.sort(axis=0)
    return sure, worst_scenario, lowest


def _dot_products(change_ticks: Float, listing: Index, factor: Float, buffers: Buffers) -> Float:
    """(groups, scenarios) unrounded sums of a chunk, in the buffer of the sums."""
    n, groups_count = listing.shape
    rough = buffers.sums[:groups_count]
    scenarios_count = change_ticks.shape[1]
    row, weight = listing.T.ravel(), factor.T.copy()
    step = max(1, len(buffers.terms) // n)
    for first in range(0, groups_count, step):
        size = min(step, groups_count - first)
        terms = buffers.terms[: size * n]
        np.take(change_ticks, row[first * n : (first + size) * n], axis=0, out=terms, mode="clip")
        np.matmul(
            weight[first : first + size, None],
            terms.reshape(size, n, scenarios_count),
            out=rough[first : first + size, None],
        )
    return rough
