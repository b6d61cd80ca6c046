"""The tail of many groups without every sum: a rough sum finds it, exact sums decide it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, final

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
from crossmargin.kernels.tick_guard import largest_of

Float: TypeAlias = NDArray[np.float64]
Single: TypeAlias = NDArray[np.float32]
Index: TypeAlias = NDArray[np.int64]

SCREEN_RANKS_MAX = 4
SCREEN_ROWS_PER_LISTING = 2
SCREEN_SIZE_LIMIT = 2.0**100
WIDE_PER_RANK = 8
"""Scenarios per rank from which on a wide tail is worth finding first and adding after."""
LANES_PER_RANK = 5
CANDIDATES_PER_RANK = 3
"""More candidates than that, and all of a group's sums are made instead."""


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Screen:
    """What rough sums need: change (listings, scenarios) float32, its largest size (listings,)."""

    change: Single
    reach: Float


def tails(rows: Rows, indptr: Index, ranks_count: int) -> Iterator[tuple[Index, Index, Float]]:
    """Groups (n,), their worst scenario (n,) and lowest ticks (ranks, n) from the worst on.

    A chunk is screened first; what is too close to call is added exactly. Once half of a chunk was,
    the data have ties by nature and the rest is not screened.
    """
    buffers = buffers_of(rows, indptr)
    screen = _screen_of(rows, ranks_count)
    for groups, begin, count in chunks(rows, indptr, len(buffers.sums)):
        close = np.arange(groups.size)
        if screen is not None and in_slots(count):
            find = _screened if ranks_count <= SCREEN_RANKS_MAX else _screened_wide
            sure, worst_scenario, lowest = find(rows, screen, begin, count, buffers, ranks_count)
            yield groups[sure], worst_scenario, lowest
            close = np.flatnonzero(~sure)
            screen = screen if 2 * close.size <= groups.size else None
        if close.size:
            ticks = summed(rows, begin[close], count[close], buffers)
            yield groups[close], *_lowest_of(ticks, ranks_count)


def _screen_of(rows: Rows, ranks_count: int) -> _Screen | None:
    """What screening needs, or None where it does not pay or float32 cannot hold the figures."""
    listings_count, scenarios_count = rows.change_ticks.shape
    widest = scenarios_count // WIDE_PER_RANK
    if ranks_count > max(min(SCREEN_RANKS_MAX, scenarios_count - 1), widest):
        return None
    if rows.contracts.size < SCREEN_ROWS_PER_LISTING * listings_count:
        return None
    reach = largest_of(rows.change_ticks)
    largest = max(
        float(np.fmax.reduce(reach)), float(rows.contracts.max()), -float(rows.contracts.min())
    )
    if not largest < SCREEN_SIZE_LIMIT:
        return None
    return _Screen(change=rows.change_ticks.astype(np.float32), reach=reach)


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


def _take_lowest(ticks: Float | Single, ranks_count: int) -> tuple[Index, Float]:
    """(ranks, groups) scenario and ticks of the lowest; leaves infinity in the place of some."""
    first_cell = np.arange(len(ticks)) * ticks.shape[1]
    cells = ticks.reshape(-1)
    candidate = np.empty((ranks_count, len(ticks)), dtype=np.int64)
    lowest = np.empty((ranks_count, len(ticks)))
    for rank in range(ranks_count):
        ticks.argmin(axis=1, out=candidate[rank])
        cell = first_cell + candidate[rank]
        lowest[rank] = cells.take(cell)
        if rank + 1 < ranks_count:
            cells[cell] = np.inf
    return candidate, lowest


def _screened(
    rows: Rows, screen: _Screen, begin: Index, count: Index, buffers: Buffers, ranks_count: int
) -> tuple[NDArray[np.bool_], Index, Float]:
    """(groups,) where sure, and for those worst scenario (sure,) and lowest ticks (ranks, sure).

    A float32 dot product finds the candidates; only they are rounded to ticks and added. With n
    rows and absolute products that add up to b it is off by at most (n + 3) b / 2**24 however it
    adds; rounding to ticks moves the exact sum by n/2, and float64 products by less than n. Where
    the next scenario is further away than twice all that, no other one can belong to the tail;
    else the group is not sure. So no figure depends on the dot product.
    """
    listing, factor = slots(rows, begin, count)
    n = len(listing)
    rough = _dot_products(screen.change, listing, factor, buffers)
    candidate, lowest = _take_lowest(rough, ranks_count + 1)
    gross = (np.abs(factor) * screen.reach.take(listing)).sum(axis=0)
    sure = lowest[-1] - lowest[-2] > 2.0 * (1.01 * (n + 3) * 2.0**-24 * gross + 2.0 * n + 4.0)
    candidate = candidate[:ranks_count]
    if not sure.all():
        candidate, listing, factor = candidate[:, sure], listing[:, sure], factor[:, sure]
    scenarios_count = rows.change_ticks.shape[1]
    cell = listing[:, None] * scenarios_count + candidate
    terms = rows.change_ticks.reshape(-1).take(cell, mode="clip")
    terms *= factor[:, None]
    lowest = np.rint(terms, out=terms).sum(axis=0) + 0.0
    worst_scenario = np.where(lowest == lowest.min(axis=0), candidate, scenarios_count).min(axis=0)
    lowest.sort(axis=0)
    return sure, worst_scenario, lowest


def _screened_wide(
    rows: Rows, screen: _Screen, begin: Index, count: Index, buffers: Buffers, ranks_count: int
) -> tuple[NDArray[np.bool_], Index, Float]:
    """As `_screened`, for tails of many scenarios.

    Each lane of scenarios gives its lowest rough sum; so many of them as there are ranks lie at or
    below a limit, and no sum of the tail lies above it by more than twice what a rough sum may be
    off by. All up to there are candidates; they are added exactly, and nothing else can belong to
    the tail. Where they are too many the group is not sure.
    """
    listing, factor = slots(rows, begin, count)
    n, groups_count = listing.shape
    scenarios_count = rows.change_ticks.shape[1]
    rough = _dot_products(screen.change, listing, factor, buffers)
    depth = max(1, scenarios_count // (LANES_PER_RANK * ranks_count))
    lanes = scenarios_count // depth
    low = rough[:, : depth * lanes].reshape(groups_count, depth, lanes).min(axis=1)
    low.partition(ranks_count - 1, axis=1)
    gross = (np.abs(factor) * screen.reach.take(listing)).sum(axis=0)
    off = 1.01 * (n + 3) * 2.0**-24 * gross + 2.0 * n + 4.0
    limit = (low[:, ranks_count - 1] + 2.0 * off).astype(np.float32)
    np.nextafter(limit, np.float32(np.inf), out=limit)
    cell = np.flatnonzero(rough <= limit[:, None])
    group = cell // scenarios_count
    found = np.bincount(group, minlength=groups_count)
    sure = (found >= ranks_count) & (found <= CANDIDATES_PER_RANK * ranks_count)
    if not sure.all():
        cell, group = cell[sure[group]], group[sure[group]]
        found = np.where(sure, found, 0)
    scenario = cell - group * scenarios_count
    exact = np.empty(len(cell))
    step = max(1, buffers.terms.size // n)
    for first in range(0, len(cell), step):
        part = slice(first, first + step)
        at = listing.take(group[part], axis=1)
        at *= scenarios_count
        at += scenario[part]
        terms = rows.change_ticks.reshape(-1).take(at, mode="clip")
        terms *= factor.take(group[part], axis=1)
        np.rint(terms, out=terms).sum(axis=0, out=exact[part])
    exact += 0.0
    place = np.arange(len(cell)) - (np.cumsum(found) - found).take(group)
    ticks = np.full((groups_count, max(ranks_count, int(found.max(initial=0)))), np.inf)
    ticks[group, place] = exact
    numbers = np.zeros(ticks.shape, dtype=np.int64)
    numbers[group, place] = scenario
    worst = numbers[np.arange(groups_count), ticks.argmin(axis=1)]
    ticks.sort(axis=1)
    return sure, worst[sure], ticks[sure, :ranks_count].T


def _dot_products(change: Single, listing: Index, factor: Float, buffers: Buffers) -> Single:
    """(groups, scenarios) float32 rough sums of a chunk, in the buffer of the sums."""
    n, groups_count = listing.shape
    scenarios_count = change.shape[1]
    sums, space = (part.reshape(-1).view(np.float32) for part in (buffers.sums, buffers.terms))
    rough = sums[: groups_count * scenarios_count].reshape(groups_count, scenarios_count)
    row, weight = listing.T.ravel(), factor.T.astype(np.float32)
    step = max(1, space.size // (n * scenarios_count))
    for first in range(0, groups_count, step):
        size = min(step, groups_count - first)
        terms = space[: size * n * scenarios_count].reshape(size * n, scenarios_count)
        np.take(change, row[first * n : (first + size) * n], axis=0, out=terms, mode="clip")
        np.matmul(
            weight[first : first + size, None],
            terms.reshape(size, n, scenarios_count),
            out=rough[first : first + size, None],
        )
    return rough
