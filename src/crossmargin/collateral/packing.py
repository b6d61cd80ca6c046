"""The most credit that fits under overlapping limits: a small linear programme, solved exactly."""

import numpy as np
from numpy.typing import NDArray

F8 = NDArray[np.float64]

NEGLIGIBLE = 1e-12
"""Below it a coefficient, once scaled to about 1, is what rounding left of 0."""


def most_that_fits(use: F8, limit: F8) -> F8:
    """(n,) x >= 0 with use @ x <= limit whose sum is the largest.

    `use` (limits, n) >= 0, each of the n used somewhere; `limit` (limits,) >= 0. The sum is
    non-decreasing and concave in every limit. Simplex from x = 0 with Bland's rule: it ends, and
    gives the same bits everywhere because it uses element-wise arithmetic only.
    """
    count = use.shape[1]
    table, unit = _tableau(use, limit)
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
            found[column] = max(table[row, -1], 0.0) * unit
    return found


def _tableau(use: F8, limit: F8) -> tuple[F8, float]:
    """Columns: x, slack, right-hand side; each row scaled to a largest coefficient of 1.

    The second figure is the unit of x: the most that any one x can be.
    """
    limiting = use.any(axis=1)
    largest = use[limiting].max(axis=1)
    rows, most = use[limiting] / largest[:, None], limit[limiting] / largest
    alone = np.where(rows > 0.0, most[:, None] / np.where(rows > 0.0, rows, 1.0), np.inf)
    unit = float(alone.min(axis=0).max()) or 1.0
    # What binds at nobody's most is as good as absent, and stays finite.
    with np.errstate(over="ignore"):
        right = np.minimum(most / unit, float(use.shape[1]))
    return np.concatenate([rows, np.eye(len(rows)), right[:, None]], axis=1), unit


def _first_above(gain: F8) -> int | None:
    positive = np.flatnonzero(gain > NEGLIGIBLE)
    return int(positive[0]) if len(positive) else None


def _leaving(table: F8, basis: list[int], entering: int) -> int:
    """The row that limits the entering column first; of equal ones that of the lowest variable."""
    candidates = np.flatnonzero(table[:, entering] > NEGLIGIBLE)
    ratio = table[candidates, -1] / table[candidates, entering]
    least = candidates[ratio <= ratio.min() + NEGLIGIBLE]
    return min((int(row) for row in least), key=lambda row: basis[row])
