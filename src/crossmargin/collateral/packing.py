"""The most of several amounts that fits under overlapping limits: a small linear programme, solved
exactly.
"""

import numpy as np
from numpy.typing import NDArray

F8 = NDArray[np.float64]

NEGLIGIBLE = 1e-12
"""Relative to the largest amount: below it a coefficient is what rounding left of 0."""


def most_that_fits(amount: F8, member: F8, limit: F8) -> F8:
    """(n,) x with 0 <= x <= amount and member @ x <= limit whose sum is the largest.

    `amount` (n,) >= 0, `member` (limits, n) of 0 and 1, `limit` (limits,) >= 0. The sum is
    non-decreasing and concave in every amount. Simplex from x = 0 with Bland's rule: it ends, and
    gives the same bits everywhere because it uses element-wise arithmetic only. NaN in an amount
    gives NaN throughout.
    """
    largest = float(amount.max(initial=0.0))
    if not largest > 0.0:
        return amount.copy() if largest == 0.0 else np.full(len(amount), np.nan)
    count = len(amount)
    table = _tableau(amount / largest, member, limit / largest)
    basis = list(range(count, table.shape[1] - 1))
    gain = np.zeros(table.shape[1])
    gain[:count] = 1.0
    while (entering := _first_above(gain[:-1])) is not None:
        leaving = _leaving(table, basis, entering)
        table[leaving] /= table[leaving, entering]
        others = np.arange(len(table)) != leaving
        table[others] -= table[others, entering][:, None] * table[leaving]
        gain -= gain[entering] * table[leaving]
        basis[leaving] = entering
    found = np.zeros(count)
    for row, column in enumerate(basis):
        if column < count:
            found[column] = table[row, -1]
    return np.clip(found * largest, 0.0, amount)


def _tableau(amount: F8, member: F8, limit: F8) -> F8:
    """Rows: each limit, then each amount as its own limit. Columns: x, slack, right-hand side."""
    rows = np.concatenate([member, np.eye(len(amount))])
    right = np.concatenate([limit, amount])
    return np.concatenate([rows, np.eye(len(rows)), right[:, None]], axis=1)


def _first_above(gain: F8) -> int | None:
    positive = np.flatnonzero(gain > NEGLIGIBLE)
    return int(positive[0]) if len(positive) else None


def _leaving(table: F8, basis: list[int], entering: int) -> int:
    """The row that limits the entering column first; of equal ones that of the lowest variable."""
    candidates = np.flatnonzero(table[:, entering] > NEGLIGIBLE)
    ratio = table[candidates, -1] / table[candidates, entering]
    least = candidates[ratio <= ratio.min() + NEGLIGIBLE]
    return min((int(row) for row in least), key=lambda row: basis[row])
