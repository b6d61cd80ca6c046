"""Delta-gamma risk against quadrature, closed forms and its own slopes."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import chi2, norm

from crossmargin.risk.delta_gamma import cumulants, delta_gamma_risk

ROOT = np.array([[0.04, 0.0, 0.0], [0.02, 0.05, 0.0], [-0.01, 0.01, 0.03]])
COVARIANCE = ROOT @ ROOT.T
SIZES = arrays(np.float64, (3, 1), elements=st.integers(-1000, 1000).map(float))


def _by_quadrature(delta: np.ndarray, gamma: np.ndarray) -> list[float]:
    """Moments of a polynomial of degree 8 in three normals: exact with seven nodes each."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(7)
    weights = weights / weights.sum()
    gains, chances = [], []
    for place in itertools.product(range(7), repeat=3):
        x = ROOT @ nodes[list(place)]
        gains.append(float(delta @ x + 0.5 * (gamma * x) @ x))
        chances.append(float(np.prod(weights[list(place)])))
    gain, chance = np.array(gains), np.array(chances)
    mean = float(chance @ gain)
    second, third, fourth = (float(chance @ (gain - mean) ** power) for power in (2, 3, 4))
    return [mean, second, third, fourth - 3.0 * second * second]


@given(SIZES, SIZES)
@settings(max_examples=25)
def test_cumulants_are_those_of_every_node(delta: np.ndarray, gamma: np.ndarray) -> None:
    expected = _by_quadrature(delta[:, 0], gamma[:, 0])
    found = cumulants(delta, gamma, COVARIANCE).value[:, 0]
    size = max(1e-6, expected[1]) ** 0.5
    for power, (own, theirs) in enumerate(zip(found, expected, strict=True), start=1):
        assert own == pytest.approx(theirs, rel=1e-9, abs=1e-9 * size**power)


def test_a_coin_without_gamma_pays_the_normal_quantile() -> None:
    found = delta_gamma_risk(np.array([[-1e6]]), np.zeros((1, 1)), np.array([[0.04**2]]), 0.99)
    assert found.loss[0] == pytest.approx(norm.ppf(0.99) * 0.04 * 1e6)
    assert not found.is_bound[0]


def test_short_gamma_alone_comes_near_its_exact_quantile() -> None:
    found = delta_gamma_risk(np.zeros((1, 1)), np.array([[-2e6]]), np.array([[0.04**2]]), 0.99)
    exact = 1e6 * 0.04**2 * chi2.ppf(0.99, 1)
    assert not found.is_bound[0]
    assert exact <= found.loss[0] <= 1.06 * exact


def test_where_the_expansion_falls_the_bound_stands() -> None:
    found = delta_gamma_risk(np.zeros((1, 1)), np.array([[2e6]]), np.array([[0.04**2]]), 0.99)
    mean, deviation = 1e6 * 0.04**2, 1e6 * 0.04**2 * 2**0.5
    assert found.is_bound[0]
    assert found.loss[0] == pytest.approx(deviation * (0.99 / 0.01) ** 0.5 - mean)


@given(SIZES, SIZES, st.sampled_from([0.95, 0.99, 0.995]))
@settings(max_examples=40)
def test_slopes_add_up_and_size_scales(delta: np.ndarray, gamma: np.ndarray, level: float) -> None:
    found = delta_gamma_risk(delta, gamma, COVARIANCE, level)
    added = (found.by_delta * delta + found.by_gamma * gamma).sum(axis=0)
    assert added == pytest.approx(found.loss, rel=1e-9, abs=1e-9)
    double = delta_gamma_risk(2.0 * delta, 2.0 * gamma, COVARIANCE, level)
    assert double.loss == pytest.approx(2.0 * found.loss, rel=1e-12, abs=1e-12)


def test_a_slope_is_what_a_little_more_costs() -> None:
    delta, gamma = np.array([[500.0], [-300.0], [0.0]]), np.array([[-900.0], [200.0], [-50.0]])
    found = delta_gamma_risk(delta, gamma, COVARIANCE, 0.99)
    assert not found.is_bound[0]
    for asset in range(3):
        step = np.zeros((3, 1))
        step[asset] = 1e-3
        for which, slope in ((0, found.by_delta), (1, found.by_gamma)):
            up, down = [
                delta_gamma_risk(
                    delta + sign * step * (which == 0),
                    gamma + sign * step * (which == 1),
                    COVARIANCE,
                    0.99,
                ).loss[0]
                for sign in (1.0, -1.0)
            ]
            assert (up - down) / 2e-3 == pytest.approx(slope[asset, 0], rel=1e-5, abs=1e-9)
