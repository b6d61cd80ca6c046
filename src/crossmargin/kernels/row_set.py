"""Groups whose rows lie in several places, each with row numbers of its own."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

RowSet: TypeAlias = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]
"""`listing_index` and `contracts` (rows,), `indptr` (groups + 1,)."""


def joined(sets: Sequence[RowSet]) -> RowSet:
    """One set of the same groups: the rows of each group behind each other, set after set."""
    if len(sets) == 1:
        return sets[0]
    if any(indptr.shape != sets[0][2].shape for _, _, indptr in sets):
        raise ValueError("sets of rows must have one number of groups")
    indptr = np.sum([own for _, _, own in sets], axis=0)
    listing = np.empty(indptr[-1], dtype=np.int64)
    contracts = np.empty(indptr[-1])
    next_row = indptr[:-1].copy()
    for own_listing, own_contracts, own in sets:
        count = np.diff(own)
        place = np.arange(own[-1]) + np.repeat(next_row - own[:-1], count)
        listing[place] = own_listing
        contracts[place] = own_contracts
        next_row += count
    return listing, contracts, indptr


def part_of(rows: RowSet, first: int, last: int) -> RowSet:
    """The rows of groups `first` to `last - 1` of a set."""
    listing, contracts, indptr = rows
    begin, end = int(indptr[first]), int(indptr[last])
    return listing[begin:end], contracts[begin:end], indptr[first : last + 1] - begin
