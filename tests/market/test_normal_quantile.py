import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from crossmargin.market.normal_quantile import normal_quantile


def test_the_quantile_is_that_of_another_library() -> None:
    chance = np.concatenate([2.0 ** -np.arange(1.0, 60.0), 1.0 - 2.0 ** -np.arange(2.0, 50.0)])
    chance = np.concatenate([chance, np.linspace(0.001, 0.999, 997)])
    assert normal_quantile(chance) == pytest.approx(ndtri(chance), rel=1e-13, abs=1e-15)


def test_the_quantile_of_99_percent_is_the_published_one() -> None:
    exact = float(mpmath.sqrt(2) * mpmath.erfinv(2 * mpmath.mpf("0.99") - 1))
    assert normal_quantile(np.array([0.99]))[0] == pytest.approx(exact, rel=1e-14)
    assert exact == pytest.approx(2.3263478740408408)


@given(st.floats(2.0**-50, 0.5), st.floats(2.0**-50, 0.5))
def test_a_larger_probability_never_has_a_smaller_quantile(a: float, b: float) -> None:
    low, high = sorted((a, b))
    found = normal_quantile(np.array([low, high, 1.0 - high, 1.0 - low]))
    assert found[0] <= found[1] + 1e-12
    assert found[2] <= found[3] + 1e-12


@pytest.mark.parametrize("chance", [0.0, 1.0, -0.1, float("nan")])
def test_what_is_no_probability_has_no_quantile(chance: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        normal_quantile(np.array([chance]))
