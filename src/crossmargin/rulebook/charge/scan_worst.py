"""The worst scenario of a scan in every group, without holding groups x scenarios."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels import ShapedPart, ShapeStep, net_shaped_worst, net_worst_tail
from crossmargin.rulebook.charge.scan import (
    EVERYTHING,
    Component,
    component_fills,
    component_rows,
    is_plain,
    plain_rows,
    row_sets,
)
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.reduce import parent_groups
from crossmargin.rulebook.run import ScanArrays
from crossmargin.rulebook.shaping import steps_by_key


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WorstOfScan:
    """(groups,) lowest weighted ticks, gain positive, and the lowest scenario that has them.

    `unavailable` (groups,) marks groups that hold a row without data.
    """

    ticks: NDArray[np.float64]
    scenario: NDArray[np.int64]
    unavailable: NDArray[np.bool_]


def worst_of_scan(
    context: Context, family: str, components: tuple[Component, ...], at: str
) -> WorstOfScan | None:
    """The figures of `scan_ticks` after loss weights, reduced by a kernel group after group.

    None where open orders are filled, where a shape has figures that are no matter of a group's key
    alone, and where the groups of a component do not lie by the groups of `at`.
    """
    scan = context.run.scan(family)
    weight = scan.scenarios.loss_weight
    if is_plain(context, components, at) and np.all(weight == 1.0):
        found = plain_rows(context, scan, components, at)
        worst, scenario, _ = net_worst_tail(scan.change, *found.sets[0], 1, more=found.sets[1:])
        return WorstOfScan(ticks=worst, scenario=scenario, unavailable=found.unavailable)
    parts, unavailable = [], np.zeros(context.groups_count(at), dtype=np.bool_)
    for component in components or EVERYTHING:
        part = _part(context, scan, component, at, unavailable)
        if part is None:
            return None
        parts.append(part)
    worst, scenario = net_shaped_worst(scan.change, scan.value, parts, weight)
    return WorstOfScan(ticks=worst, scenario=scenario, unavailable=unavailable)


def _part(
    context: Context,
    scan: ScanArrays,
    component: Component,
    at: str,
    unavailable: NDArray[np.bool_],
) -> ShapedPart | None:
    """A component for the kernel; marks the groups of `at` that it makes unavailable."""
    if component_fills(context, component) is not None:
        return None
    by = component.by or at
    steps: tuple[ShapeStep, ...] = ()
    if component.shape is not None:
        found = steps_by_key(component.shape, context, by, scan.scenarios)
        if found is None:
            return None
        steps = found
    parent = parent_groups(context, by, at)
    if parent.min(initial=0) < 0 or (parent[1:] < parent[:-1]).any():
        return None
    start = np.zeros(len(unavailable) + 1, dtype=np.int64)
    np.cumsum(np.bincount(parent, minlength=len(unavailable)), out=start[1:])
    rows = component_rows(context, scan, component, by)
    for each in rows:
        unavailable[parent[each.unavailable]] = True
    return ShapedPart(sets=row_sets(rows), label=context.groups(by).key, start=start, steps=steps)
