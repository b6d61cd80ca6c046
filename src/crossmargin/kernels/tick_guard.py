"""The guard of exact sums: absolute ticks of a group are finite and below 2**53, or refused."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Float: TypeAlias = NDArray[np.float64]
Index: TypeAlias = NDArray[np.int64]

TICK_LIMIT = float(2**53)
GATHER_ROWS = 256


class TickOverflow(OverflowError):  # noqa: N818 - reads as the sentence the user sees
    """Absolute ticks of one group add up to 2**53 or more: the sum would not be exact."""

    def __init__(self, message: str, group: int | None = None) -> None:
        self.group = group
        super().__init__(message)


class NotFinite(ArithmeticError):  # noqa: N818 - reads as the sentence the user sees
    """A row of one group is NaN or infinite: the group has no result."""

    def __init__(self, message: str, group: int | None = None) -> None:
        self.group = group
        super().__init__(message)


def products_fit(
    change_ticks: Float, listing_index: Index, contracts: Float, indptr: Index
) -> bool:
    """Whether most rows x largest contracts x largest change shows that every group stays below."""
    if not contracts.size:
        return True
    rows_max = float(np.diff(indptr).max())
    contracts_max = max(float(contracts.max()), -float(contracts.min()))
    held_rows = listing_index.size < len(change_ticks)
    reach = largest_change(change_ticks, listing_index) if held_rows else largest_of(change_ticks)
    change_max = float(reach.max())
    return rows_max * (contracts_max * change_max + 1.0) < TICK_LIMIT


def refuse_beyond(
    change_ticks: Float,
    listing_index: Index,
    contracts: Float,
    indptr: Index,
    first: int,
    last: int,
) -> None:
    """Of the groups first:last raise `NotFinite` or `TickOverflow` for the first one at fault."""
    rows = slice(indptr[first], indptr[last])
    reach = largest_change(change_ticks, listing_index[rows])
    bound = bounds(reach, contracts[rows], indptr[first : last + 1])
    for group in (first + np.flatnonzero(~(bound < TICK_LIMIT))).tolist():
        at = slice(indptr[group], indptr[group + 1])
        _refuse(change_ticks, listing_index[at], contracts[at], group)


def largest_change(change_ticks: Float, listing_index: Index) -> Float:
    """(rows,) largest absolute change of each row's listing, NaN where a scenario is NaN."""
    if listing_index.size >= len(change_ticks):
        return largest_of(change_ticks)[listing_index]
    largest = np.empty(listing_index.size)
    for at in range(0, listing_index.size, GATHER_ROWS):
        rows = listing_index[at : at + GATHER_ROWS]
        largest[at : at + rows.size] = largest_of(change_ticks[rows])
    return largest


def bounds(reach: Float, contracts: Float, indptr: Index) -> Float:
    """(groups,) sums of the largest absolute ticks of rows. Rounding keeps order: a bound."""
    bound = np.zeros(indptr.size - 1)
    filled = np.flatnonzero(np.diff(indptr))
    with np.errstate(over="ignore", invalid="ignore"):
        largest = np.rint(np.abs(contracts) * reach)
        if filled.size:
            # an empty group would be given the first row of the next one
            bound[filled] = np.add.reduceat(largest, indptr[filled] - indptr[0])
    return bound


def _refuse(change_ticks: Float, listing_index: Index, contracts: Float, group: int) -> None:
    """Add up the absolute ticks of one group.

    They only grow, and rounding keeps order: the float64 sum reaches 2**53 when the true one does.
    """
    gross = np.zeros(change_ticks.shape[1])
    for at in range(0, listing_index.size, GATHER_ROWS):
        change = change_ticks[listing_index[at : at + GATHER_ROWS]]
        factor = contracts[at : at + GATHER_ROWS, None]
        if not (np.isfinite(change).all() and np.isfinite(factor).all()):
            raise NotFinite(f"group {group}: a change or contracts figure is not finite", group)
        with np.errstate(over="ignore"):
            gross += np.abs(np.rint(change * factor)).sum(axis=0)
    if not (gross < TICK_LIMIT).all():
        raise TickOverflow(f"group {group}: absolute ticks add up to 2**53 or more", group)


def largest_of(change_ticks: Float) -> Float:
    """(rows,) the largest absolute value of each row; NaN stays NaN."""
    row = np.arange(len(change_ticks))
    highest = change_ticks[row, change_ticks.argmax(axis=1)]  # faster than max along short rows
    lowest = change_ticks[row, change_ticks.argmin(axis=1)]
    largest: Float = np.maximum(highest, -lowest)
    return largest
