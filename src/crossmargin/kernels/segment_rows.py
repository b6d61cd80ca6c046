"""Rows of groups in chunks that stay in the cache, and their exact sums in whole ticks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels.tick_guard import products_fit, refuse_beyond

Float: TypeAlias = NDArray[np.float64]
Index: TypeAlias = NDArray[np.int64]

BUFFER_BYTES = 384 * 1024
"""Two buffers of this size and what they are read from stay in a second-level cache of 1 MiB."""
BLOCK_GROUPS = 32_768
BLOCK_ROWS = 1 << 19
SLOT_ROWS_MAX = 1_024
UNBUFFERED_WIDTH_MIN = 96


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """`change_ticks` (listings, scenarios); `listing_index` and `contracts` (rows,)."""

    change_ticks: Float
    listing_index: Index
    contracts: Float


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Buffers:
    """`sums` (groups of a chunk, scenarios), `terms` (at least as many, scenarios)."""

    sums: Float
    terms: Float


def chunks(rows: Rows, indptr: Index, width: int) -> Iterator[tuple[Index, Index, Index]]:
    """Guarded chunks of at most `width` groups with rows: numbers, first rows and row counts.

    Within a block the groups with most rows come first, so that the groups of a chunk are alike.
    """
    fits = products_fit(rows.change_ticks, rows.listing_index, rows.contracts, indptr)
    for first, last in blocks(indptr):
        if not fits:
            refuse_beyond(
                rows.change_ticks, rows.listing_index, rows.contracts, indptr, first, last
            )
        count = np.diff(indptr[first : last + 1])
        fewer = SLOT_ROWS_MAX + 1 - np.minimum(count, SLOT_ROWS_MAX + 1)
        order = np.argsort(fewer.astype(np.uint16), kind="stable")[: np.count_nonzero(count)]
        for at in range(0, order.size, width):
            chunk = order[at : at + width]
            yield first + chunk, indptr[first + chunk], count[chunk]


def in_slots(count: Index) -> bool:
    """Whether the k-th row of all groups at once takes fewer steps than group after group."""
    return bool(count.max() < min(count.size, SLOT_ROWS_MAX))


def summed(rows: Rows, begin: Index, count: Index, buffers: Buffers) -> Float:
    """(groups, scenarios) exact whole ticks of a chunk, in the buffer of the sums."""
    ticks = buffers.sums[: count.size]
    if in_slots(count):
        _add_slots(rows, begin, count, ticks, buffers.terms)
    else:
        for k in range(count.size):
            _add_rows(rows, slice(begin[k], begin[k] + count[k]), ticks[k], buffers.terms)
    ticks += 0.0  # a sum of negative zeros is zero
    return ticks


def slots(rows: Rows, begin: Index, count: Index) -> tuple[Index, Float]:
    """(most rows, groups) listing and contracts; a missing row has 0 contracts."""
    slot = np.arange(int(count[0]))[:, None]
    row = begin + slot
    ragged = count[-1] < count[0]
    if ragged:
        np.minimum(row, begin + count - 1, out=row)
    listing = rows.listing_index.take(row, mode="clip")
    factor = rows.contracts.take(row, mode="clip")
    if ragged:
        factor *= slot < count
    return listing, factor


def buffers_of(rows: Rows, indptr: Index) -> Buffers:
    """Checked input -> buffers no larger than the work needs."""
    check(rows, indptr)
    width = 8 * rows.change_ticks.shape[1]
    groups = max(1, min(BUFFER_BYTES // width, indptr.size - 1))
    terms = max(1, min(BUFFER_BYTES // width, max(groups, rows.contracts.size)))
    return Buffers(
        sums=aligned(groups, rows.change_ticks.shape[1]),
        terms=aligned(terms, rows.change_ticks.shape[1]),
    )


@contextmanager
def row_at_a_time(scenarios_count: int) -> Iterator[None]:
    """Wide rows times a column: faster when NumPy does not copy the column into its own buffer."""
    previous = np.getbufsize()
    np.setbufsize(16 if scenarios_count >= UNBUFFERED_WIDTH_MIN else previous)
    try:
        yield
    finally:
        np.setbufsize(previous)


def blocks(indptr: Index) -> Iterator[tuple[int, int]]:
    """Ranges of groups so small that what is held per row of a range stays a few megabytes."""
    groups_count = indptr.size - 1
    first = 0
    while first < groups_count:
        by_rows = int(np.searchsorted(indptr, indptr[first] + BLOCK_ROWS, side="right")) - 1
        last = max(first + 1, min(first + BLOCK_GROUPS, by_rows, groups_count))
        yield first, last
        first = last


def check(rows: Rows, indptr: Index) -> None:
    """Shapes, types and indices: a wrong one is a bug of the caller and raises ValueError."""
    change, listing, contracts = rows.change_ticks, rows.listing_index, rows.contracts
    if change.ndim != 2 or not change.flags.c_contiguous or change.shape[1] == 0:
        raise ValueError(
            "change_ticks must be contiguous (listings, scenarios), not without scenarios"
        )
    if change.dtype != np.float64 or contracts.dtype != np.float64:
        raise ValueError("change_ticks and contracts must be float64")
    if listing.dtype != np.int64 or indptr.dtype != np.int64:
        raise ValueError("listing_index and indptr must be int64")
    if listing.shape != contracts.shape or listing.ndim != 1:
        raise ValueError("listing_index and contracts must be (rows,)")
    if indptr.ndim != 1 or indptr.size == 0 or indptr[0] != 0 or indptr[-1] != contracts.size:
        raise ValueError("indptr must be (groups + 1,) and go from 0 to the number of rows")
    if (indptr[1:] < indptr[:-1]).any():
        raise ValueError("indptr must not decrease")
    if listing.size and not (listing.min() >= 0 and listing.max() < len(change)):
        raise ValueError("listing_index points outside change_ticks")


def _add_slots(rows: Rows, begin: Index, count: Index, ticks: Float, terms: Float) -> None:
    """Many short groups, longest first: the k-th row of all of them at once."""
    listing, factor = slots(rows, begin, count)
    for k in range(len(listing)):
        n = int(np.count_nonzero(count > k))
        target = terms[:n] if k else ticks[:n]
        np.take(rows.change_ticks, listing[k, :n], axis=0, out=target, mode="clip")
        np.multiply(target, factor[k, :n, None], out=target)
        np.rint(target, out=target)
        if k:
            np.add(ticks[:n], target, out=ticks[:n])


def _add_rows(rows: Rows, at: slice, ticks: Float, terms: Float) -> None:
    """One long group: a buffer of its rows at a time."""
    ticks[:] = 0.0
    for first in range(at.start, at.stop, len(terms)):
        part = slice(first, min(first + len(terms), at.stop))
        target = terms[: part.stop - part.start]
        np.take(rows.change_ticks, rows.listing_index[part], axis=0, out=target, mode="clip")
        np.multiply(target, rows.contracts[part, None], out=target)
        np.rint(target, out=target)
        ticks += np.add.reduce(target, axis=0)


def aligned(rows_count: int, scenarios_count: int) -> Float:
    """(rows, scenarios) float64 without figures yet, starting on a cache line."""
    size = rows_count * scenarios_count * 8
    raw = np.empty(size + 64, dtype=np.uint8)
    start = -raw.ctypes.data % 64
    return raw[start : start + size].view(np.float64).reshape(rows_count, scenarios_count)
