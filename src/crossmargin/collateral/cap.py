"""Caps: the most credit that an asset, venue, chain, bridge, custodian or issuer family may give
an account.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.collateral.packing import most_that_fits

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cap:
    """One kind of cap. `key` (rows,) numbers what is capped, -1 for a row outside.

    `limit` (rows,) is the most value that the row's key may give one account, NaN or inf where it
    has no cap.
    """

    key: I8
    limit: F8


def capped(credit: F8, account: I8, caps: Sequence[Cap]) -> F8:
    """(rows,) credit >= 0 within every cap of every account; what is above a cap gives nothing.

    Rows under one exceeded cap share it in proportion. Where exceeded caps overlap, the account
    gets the most credit that all of them allow together, so no order of caps matters and no deposit
    ever lowers a credit.
    """
    scale = np.ones(len(credit))
    exceeded = np.zeros(len(credit), dtype=np.int64)
    for cap in caps:
        share = _share(credit, account, cap)
        exceeded += share < 1.0
        scale *= share
    out = np.asarray(credit * scale)
    crossed = np.unique(account[exceeded > 1])
    for one in crossed:
        rows = np.flatnonzero(account == one)
        out[rows] = _together(credit[rows], [_taken(cap, rows) for cap in caps])
    return out


def shared_scale(limit: F8, total: F8) -> F8:
    """(any shape) the share that every account keeps when all together hold `total` and `limit`
    counts.

    1 where there is no limit (NaN or inf); NaN where there is one and the total is unknown.
    """
    unlimited = ~np.isfinite(limit)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(total > limit, limit / np.maximum(total, limit), 1.0)
    return np.where(unlimited, 1.0, np.where(np.isnan(total), np.nan, share))


def _share(credit: F8, account: I8, cap: Cap) -> F8:
    group, count, limit = _groups(account, cap)
    total = np.bincount(group[group >= 0], weights=credit[group >= 0], minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(total > limit, limit / np.maximum(total, limit), 1.0)
    return np.where(group >= 0, share[group], 1.0) if count else np.ones(len(credit))


def _groups(account: I8, cap: Cap) -> tuple[I8, int, F8]:
    """(rows,) number of the row's account and key, -1 where it has no cap; how many; (groups,)
    their limits.
    """
    group = np.full(len(account), -1, dtype=np.int64)
    bound = np.flatnonzero((cap.key >= 0) & np.isfinite(cap.limit))
    if not len(bound):
        return group, 0, np.zeros(0)
    keys = int(cap.key.max()) + 1
    _, first, inverse = np.unique(
        account[bound] * keys + cap.key[bound], return_index=True, return_inverse=True
    )
    group[bound] = inverse
    return group, len(first), cap.limit[bound][first]


def _taken(cap: Cap, rows: I8) -> Cap:
    return Cap(key=cap.key[rows], limit=cap.limit[rows])


def _together(credit: F8, caps: Sequence[Cap]) -> F8:
    """(rows of one account,) the credit under all its caps at once."""
    member, limit = [], []
    for cap in caps:
        group, count, limits = _groups(np.zeros(len(credit), dtype=np.int64), cap)
        member += [(group == one).astype(np.float64) for one in range(count)]
        limit += list(limits)
    return most_that_fits(credit, np.stack(member), np.array(limit))
