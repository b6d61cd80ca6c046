"""Coverage tests against closed forms, published ranges and brute force."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from crossmargin.study.coverage import at_least, christoffersen_p, coverage, kupiec_p, rate_upper


@pytest.mark.parametrize(
    ("days", "nominal", "low", "high"),
    [
        (250, 0.01, 1, 6),
        (500, 0.01, 2, 9),
        (1000, 0.01, 5, 16),
        (2777, 0.01, 19, 38),
        (2777, 0.005, 8, 21),
    ],
)
def test_kupiec_does_not_reject_inside_the_known_range_and_does_outside(
    days: int, nominal: float, low: int, high: int
) -> None:
    assert kupiec_p(low, days, nominal) > 0.05
    assert kupiec_p(high, days, nominal) > 0.05
    assert kupiec_p(high + 1, days, nominal) < 0.05
    if low > 1:
        assert kupiec_p(low - 1, days, nominal) < 0.05


@given(st.integers(1, 400), st.floats(0.001, 0.3), st.data())
def test_the_tail_of_the_binomial_is_that_of_a_second_implementation(
    days: int, rate: float, data: st.DataObject
) -> None:
    breaches = data.draw(st.integers(0, days))
    assert at_least(breaches, days, rate) == pytest.approx(
        float(stats.binom.sf(breaches - 1, days, rate)), rel=1e-7, abs=1e-11
    )


@given(st.integers(1, 400), st.data())
def test_the_upper_bound_is_clopper_and_pearson(days: int, data: st.DataObject) -> None:
    breaches = data.draw(st.integers(0, days - 1))
    expected = float(stats.beta.ppf(0.95, breaches + 1, days - breaches))
    assert rate_upper(breaches, days, 0.95) == pytest.approx(expected, rel=1e-6)


def test_breaches_that_follow_each_other_are_not_independent() -> None:
    apart = np.zeros(1000, dtype=np.bool_)
    apart[::100] = True
    together = np.zeros(1000, dtype=np.bool_)
    together[300:310] = True
    assert (christoffersen_p(apart) or 0.0) > 0.5
    assert (christoffersen_p(together) or 1.0) < 1e-6
    assert christoffersen_p(np.zeros(10, dtype=np.bool_)) is None


def test_the_traffic_light_counts_windows_of_250_days() -> None:
    margin = np.ones(300)
    loss = np.zeros(300)
    loss[100:112] = 2.0
    found = coverage(margin, loss, 0.01)
    assert found.breaches == 12
    assert found.red_days == 51
    assert found.yellow_days == 0
    assert found.mean_exceedance == 1.0


def test_a_loss_equal_to_the_margin_is_covered() -> None:
    assert coverage(np.ones(10), np.ones(10), 0.01).breaches == 0


@pytest.mark.parametrize("spoilt", [math.nan, math.inf])
def test_a_day_that_is_not_a_number_is_refused(spoilt: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        coverage(np.ones(10), np.full(10, spoilt), 0.01)
