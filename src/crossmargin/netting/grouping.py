"""Groupings: which rows belong together. Only groups that are present exist."""

from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels import BlockGroups, grouped_rows

Index: TypeAlias = NDArray[np.int64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grouping:
    """P rows in G groups of one account each.

    `row_group` (P,) the group of a row, -1 where it has none; `group_account`, `group_key` (G,);
    `order` (rows with a group,) rows sorted by group, else as they came; group g is
    order[indptr[g]:indptr[g+1]], `indptr` (G + 1,). `in_order` says that all rows have a group and
    lie sorted by it, so that `order` only counts up.
    """

    name: str
    row_group: Index
    group_account: Index
    group_key: Index
    order: Index
    indptr: Index
    in_order: bool = False

    @property
    def groups_count(self) -> int:
        """Number of groups."""
        return self.group_account.size


def group_rows(name: str, account_index: Index, key: Index) -> Grouping:
    """(rows,) account and (rows,) key -> the groups present, sorted by account, then key.

    A row whose key is -1 has no such key and is in no group.
    """
    if account_index.shape != key.shape or account_index.ndim != 1:
        raise ValueError(f"grouping {name}: account_index and key must be (rows,)")
    try:
        account, kept, (rows,) = grouped_rows([(account_index, np.arange(key.size))], key)
    except ValueError as misfit:
        raise ValueError(f"grouping {name}: {misfit}") from misfit
    return _frozen(grouping_of(name, rows, account, kept))


def grouping_of(name: str, rows: BlockGroups, account: Index, key: Index) -> Grouping:
    """The rows of a block with (groups,) account and key."""
    return Grouping(
        name=name,
        row_group=rows.row_group,
        group_account=account,
        group_key=key,
        order=rows.order,
        indptr=rows.indptr,
        in_order=rows.in_order,
    )


def coarsen(fine: Grouping, coarse: Grouping) -> Index:
    """(fine groups,) the coarse group of each fine group of the same rows; -1 where it has none.

    Raises ValueError where a fine group lies in more than one coarse group.
    """
    if fine.row_group.size != coarse.row_group.size:
        raise ValueError(f"{fine.name} and {coarse.name} group different rows")
    parent = np.full(fine.groups_count, -1, dtype=np.int64)
    above = coarse.row_group[fine.order]
    rows_count = np.diff(fine.indptr)
    filled = np.flatnonzero(rows_count)
    parent[filled] = above[fine.indptr[filled]]
    if (np.repeat(parent, rows_count) != above).any():
        raise ValueError(f"{fine.name} is not finer than {coarse.name}")
    return parent


def nest(fine: Grouping, coarse: Grouping) -> Grouping:
    """The coarse groups, with the fine groups as their rows; a coarse group may have none.

    For what is not additive over rows: the gross of net amounts, the sum of losses per expiry.
    """
    parent = coarsen(fine, coarse)
    order = np.flatnonzero(parent >= 0)
    order = order[np.argsort(parent[order], kind="stable")]
    count = np.bincount(parent[order], minlength=coarse.groups_count)
    return _frozen(
        Grouping(
            name=coarse.name,
            row_group=parent,
            group_account=coarse.group_account,
            group_key=coarse.group_key,
            order=order,
            indptr=np.append(0, np.cumsum(count)).astype(np.int64),
        )
    )


def _frozen(grouping: Grouping) -> Grouping:
    for array in (
        grouping.row_group,
        grouping.group_account,
        grouping.group_key,
        grouping.order,
        grouping.indptr,
    ):
        array.setflags(write=False)
    return grouping
