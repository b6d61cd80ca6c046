"""The kernels of the `crossmargin-native` distribution, with the arguments and errors of the twin.

Every function gives the bits of its namesake in `reference`, for any number of threads and any
instruction set. What the native side doubts is put to the twin's own guard, so errors are the same.
"""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from crossmargin.kernels import resident
from crossmargin.kernels.black import refuse_negative
from crossmargin.kernels.native_groups import grouped_rows, net_and_gross, net_shaped_worst
from crossmargin.kernels.native_library import LIBRARY
from crossmargin.kernels.repeated import NONE
from crossmargin.kernels.row_set import RowSet, joined
from crossmargin.kernels.segment_rows import Rows, check
from crossmargin.kernels.tick_guard import refuse_beyond
from crossmargin.kernels.tiered import check_brackets

Float: TypeAlias = NDArray[np.float64]
Index: TypeAlias = NDArray[np.int64]
Flags: TypeAlias = NDArray[np.bool_]

__all__ = [
    "LIBRARY",
    "NAME",
    "ResidentBook",
    "black_greeks",
    "black_prices",
    "gross_bound_ticks",
    "grouped_rows",
    "net_and_gross",
    "net_ranked",
    "net_shaped_worst",
    "net_ticks",
    "net_worst_tail",
    "repeated_row",
    "tiered_rate",
]

NAME: Final = "native"
ALIGNED_ROWS_MIN: Final = 64
"""A matrix of changes is laid out anew when its rows will be read so many times each."""
CACHE_LINE: Final = 64


def net_ticks(
    change_ticks: Float,
    listing_index: Index,
    contracts: Float,
    indptr: Index,
    out: Float | None = None,
) -> Float:
    """(groups, scenarios) float64 whole ticks: see `segment.net_ticks`."""
    shape = (indptr.size - 1, change_ticks.shape[1])
    if out is not None and (out.shape != shape or out.dtype != np.float64):
        raise ValueError("out must be (groups, scenarios) float64")
    rows = _rows(change_ticks, listing_index, contracts, indptr)
    result = out if out is not None and out.flags.c_contiguous else np.empty(shape)
    _accept(rows, LIBRARY.net_ticks(*rows, result))
    if out is not None and result is not out:
        out[...] = result
        return out
    return result


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
    """(groups,) worst ticks, worst scenario, tail ticks: see `segment.net_worst_tail`."""
    ranks_count = tail_count + (tail_fraction > 0.0)
    if not (0 < ranks_count <= change_ticks.shape[1] and 0.0 <= tail_fraction < 1.0):
        raise ValueError(
            f"no tail of {tail_count} and {tail_fraction} of {change_ticks.shape[1]} scenarios"
        )
    given = [(listing_index, contracts, indptr), *more]
    if any(own.size != indptr.size for _, _, own in given):
        raise ValueError("sets of rows must have one number of groups")
    found = [_rows(change_ticks, *each) for each in given]
    worst, tail_sum = np.empty(indptr.size - 1), np.empty(indptr.size - 1)
    scenario = np.empty(indptr.size - 1, dtype=np.int64)
    sets = [each[1:] for each in found]
    verdict = LIBRARY.net_worst_tail(
        found[0][0], sets, tail_count, tail_fraction, worst, scenario, tail_sum
    )
    if any(verdict):
        _accept((change_ticks, *joined(given)), verdict)
    return worst, scenario, tail_sum


def net_ranked(
    change_ticks: Float, listing_index: Index, contracts: Float, indptr: Index, rank: int
) -> tuple[Float, Index]:
    """(groups,) whole ticks and scenario of a rank: see `ranked.net_ranked`."""
    if not 0 < rank <= change_ticks.shape[1]:
        raise ValueError(f"no rank {rank} of {change_ticks.shape[1]} scenarios")
    rows = _rows(change_ticks, listing_index, contracts, indptr)
    ticks, scenario = np.empty(indptr.size - 1), np.empty(indptr.size - 1, dtype=np.int64)
    _accept(rows, LIBRARY.net_ranked(*rows, rank, ticks, scenario))
    return ticks, scenario


def gross_bound_ticks(
    change_ticks: Float, listing_index: Index, contracts: Float, indptr: Index
) -> Float:
    """(groups,) whole ticks, a bound of absolute ticks: see `segment.gross_bound_ticks`."""
    check(Rows(change_ticks=change_ticks, listing_index=listing_index, contracts=contracts), indptr)
    bound = np.empty(indptr.size - 1)
    LIBRARY.gross_bound_ticks(*_rows(change_ticks, listing_index, contracts, indptr), bound)
    return bound


def repeated_row(listing_index: Index, indptr: Index, listings_count: int) -> int:
    """Number of the first repeated row, or -1: see `repeated.repeated_row`."""
    row = int(
        LIBRARY.repeated_row(
            np.ascontiguousarray(listing_index), np.ascontiguousarray(indptr), listings_count
        )
    )
    if row < NONE:
        raise ValueError("listing_index points outside the listings")
    return row


def tiered_rate(
    size: Float, bound: Float, rate: Float, label: Index, *, whole: bool, bound_below: bool
) -> Float:
    """(groups,) charge per unit of size under brackets: see `tiered.tiered_rate`."""
    check_brackets(size, bound, rate, label)
    found = np.empty(size.size)
    columns = [np.ascontiguousarray(column) for column in (size, bound, rate)]
    if not LIBRARY.tiered_rate(*columns, np.ascontiguousarray(label), whole, bound_below, found):
        raise ValueError("label changed while a kernel read it")
    return found


def black_prices(
    forward: Float,
    strike: Float,
    log_moneyness: Float,
    deviation: Float,
    is_call: Flags,
    out: Float | None = None,
) -> Float:
    """(rows, scenarios) float64 undiscounted prices: see `black.black_prices`."""
    shape = np.broadcast_shapes(
        *(np.shape(column) for column in (forward, strike, log_moneyness, deviation, is_call))
    )
    if len(shape) != 2:
        message = f"black_prices: arguments must broadcast to (rows, scenarios), not {shape}"
        raise ValueError(message)
    if out is not None and (out.shape != shape or out.dtype != np.float64):
        message = f"black_prices: out must be float64 {shape}, not {out.dtype} {out.shape}"
        raise ValueError(message)
    result = out if out is not None and out.flags.c_contiguous else np.empty(shape)
    columns = [_cells(column) for column in (forward, strike, log_moneyness, deviation)]
    if not LIBRARY.black_prices(*columns, _flags(is_call), result):
        refuse_negative(forward=forward, strike=strike, deviation=deviation)
    if out is not None and result is not out:
        out[...] = result
        return out
    return result


def black_greeks(
    forward: Float,
    strike: Float,
    log_moneyness: Float,
    deviation: Float,
    years: Float,
    is_call: Flags,
) -> tuple[Float, Float, Float, Float]:
    """(rows, scenarios) float64 delta, gamma, vega, theta: see `black.black_greeks`."""
    columns: list[NDArray[Any]] = [forward, strike, log_moneyness, deviation, years, is_call]
    shape = np.broadcast_shapes(*(np.shape(column) for column in columns))
    if len(shape) != 2:
        width = shape[-1] if shape else 1
        columns = [np.broadcast_to(column, shape).reshape(-1, width) for column in columns]
    flat = shape if len(shape) == 2 else columns[0].shape
    results = [np.empty(flat) for _ in range(4)]
    if not LIBRARY.black_greeks(
        *(_cells(column) for column in columns[:5]), _flags(columns[5]), *results
    ):
        refuse_negative(forward=forward, strike=strike, deviation=deviation, years=years)
    delta, gamma, vega, theta = (result.reshape(shape) for result in results)
    return delta, gamma, vega, theta


def ResidentBook(  # noqa: N802 - the name of the class that it makes
    change_ticks: Float,
    listing_index: Index,
    contracts: Float,
    indptr: Index,
    group_account: Index,
    tail_count: int,
    tail_fraction: float,
) -> resident.ResidentBook:
    """A native resident book: see the protocol `resident.ResidentBook`."""
    resident.check_book(
        change_ticks, listing_index, contracts, indptr, group_account, tail_count, tail_fraction
    )
    book: resident.ResidentBook = LIBRARY.ResidentBook(
        change_ticks,
        np.ascontiguousarray(listing_index),
        np.ascontiguousarray(contracts),
        np.ascontiguousarray(indptr),
        np.ascontiguousarray(group_account),
        tail_count,
        tail_fraction,
    )
    return book


def _rows(
    change_ticks: Float, listing_index: Index, contracts: Float, indptr: Index
) -> tuple[Float, Index, Float, Index]:
    """The rows as the native side takes them: checked types, contiguous, changes on cache lines."""
    if (
        change_ticks.ndim != 2
        or change_ticks.shape[1] == 0
        or not change_ticks.flags.c_contiguous
        or change_ticks.dtype != np.float64
        or contracts.dtype != np.float64
        or listing_index.dtype != np.int64
        or indptr.dtype != np.int64
        or listing_index.ndim != 1
        or contracts.shape != listing_index.shape
        or indptr.ndim != 1
        or indptr.size == 0
    ):
        check(
            Rows(change_ticks=change_ticks, listing_index=listing_index, contracts=contracts),
            indptr,
        )
    return (
        _on_cache_lines(change_ticks, listing_index.size),
        np.ascontiguousarray(listing_index),
        np.ascontiguousarray(contracts),
        np.ascontiguousarray(indptr),
    )


def _on_cache_lines(change_ticks: Float, rows_count: int) -> Float:
    """The matrix itself, or a copy in which every row starts on a cache line where that pays."""
    listings_count, scenarios_count = change_ticks.shape
    if rows_count < ALIGNED_ROWS_MIN * listings_count or scenarios_count < CACHE_LINE // 8:
        return change_ticks
    pitch = -(-scenarios_count * 8 // CACHE_LINE) * CACHE_LINE
    if pitch == scenarios_count * 8 and change_ticks.ctypes.data % CACHE_LINE == 0:
        return change_ticks
    raw = np.empty(listings_count * pitch + CACHE_LINE, dtype=np.uint8)
    start = -raw.ctypes.data % CACHE_LINE
    room = raw[start : start + listings_count * pitch].view(np.float64)
    laid_out = room.reshape(listings_count, pitch // 8)[:, :scenarios_count]
    laid_out[...] = change_ticks
    return laid_out


def _accept(rows: tuple[Float, Index, Float, Index], verdict: tuple[bool, list[int]]) -> None:
    """Let a result pass, or raise what the twin raises for the first group at fault."""
    is_misshapen, doubtful = verdict
    change_ticks, listing_index, contracts, indptr = rows
    if is_misshapen:
        plain = np.ascontiguousarray(change_ticks)
        check(Rows(change_ticks=plain, listing_index=listing_index, contracts=contracts), indptr)
        raise ValueError("indptr or listing_index changed while a kernel read it")
    for group in doubtful:
        refuse_beyond(change_ticks, listing_index, contracts, indptr, group, group + 1)


def _cells(column: npt.ArrayLike) -> Float:
    """(rows or 1, cells or 1) float64 whose rows lie together; any other layout is copied."""
    array = np.asarray(column, dtype=np.float64)
    if array.ndim < 2:
        array = np.atleast_2d(array)
    return array if array.strides[1] in (0, 8) else np.ascontiguousarray(array)


def _flags(column: npt.ArrayLike) -> Flags:
    """The same for truth values."""
    array = np.asarray(column, dtype=np.bool_)
    if array.ndim < 2:
        array = np.atleast_2d(array)
    return array if array.strides[1] in (0, 1) else np.ascontiguousarray(array)
