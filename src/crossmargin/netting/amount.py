"""Amounts of groups: what the rows of a group add up to, one by one or against each other.

Sums run in the order of the grouping: an account alone and in a batch has the same figure. Whole
numbers below 2**53 add exactly; NaN in a row is NaN in its group, never a smaller amount.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels import net_ticks
from crossmargin.netting.grouping import Grouping

Float: TypeAlias = NDArray[np.float64]
Flag: TypeAlias = NDArray[np.bool_]


def net(grouping: Grouping, amount: Float) -> Float:
    """(rows,) signed amounts -> (groups,) their sum; long and short cancel."""
    return _added(grouping, amount)


def gross(grouping: Grouping, amount: Float) -> Float:
    """(rows,) signed amounts -> (groups,) the sum of absolute amounts, at least 0."""
    return _added(grouping, np.abs(amount))


def long(grouping: Grouping, amount: Float) -> Float:
    """(rows,) signed amounts -> (groups,) the sum of the positive ones, at least 0."""
    return _added(grouping, np.maximum(amount, 0.0))


def short(grouping: Grouping, amount: Float) -> Float:
    """(rows,) signed amounts -> (groups,) the sum of the negative ones as a size, at least 0."""
    return _added(grouping, np.maximum(-amount, 0.0))


def hedged(grouping: Grouping, amount: Float) -> Float:
    """(rows,) signed amounts -> (groups,) (gross - |net|) / 2: what long and short share."""
    return (gross(grouping, amount) - np.abs(net(grouping, amount))) / 2.0


def count(grouping: Grouping, amount: Float) -> Float:
    """(rows,) amounts -> (groups,) how many rows hold something other than 0."""
    if np.isnan(amount).any():
        raise ValueError("an amount is not a number")
    return _added(grouping, (amount != 0.0).astype(np.float64))


def held_min(grouping: Grouping, field: Float, held: Flag) -> Float:
    """(rows,) a field -> (groups,) its smallest value among the rows held.

    NaN where a held row lacks the field, and where the group holds nothing: it has no such value.
    """
    return _extreme(grouping, field, held, np.minimum)


def held_max(grouping: Grouping, field: Float, held: Flag) -> Float:
    """(rows,) a field -> (groups,) its largest value among the rows held; NaN as in `held_min`."""
    return _extreme(grouping, field, held, np.maximum)


def times_field(amount: Float, field: Float) -> Float:
    """(any shape) amount x field; 0 where the amount is 0, also where there is no such field (NaN).

    Where the amount is not 0 a missing field leaves NaN: the figure is unavailable.
    """
    return np.where(amount == 0.0, 0.0, amount * field)


def added_ticks(grouping: Grouping, ticks: Float) -> Float:
    """(rows, scenarios) whole ticks -> (groups, scenarios) their exact sum.

    With `nest` this adds a coarse grouping up from a finer one. Guarded like every sum of ticks.
    """
    rows = np.ascontiguousarray(ticks, dtype=np.float64)
    return net_ticks(rows, grouping.order, np.ones(grouping.order.size), grouping.indptr)


def _added(grouping: Grouping, amount: Float) -> Float:
    """(groups,) sums of rows; a group without rows is 0."""
    count = np.diff(grouping.indptr)
    ordered = amount if grouping.in_order else amount[grouping.order]
    if count.size == ordered.size and count.min(initial=1) == 1:
        return ordered + 0.0  # each row is a group
    total = np.zeros(grouping.groups_count)
    filled = np.flatnonzero(count)
    if filled.size:
        total[filled] = np.add.reduceat(ordered, grouping.indptr[filled])
    return total + 0.0


def _extreme(grouping: Grouping, field: Float, held: Flag, smaller: np.ufunc) -> Float:
    """(groups,) minimum or maximum over the held rows; NaN wins, and stands for none."""
    extreme = np.full(grouping.groups_count, np.nan)
    order = grouping.order[held[grouping.order]]
    group = grouping.row_group[order]
    if order.size:
        opens = np.append(0, np.flatnonzero(group[1:] != group[:-1]) + 1)
        extreme[group[opens]] = smaller.reduceat(field[order], opens)
    return extreme
