"""Caps: the most credit that an asset, its issuer's family or a place may give an account."""

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

    def taken(self, rows: I8) -> "Cap":
        """The cap of `rows` alone."""
        return Cap(key=self.key[rows], limit=self.limit[rows])


def capped(credit: F8, account: I8, caps: Sequence[Cap]) -> F8:
    """(rows,) credit >= 0 within every cap of every account; what is above a cap gives nothing.

    Rows under one exceeded cap share it in proportion. Where exceeded caps overlap, the account
    gets the most credit that all of them allow together, so no order of caps matters and more
    credit before the caps is never less behind them.
    """
    scale = np.ones(len(credit))
    count = np.zeros(len(credit), dtype=np.int64)
    for cap in caps:
        share = _share(credit, account, cap)
        count += share < 1.0
        scale *= share
    out = np.asarray(credit * scale)
    for one in np.unique(account[count > 1]):
        rows = np.flatnonzero(account == one)
        out[rows] = _together(credit[rows], [cap.taken(rows) for cap in caps])
    return out


def exceeded(credit: F8, account: I8, caps: Sequence[Cap]) -> NDArray[np.bool_]:
    """(rows,) whether the row stands under a cap that its account's credit exceeds."""
    over = np.zeros(len(credit), dtype=np.bool_)
    for cap in caps:
        over |= _share(credit, account, cap) < 1.0
    return over


def limits(caps: Sequence[Cap]) -> tuple[F8, F8]:
    """Caps on the rows of one account -> (limits, rows) 1 where a row counts, and (limits,)."""
    member: list[F8] = []
    limit: list[float] = []
    for cap in caps:
        group, count, own = _groups(np.zeros(len(cap.key), dtype=np.int64), cap)
        member += [(group == one).astype(np.float64) for one in range(count)]
        limit += own.tolist()
    return np.array(member), np.array(limit)


def shared_scale(limit: F8, total: F8) -> F8:
    """(any shape) the share each account keeps when all together hold `total` and `limit` counts.

    1 where there is no limit (NaN or inf); NaN where there is one and the total is unknown.
    """
    unlimited = ~np.isfinite(limit)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(total > limit, limit / np.maximum(total, limit), 1.0)
    return np.where(unlimited, 1.0, np.where(np.isnan(total), np.nan, share))


def _share(credit: F8, account: I8, cap: Cap) -> F8:
    group, count, limit = _groups(account, cap)
    if not count:
        return np.ones(len(credit))
    total = np.bincount(group[group >= 0], weights=credit[group >= 0], minlength=count)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(total > limit, limit / np.maximum(total, limit), 1.0)
    return np.where(group >= 0, share[group], 1.0)


def _groups(account: I8, cap: Cap) -> tuple[I8, int, F8]:
    """(rows,) the row's account and key as one number, -1 without a cap; how many; their limits."""
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


def _together(credit: F8, caps: Sequence[Cap]) -> F8:
    """(rows of one account,) the credit under all its caps at once; NaN as soon as one is."""
    if np.isnan(credit).any():
        return np.full(len(credit), np.nan)
    member, limit = limits(caps)
    use = np.concatenate([member, np.eye(len(credit))])
    return np.minimum(most_that_fits(use, np.concatenate([limit, credit])), credit)
