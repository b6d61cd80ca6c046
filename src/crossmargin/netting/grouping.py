"""Groupings: which rows belong together. Only groups that are present exist."""

from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

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
    if account_index.size and (account_index.min() < 0 or key.min() < -1):
        raise ValueError(f"grouping {name}: an account or a key is negative")
    order = np.flatnonzero(key >= 0)
    account, kept = account_index[order], key[order]
    width = int(kept.max(initial=0)) + 1
    if (int(account.max(initial=0)) + 1) * width >= 2**63:
        raise ValueError(f"grouping {name}: accounts times keys do not fit into 64 bits")
    pair = account * width + kept
    in_order = not (pair[1:] < pair[:-1]).any()
    if not in_order:
        # A stable sort merges the runs that books and blocks come in.
        rank = np.argsort(pair, kind="stable")
        order, account, kept, pair = order[rank], account[rank], kept[rank], pair[rank]
    opens = np.ones(order.size, dtype=np.bool_)
    opens[1:] = pair[1:] != pair[:-1]
    first = np.flatnonzero(opens)
    row_group = np.full(account_index.size, -1, dtype=np.int64)
    row_group[order] = np.cumsum(opens) - 1
    return _frozen(
        Grouping(
            name=name,
            row_group=row_group,
            group_account=account[first],
            group_key=kept[first],
            order=order,
            indptr=np.append(first, order.size),
            in_order=in_order and order.size == account_index.size,
        )
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
