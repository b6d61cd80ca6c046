"""Correlations against NumPy's and SciPy's own, and what a repair leaves as it was."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm, rankdata

from crossmargin.market.correlation import (
    EIGENVALUE_LEAST,
    Correlation,
    lower_factor,
    repaired,
    score_correlation,
    shrunk,
    stressed,
    symmetric_eigen,
)

MOVES = arrays(np.float64, (12, 4), elements=st.floats(-0.5, 0.5))


@given(MOVES)
@settings(max_examples=40)
def test_scores_correlate_as_another_library_counts_them(moves: np.ndarray) -> None:
    moves = moves + np.arange(12)[:, None] * 1e-9
    scores = norm.ppf((rankdata(moves, axis=0, method="ordinal") - 0.5) / 12)
    assert score_correlation(moves) == pytest.approx(np.corrcoef(scores.T), abs=1e-9)


def test_a_price_that_never_moves_is_uncorrelated() -> None:
    moves = np.array([[0.1, 0.0], [0.2, 0.0], [-0.1, 0.0]])
    assert score_correlation(moves).tolist() == [[1.0, 0.0], [0.0, 1.0]]


@given(arrays(np.float64, (5, 5), elements=st.floats(-2.0, 2.0)))
@settings(max_examples=40)
def test_eigenvalues_are_those_of_lapack(square: np.ndarray) -> None:
    symmetric = square + square.T
    values, vectors = symmetric_eigen(symmetric)
    assert np.sort(values) == pytest.approx(np.linalg.eigvalsh(symmetric), abs=1e-9)
    assert vectors @ np.diag(values) @ vectors.T == pytest.approx(symmetric, abs=1e-9)


@given(arrays(np.float64, (4, 4), elements=st.floats(-1.0, 1.0)))
@settings(max_examples=40)
def test_a_repaired_matrix_is_a_correlation_matrix(square: np.ndarray) -> None:
    matrix = np.tril(square, -1)
    matrix = matrix + matrix.T + np.eye(4)
    found = repaired(matrix)
    assert np.diag(found.matrix).tolist() == [1.0] * 4
    assert np.linalg.eigvalsh(found.matrix).min() > -1e-9
    assert np.abs(found.matrix).max() <= 1.0 + 1e-9
    assert found.smallest_before == pytest.approx(np.linalg.eigvalsh(matrix).min(), abs=1e-9)
    if found.smallest_before >= 0.0:
        assert np.array_equal(found.matrix, matrix)
    factor = lower_factor(found.matrix)
    assert factor @ factor.T == pytest.approx(found.matrix, abs=1e-6)


def test_three_that_each_go_against_the_others_cannot_be_and_are_repaired() -> None:
    flipped = stressed(np.full((3, 3), 0.9) + 0.1 * np.eye(3), Correlation.FLIPPED)
    assert flipped[0, 1] == -0.9
    found = repaired(flipped)
    assert found.smallest_before == pytest.approx(-0.8)
    assert 0.0 < found.smallest_after < 2 * EIGENVALUE_LEAST
    # The nearest that three can be against each other.
    assert found.matrix[0, 1] == pytest.approx(-0.5, abs=1e-6)


def test_shrinkage_takes_the_same_share_of_each() -> None:
    matrix = np.array([[1.0, 0.8], [0.8, 1.0]])
    assert shrunk(matrix, 0.25) == pytest.approx(np.array([[1.0, 0.6], [0.6, 1.0]]))
    assert shrunk(matrix, 1.0).tolist() == stressed(matrix, Correlation.NONE).tolist()
    with pytest.raises(ValueError, match="shrinkage"):
        shrunk(matrix, 1.5)
