"""Correlations of past moves: by ranks, shrunk, stressed, and repaired with a checked eigenvalue.

Every figure is made in a written order of plain operations, so that scenarios drawn from it are the
same on every machine.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import sqrt
from typing import assert_never, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.market.normal_quantile import normal_quantile

F8 = NDArray[np.float64]

EIGENVALUE_LEAST = 1e-8
"""What the smallest eigenvalue of a repaired matrix is raised to."""
_SWEEPS = 60
_SILENCE = 1e-30
"""What is less off the diagonal is nothing beside the ones on it."""


@final
class Correlation(StrEnum):
    """Which correlations a simulation believes in: those of the past, or a stress of them."""

    ESTIMATED = "estimated"
    NONE = "none"
    FULL = "full"
    FLIPPED = "flipped"


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Repaired:
    """(K, K) a correlation matrix without negative eigenvalues; the smallest before and after."""

    matrix: F8
    smallest_before: float
    smallest_after: float


def score_correlation(moves: F8) -> F8:
    """(T, K) joint moves -> (K, K) correlation of their normal scores, ones on the diagonal.

    The score of a move is the normal quantile of (rank - 1/2) / T, equal moves in time order: the
    correlation of a Gaussian copula, which no single crash decides. A column that never moves is
    uncorrelated with all others.
    """
    count, width = moves.shape
    scores = normal_quantile((np.arange(count) + 0.5) / count)
    ranked = np.empty(moves.shape)
    for column in range(width):
        order = np.argsort(moves[:, column], kind="stable")
        ranked[order, column] = scores
    still = (moves == moves[:1]).all(axis=0)
    ranked[:, still] = 0.0
    size = _added(ranked * ranked)
    found = np.eye(width)
    for a in range(width):
        for b in range(a):
            if not still[a] and not still[b]:
                own = float(_added((ranked[:, a] * ranked[:, b])[:, None])[0])
                found[a, b] = found[b, a] = own / sqrt(size[a] * size[b])
    return found


def shrunk(matrix: F8, share: float) -> F8:
    """Off the diagonal times 1 - `share`: 0 leaves it as it is, 1 leaves no correlation."""
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"a shrinkage of {share} is not between 0 and 1")
    kept = matrix * (1.0 - share)
    np.fill_diagonal(kept, 1.0)
    return kept


def stressed(matrix: F8, how: Correlation) -> F8:
    """The matrix as it is, or all correlations 0, all 1, or all with the other sign.

    The last one may be no correlation matrix any more: repair it.
    """
    match how:
        case Correlation.ESTIMATED:
            return matrix.copy()
        case Correlation.NONE:
            return np.eye(len(matrix))
        case Correlation.FULL:
            return np.ones_like(matrix)
        case Correlation.FLIPPED:
            return np.asarray(2.0 * np.eye(len(matrix)) - matrix)
        case _:
            assert_never(how)


def repaired(matrix: F8) -> Repaired:
    """Eigenvalues below `EIGENVALUE_LEAST` raised to it, then the diagonal brought back to 1.

    A matrix whose smallest eigenvalue is not negative by more than float dust stays as it is.
    ArithmeticError where the result has a negative eigenvalue after all.
    """
    values, vectors = symmetric_eigen(matrix)
    before = float(values.min())
    if before >= -1e-12:
        return Repaired(matrix=matrix.copy(), smallest_before=before, smallest_after=before)
    raised = np.maximum(values, EIGENVALUE_LEAST)
    total = np.zeros_like(matrix)
    for value, vector in zip(raised, vectors.T, strict=True):
        total += value * (vector[:, None] * vector[None, :])
    scale = 1.0 / np.sqrt(np.diag(total))
    found = total * scale[:, None] * scale[None, :]
    found = 0.5 * (found + found.T)
    np.fill_diagonal(found, 1.0)
    after = float(symmetric_eigen(found)[0].min())
    if not after > 0.0:
        raise ArithmeticError(f"the repaired correlations have an eigenvalue of {after}")
    return Repaired(matrix=found, smallest_before=before, smallest_after=after)


def symmetric_eigen(matrix: F8) -> tuple[F8, F8]:
    """(K, K) symmetric -> (K,) eigenvalues and (K, K) their vectors in columns, in no order.

    Jacobi's method: plane by plane, until nothing is left off the diagonal.
    """
    work, vectors = matrix.astype(np.float64).copy(), np.eye(len(matrix))
    for _ in range(_SWEEPS):
        rest = work - np.diag(np.diag(work))
        if float(np.abs(rest).max(initial=0.0)) < _SILENCE:
            break
        for p in range(len(work)):
            for q in range(p + 1, len(work)):
                if abs(work[p, q]) >= _SILENCE:
                    _rotate(work, vectors, p, q)
    return np.diag(work).copy(), vectors


def _rotate(work: F8, vectors: F8, p: int, q: int) -> None:
    """Turn the plane of p and q so that nothing is left between them."""
    lean = (work[q, q] - work[p, p]) / (2.0 * work[p, q])
    tangent = (1.0 if lean >= 0.0 else -1.0) / (abs(lean) + sqrt(lean * lean + 1.0))
    cosine = 1.0 / sqrt(tangent * tangent + 1.0)
    sine = tangent * cosine
    for columns in (work, vectors):
        left, right = columns[:, p].copy(), columns[:, q].copy()
        columns[:, p] = cosine * left - sine * right
        columns[:, q] = sine * left + cosine * right
    upper, lower = work[p].copy(), work[q].copy()
    work[p] = cosine * upper - sine * lower
    work[q] = sine * upper + cosine * lower
    work[p, q] = work[q, p] = 0.0


def lower_factor(matrix: F8) -> F8:
    """(K, K) without negative eigenvalues -> (K, K) lower triangle L with L Lᵀ = matrix.

    A row that the rows above it determine has 0 on the diagonal.
    """
    size = len(matrix)
    factor = np.zeros((size, size))
    for k in range(size):
        rest = matrix[k:, k].copy()
        for j in range(k):
            rest -= factor[k:, j] * factor[k, j]
        if rest[0] > 1e-14:
            factor[k:, k] = rest / sqrt(rest[0])
    return factor


def _added(rows: F8) -> F8:
    """(T, K) -> (K,) sums from the first row to the last: one order on every machine."""
    return np.asarray(np.cumsum(rows, axis=0)[-1])
