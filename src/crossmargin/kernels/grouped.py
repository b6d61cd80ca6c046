"""Which rows belong together: the groups of accounts and keys that are present."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

Index: TypeAlias = NDArray[np.int64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BlockGroups:
    """The rows of one block by group.

    `row_group` (rows,), -1 for none; `order` (rows with a group,) rows by group, else as they came;
    group g is order[indptr[g]:indptr[g+1]], `indptr` (groups + 1,). `in_order`: all rows have a
    group and lie sorted by it.
    """

    row_group: Index
    order: Index
    indptr: Index
    in_order: bool


def grouped_rows(
    blocks: Sequence[tuple[Index, Index]], key: Index
) -> tuple[Index, Index, tuple[BlockGroups, ...]]:
    """(groups,) account, (groups,) key, sorted by both, and the rows of each block by group.

    A block is `account` (rows,) and `label` (rows,), the place of each row in `key` (labels,). A
    row whose key is -1 is in no group. ValueError for an account or a key that is negative
    otherwise, and where both do not fit into 64 bits.
    """
    account = np.concatenate([own for own, _ in blocks])
    own_key = np.concatenate([key[label] for _, label in blocks])
    if any(own.ndim != 1 or own.shape != label.shape for own, label in blocks):
        raise ValueError("account_index and key must be (rows,)")
    if account.size and (account.min() < 0 or own_key.min() < -1):
        raise ValueError("an account or a key is negative")
    order = np.flatnonzero(own_key >= 0)
    width = int(own_key.max(initial=0)) + 1
    if (int(account.max(initial=0)) + 1) * width >= 2**63:
        raise ValueError("accounts times keys do not fit into 64 bits")
    pair = account[order] * width + own_key[order]
    if (pair[1:] < pair[:-1]).any():
        # A stable sort merges the runs that books and blocks come in.
        rank = np.argsort(pair, kind="stable")
        order, pair = order[rank], pair[rank]
    opens = np.ones(order.size, dtype=np.bool_)
    opens[1:] = pair[1:] != pair[:-1]
    first = np.flatnonzero(opens)
    row_group = np.full(account.size, -1, dtype=np.int64)
    row_group[order] = np.cumsum(opens) - 1
    bounds = np.cumsum([own.size for own, _ in blocks])[:-1]
    found = tuple(by_group(own, first.size) for own in np.split(row_group, bounds))
    return account[order[first]], own_key[order[first]], found


def by_group(row_group: Index, groups_count: int) -> BlockGroups:
    """Rows with the number of their group, -1 for none; a group may have no row."""
    if row_group.min(initial=0) >= 0:
        inside, own = np.arange(row_group.size), row_group
    else:
        inside = np.flatnonzero(row_group >= 0)
        own = row_group[inside]
    in_order = not (own[1:] < own[:-1]).any()
    if not in_order:
        inside = inside[np.argsort(own, kind="stable")]
    indptr = np.zeros(groups_count + 1, dtype=np.int64)
    np.cumsum(np.bincount(own, minlength=groups_count), out=indptr[1:])
    return BlockGroups(
        row_group=row_group,
        order=inside,
        indptr=indptr,
        in_order=in_order and inside.size == row_group.size,
    )
