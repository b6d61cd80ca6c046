"""Scans with shapes: groups netted, shaped, added up to outer groups and measured, block by block.

Nothing is ever held for all groups and scenarios.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels.row_set import RowSet, joined, part_of
from crossmargin.kernels.segment import net_ticks
from crossmargin.kernels.shape_step import SIGN_DISCOUNT, ShapeStep, stepped
from crossmargin.kernels.tick_guard import TICK_LIMIT, TickOverflow

Float: TypeAlias = NDArray[np.float64]
Index: TypeAlias = NDArray[np.int64]

BLOCK_CELLS = 1 << 16
"""Inner groups x scenarios of a block: half a megabyte, and its steps stay in the cache."""


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShapedPart:
    """Inner groups with their rows, what is done to their changes, and whom they belong to.

    `label` (inner groups,) rows of the figures of `steps`; outer group g has the inner groups
    start[g]:start[g+1], `start` (outer groups + 1,).
    """

    sets: tuple[RowSet, ...]
    label: Index
    start: Index
    steps: tuple[ShapeStep, ...]

    @property
    def reads_value(self) -> bool:
        """Whether a step needs what the rows are worth before any change."""
        return any(step.kind == SIGN_DISCOUNT for step in self.steps)


def net_shaped_worst(
    change_ticks: Float, value_ticks: Float, parts: Sequence[ShapedPart], loss_weight: Float
) -> tuple[Float, Index]:
    """(outer groups,) lowest weighted ticks, and (outer groups,) the lowest scenario that has them.

    `change_ticks` (listings, scenarios), `value_ticks` (listings,), `loss_weight` (scenarios,).
    Every part is netted as `net_ticks` does, shaped step by step and rounded after each, and added
    up to the outer groups; the parts are added, then weighed.
    """
    check_parts(change_ticks, value_ticks, parts, loss_weight)
    outer_count = parts[0].start.size - 1
    worst, scenario = np.zeros(outer_count), np.zeros(outer_count, dtype=np.int64)
    for first, last in _blocks(parts, change_ticks.shape[1]):
        ticks = np.zeros((last - first, change_ticks.shape[1]))
        for part in parts:
            ticks += _added(change_ticks, value_ticks, part, first, last)
        ticks *= loss_weight
        driver = ticks.argmin(axis=1)
        scenario[first:last] = driver
        worst[first:last] = ticks[np.arange(last - first), driver] + 0.0
    return worst, scenario


def check_parts(
    change_ticks: Float, value_ticks: Float, parts: Sequence[ShapedPart], loss_weight: Float
) -> None:
    """ValueError where parts, figures and weights do not fit together."""
    listings_count, scenarios_count = change_ticks.shape
    if value_ticks.shape != (listings_count,) or loss_weight.shape != (scenarios_count,):
        raise ValueError("value_ticks must be (listings,), loss_weight (scenarios,)")
    if not parts or any(part.start.shape != parts[0].start.shape for part in parts):
        raise ValueError("parts must be over the same outer groups")
    for part in parts:
        inner_count, start, label = part.label.size, part.start, part.label
        if any(indptr.size != inner_count + 1 for _, _, indptr in part.sets) or not part.sets:
            raise ValueError("label must have one entry for each inner group")
        if start.size == 0 or start[0] != 0 or start[-1] != inner_count:
            raise ValueError("start must go from 0 to the number of inner groups")
        if (start[1:] < start[:-1]).any():
            raise ValueError("start must not decrease")
        for step in part.steps:
            if label.size and not 0 <= label.min() <= label.max() < len(step.own):
                raise ValueError("label points outside the figures of a shape")


def _blocks(parts: Sequence[ShapedPart], scenarios_count: int) -> Iterator[tuple[int, int]]:
    """Ranges of outer groups with so many inner groups that a block stays in the cache."""
    groups = max(1, BLOCK_CELLS // scenarios_count)
    starts = np.max([part.start for part in parts], axis=0)
    first, outer_count = 0, starts.size - 1
    while first < outer_count:
        last = int(np.searchsorted(starts, starts[first] + groups, side="right")) - 1
        last = min(max(last, first + 1), first + groups, outer_count)
        yield first, last
        first = last


def _added(
    change_ticks: Float, value_ticks: Float, part: ShapedPart, first: int, last: int
) -> Float:
    """(outer groups of the block, scenarios) whole ticks of one part."""
    begin, end = int(part.start[first]), int(part.start[last])
    rows = joined([part_of(own, begin, end) for own in part.sets])
    label = part.label[begin:end]
    ticks = net_ticks(change_ticks, *rows)
    value = np.zeros(end - begin)
    if part.reads_value:
        value = net_ticks(np.ascontiguousarray(value_ticks[:, None]), *rows)[:, 0]
    for step in part.steps:
        ticks = stepped(step, label, value, ticks)
    start = part.start[first : last + 1] - begin
    if end - begin == last - first and (np.diff(start) == 1).all():
        return ticks
    if np.abs(ticks).max(initial=0.0) * np.diff(start).max(initial=0) >= TICK_LIMIT:
        _refuse(ticks, start, first)
    total = np.zeros((last - first, ticks.shape[1]))
    filled = np.flatnonzero(np.diff(start))
    if filled.size:
        total[filled] = np.add.reduceat(ticks, start[filled], axis=0)
    return total


def _refuse(ticks: Float, start: Index, first: int) -> None:
    """Raise for the first outer group whose absolute ticks reach 2**53, if there is one."""
    for outer in range(start.size - 1):
        if (np.abs(ticks[start[outer] : start[outer + 1]]).sum(axis=0) >= TICK_LIMIT).any():
            group = first + outer
            raise TickOverflow(f"group {group}: absolute ticks add up to 2**53 or more", group)
