"""Attribution: the parts that positions have in a measure, which add up to it exactly.

A part is a loss positive like the measure; a hedge has a negative part. Parts of a measure that is
not homogeneous are still exact sums, but only a convention.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels import TICK_LIMIT, row_ticks
from crossmargin.risk.measure import Tail, loss_of, tail_weights

Float: TypeAlias = NDArray[np.float64]
Index: TypeAlias = NDArray[np.int64]


def largest_remainder(parts: Float, total_ticks: float) -> Float:
    """(parts,) float ticks -> (parts,) whole ticks that add up to `total_ticks` exactly.

    Every part is rounded down; what is missing goes one tick each to the largest remainders, ties
    to the lowest index. Where more is missing than there are parts, all first get the same.
    """
    ends = np.array([0, parts.size], dtype=np.int64)
    return largest_remainder_by_group(parts, ends, np.array([total_ticks], dtype=np.float64))


def largest_remainder_by_group(parts: Float, indptr: Index, total_ticks: Float) -> Float:
    """(rows,) float ticks -> (rows,) whole ticks; the rows indptr[g]:indptr[g+1] add up to total g.

    `total_ticks` (groups,) whole. Raises ValueError with the group where a part or total is not
    finite or too large to be exact, or where a group without rows has a total other than 0.
    """
    rows_count = np.diff(indptr)
    group = np.repeat(np.arange(rows_count.size), rows_count)
    _check(parts, group, total_ticks, rows_count)
    whole = np.floor(parts)
    missing = total_ticks - _sums(whole, indptr)
    everyone = np.floor_divide(missing, np.maximum(rows_count, 1))
    extra = missing - everyone * rows_count
    rank = np.empty(parts.size, dtype=np.int64)
    rank[np.lexsort((whole - parts, group))] = np.arange(parts.size) - indptr[group]
    given: Float = whole + everyone[group] + (rank < extra[group])
    return given + 0.0


def scan_parts(
    change_ticks: Float,
    listing_index: Index,
    contracts: Float,
    row_group: Index,
    driver: Index,
    loss_weight: Float | None = None,
) -> Float:
    """(rows,) loss of each row in the scenario that drives its group, times the weight of it.

    `change_ticks` (listings, scenarios) unrounded ticks per contract; `row_group` (rows,) and
    `driver` (groups,). The parts of a group add up to its unshaped scan loss exactly where that is
    above 0 and the weight is 1.
    """
    scenario = driver[row_group]
    loss = loss_of(row_ticks(change_ticks, listing_index, contracts, scenario))
    return loss if loss_weight is None else loss * loss_weight[scenario]


def shaped_parts(
    value_ticks: Float,
    change_ticks: Float,
    row_group: Index,
    slopes: tuple[Float, Float],
) -> Float:
    """(rows,) loss of each row of a shaped group: -(a x value + b x change).

    `value_ticks`, `change_ticks` (rows,) in the driving scenario; slopes a, b (groups,) as
    `netting.shape.shape_slopes` gives them.
    """
    of_value, of_change = slopes
    return loss_of(of_value[row_group] * value_ticks + of_change[row_group] * change_ticks)


def shortfall_parts(
    change_ticks: Float,
    listing_index: Index,
    contracts: Float,
    row_group: Index,
    scenario: Index,
    tail: Tail,
) -> Float:
    """(rows,) mean loss of each row over the tail of its group.

    `scenario` (groups, rank) as `risk.measure.tail_scenarios` gives it. The parts of a group add up
    to its expected shortfall up to float rounding; `largest_remainder_by_group` makes it exact.
    """
    total = np.zeros(contracts.size)
    for rank, weight in enumerate(tail_weights(tail)):
        at = scenario[row_group, rank]
        total += weight * row_ticks(change_ticks, listing_index, contracts, at)
    return loss_of(total / tail.weight)


def _sums(whole: Float, indptr: Index) -> Float:
    """(groups,) exact sums of whole rows; a group without rows is 0."""
    total = np.zeros(indptr.size - 1)
    filled = np.flatnonzero(np.diff(indptr))
    if filled.size:
        total[filled] = np.add.reduceat(whole, indptr[filled])
    return total


def _check(parts: Float, group: Index, total_ticks: Float, rows_count: Index) -> None:
    """Everything must add exactly: absolute parts and total of a group stay below 2**53."""
    if parts.shape != group.shape or total_ticks.shape != rows_count.shape:
        raise ValueError("parts must be (rows,), total_ticks (groups,), and indptr end at the rows")
    gross = np.bincount(group, weights=np.abs(parts) + 1.0, minlength=rows_count.size)
    faulty = np.flatnonzero(~(gross + np.abs(total_ticks) < TICK_LIMIT))
    if faulty.size:
        raise ValueError(f"group {faulty[0]}: parts or total are not finite or reach 2**53 ticks")
    if (np.rint(total_ticks) != total_ticks).any():
        raise ValueError("total_ticks must be whole")
    if (total_ticks[rows_count == 0] != 0.0).any():
        raise ValueError("a group without parts has a total other than 0")
