import mpmath
import numpy as np
import pytest

from crossmargin.kernels import exp_fixed, gauss_fixed, log_fixed, normal_cdf
from tests.kernels.scalar_sequence import tail_ratio

EXACT = mpmath.mp.clone()
EXACT.dps = 50


def ulps(found: np.ndarray, exact: list[mpmath.mpf]) -> np.ndarray:
    return np.array(
        [
            float(abs(EXACT.mpf(float(value)) - truth)) / np.spacing(abs(value))
            for value, truth in zip(found, exact, strict=True)
        ]
    )


def relative(found: np.ndarray, exact: list[mpmath.mpf]) -> np.ndarray:
    return np.array(
        [
            float(abs(EXACT.mpf(float(value)) / truth - 1))
            for value, truth in zip(found, exact, strict=True)
        ]
    )


def test_the_lower_tail_is_right_in_relative_terms_down_to_the_last_normal_number() -> None:
    x = np.random.default_rng(1).uniform(-37.5, 8.0, 2_000)
    assert relative(normal_cdf(x), [EXACT.ncdf(float(v)) for v in x]).max() < 2e-15


def test_the_lower_tail_fades_to_zero_through_the_subnormal_numbers() -> None:
    x = np.linspace(-38.6, -37.5, 400)
    found = normal_cdf(x)
    exact = [EXACT.ncdf(float(v)) for v in x]
    assert np.all(np.diff(found) >= 0.0)
    assert (found[0], found[-1] > 0.0) == (0.0, True)
    assert max(float(abs(EXACT.mpf(float(f)) - e)) for f, e in zip(found, exact, strict=True)) < (
        1e-322
    )


def test_the_normal_law_is_symmetric_around_one_half() -> None:
    x = np.linspace(0.0, 40.0, 4_001)
    assert np.array_equal(normal_cdf(x), 1.0 - normal_cdf(-x))
    assert normal_cdf([0.0, -0.0, np.inf, -np.inf]).tolist() == [0.5, 0.5, 1.0, 0.0]


def test_the_bell_is_right_in_relative_terms() -> None:
    x = np.random.default_rng(2).uniform(-37.0, 37.0, 2_000)
    exact = [EXACT.exp(-(EXACT.mpf(float(v)) ** 2) / 2) for v in x]
    assert relative(gauss_fixed(x), exact).max() < 1e-15


def test_the_exponential_is_within_three_ulp() -> None:
    x = np.random.default_rng(3).uniform(-708.0, 709.7, 3_000)
    assert ulps(exp_fixed(x), [EXACT.exp(float(v)) for v in x]).max() < 3.0


def test_the_logarithm_is_within_one_ulp_also_near_one_and_below_the_normal_numbers() -> None:
    rng = np.random.default_rng(4)
    x = np.concatenate(
        [
            exp_fixed(rng.uniform(-708.0, 709.0, 1_500)),
            1.0 + rng.uniform(-1e-3, 1e-3, 1_000),
            rng.uniform(0.3, 3.0, 1_000),
            rng.uniform(0.0, 1e-308, 100),
            [5e-324, 1.7976931348623157e308],
        ]
    )
    assert ulps(log_fixed(x), [EXACT.log(float(v)) for v in x]).max() < 1.0


def test_limits_of_exponential_and_logarithm_are_exact() -> None:
    found = exp_fixed([0.0, -np.inf, np.inf, -745.2, 710.0, -745.1])
    assert found.tolist() == [1.0, 0.0, np.inf, 0.0, np.inf, 5e-324]
    assert log_fixed([1.0, 0.0, -0.0, np.inf]).tolist() == [0.0, -np.inf, -np.inf, np.inf]


@pytest.mark.parametrize("function", [exp_fixed, log_fixed, gauss_fixed, normal_cdf])
def test_not_a_number_never_becomes_one(function) -> None:
    strange = np.array([0x7FF8000000000001, -1, 0x7FF0000000000001]).view(np.float64)
    assert np.isnan(function(strange)).all()
    assert np.isnan(log_fixed([-1.0, -np.inf])).all()


def test_the_tail_ratio_is_one_half_at_zero_exactly() -> None:
    assert tail_ratio(0.0) == 0.5


def test_no_input_is_changed() -> None:
    x = np.array([-1.0, 0.5, 2.0])
    for function in (exp_fixed, gauss_fixed, normal_cdf, log_fixed):
        function(x)
    assert x.tolist() == [-1.0, 0.5, 2.0]
