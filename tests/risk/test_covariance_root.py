"""The root of variances against a covariance matrix written out in full."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crossmargin.risk.covariance_root import covariance_loss

ASSETS, GROUPS = 3, 4
DOLLARS = st.integers(-(10**6), 10**6).map(float)
EXPOSURES = arrays(np.float64, (ASSETS, GROUPS), elements=DOLLARS)
MIXES = arrays(np.float64, (ASSETS, 5), elements=st.floats(-0.2, 0.2))


def brute(exposure: np.ndarray, covariance: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Every pair of factors one by one, the listings' own moves among them."""
    return np.array(
        [
            np.sqrt(max(0.0, float(column @ covariance @ column) + squares))
            for column, squares in zip(exposure.T, own, strict=True)
        ]
    )


@given(EXPOSURES, MIXES, arrays(np.float64, GROUPS, elements=st.floats(0.0, 1e9)))
def test_it_is_the_deviation_of_the_sum_under_the_whole_covariance_matrix(
    exposure: np.ndarray, mix: np.ndarray, own: np.ndarray
) -> None:
    covariance = mix @ mix.T
    alpha = np.repeat(np.sqrt(np.diag(covariance))[:, None], GROUPS, axis=1)
    found = covariance_loss(exposure, alpha, 2.0 * covariance, own)
    expected = brute(exposure, covariance, own)
    scale = np.abs(exposure).max(initial=1.0)
    assert np.nan_to_num(found.loss) == pytest.approx(expected, rel=1e-6, abs=2e-5 * scale)
    parts = (exposure * found.by_exposure).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = parts + np.where(found.loss > 0.0, own / found.loss, 0.0)
    known = ~np.isnan(found.loss) & (expected > 1e-3 * scale)
    assert parts[known] == pytest.approx(found.loss[known], rel=1e-6)


def test_losses_drawn_at_random_have_that_deviation() -> None:
    draw = np.random.default_rng(5)
    mix = np.array([[0.05, 0.0, 0.0], [0.03, 0.04, 0.0], [-0.02, 0.01, 0.06]])
    covariance = mix @ mix.T
    exposure = np.array([[100.0], [-80.0], [50.0]])
    alpha = np.sqrt(np.diag(covariance))[:, None]
    own = np.array([9.0])
    found = covariance_loss(exposure, alpha, 2.0 * covariance, own).loss[0]
    moves = draw.normal(size=(400_000, 3)) @ mix.T
    drawn = moves @ exposure[:, 0] + 3.0 * draw.normal(size=len(moves))
    assert found == pytest.approx(float(drawn.std()), rel=5e-3)


@given(EXPOSURES, st.floats(0.1, 10.0))
def test_a_multiple_of_the_book_has_that_multiple_of_the_loss(
    exposure: np.ndarray, factor: float
) -> None:
    alpha, beta = np.full((ASSETS, GROUPS), 0.1), np.full((ASSETS, ASSETS), 0.006)
    nothing = np.zeros(GROUPS)
    once = covariance_loss(exposure, alpha, beta, nothing).loss
    many = covariance_loss(factor * exposure, alpha, beta, nothing).loss
    assert many == pytest.approx(factor * once, rel=1e-9)


@given(EXPOSURES, EXPOSURES)
def test_the_whole_is_at_most_the_sum_of_its_parts(one: np.ndarray, other: np.ndarray) -> None:
    alpha, beta = np.full((ASSETS, GROUPS), 0.1), np.full((ASSETS, ASSETS), 0.006)
    nothing = np.zeros(GROUPS)
    apart = [covariance_loss(each, alpha, beta, nothing).loss for each in (one, other)]
    together = covariance_loss(one + other, alpha, beta, nothing).loss
    assert (together <= (apart[0] + apart[1]) * (1.0 + 1e-9)).all()


def test_what_is_missing_beside_an_exposure_is_missing_in_the_loss() -> None:
    exposure = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
    alpha = np.array([[0.1, 0.1, np.nan], [np.nan, 0.1, 0.1]])
    beta = np.full((2, 2), np.nan)
    found = covariance_loss(exposure, alpha, beta, np.zeros(3)).loss
    assert found[0] == pytest.approx(0.1)
    assert np.isnan(found[1])
    assert found[2] == pytest.approx(0.1)


def test_figures_of_no_random_variable_give_no_loss() -> None:
    exposure, alpha = np.ones((2, 1)), np.full((2, 1), 0.1)
    beta = np.array([[0.0, -0.03], [-0.03, 0.0]])
    assert np.isnan(covariance_loss(exposure, alpha, beta, np.zeros(1)).loss[0])
    perfect = np.array([[0.0, -0.02], [-0.02, 0.0]])
    assert covariance_loss(exposure, alpha, perfect, np.zeros(1)).loss[0] == 0.0
