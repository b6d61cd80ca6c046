"""Native groupings, amounts of groups and shaped scans, with the arguments and errors of the twin.

What the native side doubts is put to the twin itself: it raises, or shows that nothing is wrong.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels import grouped, net_gross, shaped
from crossmargin.kernels.grouped import BlockGroups
from crossmargin.kernels.native_library import LIBRARY
from crossmargin.kernels.shaped import ShapedPart

Float: TypeAlias = NDArray[np.float64]
Index: TypeAlias = NDArray[np.int64]

SETS_MAX = 4


def net_shaped_worst(
    change_ticks: Float, value_ticks: Float, parts: Sequence[ShapedPart], loss_weight: Float
) -> tuple[Float, Index]:
    """(outer groups,) lowest weighted ticks and their scenario: see `shaped.net_shaped_worst`."""
    shaped.check_parts(change_ticks, value_ticks, parts, loss_weight)
    if any(len(part.sets) > SETS_MAX for part in parts):
        return shaped.net_shaped_worst(change_ticks, value_ticks, parts, loss_weight)
    outer_count = parts[0].start.size - 1
    worst, scenario = np.empty(outer_count), np.empty(outer_count, dtype=np.int64)
    is_sure = LIBRARY.net_shaped_worst(
        np.ascontiguousarray(change_ticks),
        np.ascontiguousarray(value_ticks),
        [_part(part) for part in parts],
        np.ascontiguousarray(loss_weight),
        worst,
        scenario,
    )
    if not is_sure:
        return shaped.net_shaped_worst(change_ticks, value_ticks, parts, loss_weight)
    return worst, scenario


def net_and_gross(
    figure_ticks: Float, listing_index: Index, contracts: Float, indptr: Index
) -> tuple[Float, Float]:
    """(groups,) sums of ticks and of their sizes: see `net_gross.net_and_gross`."""
    rows = [np.ascontiguousarray(each) for each in (listing_index, contracts, indptr)]
    net, gross = np.empty(indptr.size - 1), np.empty(indptr.size - 1)
    if not LIBRARY.net_and_gross(np.ascontiguousarray(figure_ticks), *rows, net, gross):
        return net_gross.net_and_gross(figure_ticks, listing_index, contracts, indptr)
    return net, gross


def grouped_rows(
    blocks: Sequence[tuple[Index, Index]], key: Index
) -> tuple[Index, Index, tuple[BlockGroups, ...]]:
    """Groups of accounts and keys: see `grouped.grouped_rows`."""
    rows_count = sum(account.size for account, _ in blocks)
    if len(blocks) > SETS_MAX or any(account.shape != label.shape for account, label in blocks):
        return grouped.grouped_rows(blocks, key)
    given = [
        (
            np.ascontiguousarray(account),
            np.ascontiguousarray(label),
            np.empty(account.size, dtype=np.int64),
            np.empty(account.size, dtype=np.int64),
            np.empty(rows_count + 1, dtype=np.int64),
        )
        for account, label in blocks
    ]
    group_account = np.empty(rows_count, dtype=np.int64)
    group_key = np.empty(rows_count, dtype=np.int64)
    count, found = LIBRARY.grouped_rows(given, np.ascontiguousarray(key), group_account, group_key)
    if count < 0:
        return grouped.grouped_rows(blocks, key)
    rows = tuple(
        BlockGroups(
            row_group=row_group,
            order=np.arange(own) if in_order else order[:own],
            indptr=indptr[: count + 1],
            in_order=in_order,
        )
        for (_, _, row_group, order, indptr), (own, in_order) in zip(given, found, strict=True)
    )
    return group_account[:count], group_key[:count], rows


def _part(part: ShapedPart) -> tuple[object, ...]:
    sets = [tuple(np.ascontiguousarray(each) for each in rows) for rows in part.sets]
    steps = [(step.kind, step.spread, step.own) for step in part.steps]
    label, start = np.ascontiguousarray(part.label), np.ascontiguousarray(part.start)
    return sets, label, start, part.reads_value, steps
