"""Rows that should have been merged: a listing that a group holds twice."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

NONE: Final = -1


def repeated_row(
    listing_index: NDArray[np.int64], indptr: NDArray[np.int64], listings_count: int
) -> int:
    """Number of the first row whose listing an earlier row of its group has, -1 for none.

    `listing_index` (rows,), `indptr` (groups + 1,). Raises ValueError for a listing outside
    0:listings_count.
    """
    if listing_index.size and not 0 <= listing_index.min() <= listing_index.max() < listings_count:
        raise ValueError("listing_index points outside the listings")
    group = np.repeat(np.arange(indptr.size - 1), np.diff(indptr))
    key = group * listings_count + listing_index
    order = np.argsort(key, kind="stable")
    later = order[1:][key[order[1:]] == key[order[:-1]]]
    return int(later.min()) if later.size else NONE
