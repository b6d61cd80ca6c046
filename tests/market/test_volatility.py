"""Volatility forecasts: what they weigh, what they refuse, and how history is scaled by them."""

import numpy as np
import pytest
from arch.univariate import GARCH
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crossmargin.market.volatility import ewma_variance, garch_over_days, garch_variance
from crossmargin.scenario.filtered import filtered_moves


def test_constant_squares_give_a_constant_forecast() -> None:
    returns = np.where(np.arange(200) % 2 == 0, 0.02, -0.02)
    assert ewma_variance(returns, 0.97) == pytest.approx(np.full(201, 0.0004))


@given(arrays(np.float64, 60, elements=st.floats(-0.5, 0.5)), st.floats(0.5, 0.999))
def test_a_forecast_is_the_weighted_mean_written_out(returns: np.ndarray, decay: float) -> None:
    start = np.mean(returns[:30] ** 2)
    weights = (1 - decay) * decay ** np.arange(len(returns))[::-1]
    expected = start * decay ** len(returns) + float(weights @ returns**2)
    assert ewma_variance(returns, decay)[-1] == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_filtered_moves_are_the_past_in_todays_volatility() -> None:
    moves = np.array([[0.01], [-0.02]])
    variance = np.array([[0.0001], [0.0004], [0.0016]])
    assert filtered_moves(moves, variance) == pytest.approx(np.array([[0.04], [-0.04]]))


def test_a_gap_is_no_return() -> None:
    with pytest.raises(ValueError, match="finite"):
        ewma_variance(np.array([0.01, np.nan]), 0.97)


RETURNS = arrays(np.float64, 60, elements=st.floats(-0.5, 0.5))
OMEGA, ALPHA, BETA = np.array([2e-5]), np.array([0.1]), np.array([0.85])


@given(RETURNS, st.floats(1e-7, 1e-2), st.floats(0.0, 0.5), st.floats(0.0, 0.49))
@settings(max_examples=30)
def test_a_garch_forecast_is_that_of_arch(
    returns: np.ndarray, omega: float, alpha: float, beta: float
) -> None:
    figures = (np.array([omega]), np.array([alpha]), np.array([beta]))
    ours = garch_variance(returns[:, None], *figures)[:, 0]
    theirs = np.empty(61)
    # One more return that nothing looks at: the last forecast is for the day after the last one.
    padded = np.append(returns, 0.0)
    GARCH(p=1, q=1).compute_variance(
        np.array([omega, alpha, beta]),
        padded,
        theirs,
        omega / (1.0 - alpha - beta),
        np.tile([1e-20, 1e20], (61, 1)),
    )
    assert ours == pytest.approx(theirs, rel=1e-12)


def test_a_garch_forecast_written_out() -> None:
    found = garch_variance(np.array([[0.03], [-0.01]]), OMEGA, ALPHA, BETA)[:, 0]
    first = 2e-5 / 0.05
    second = 2e-5 + 0.1 * 0.0009 + 0.85 * first
    assert found == pytest.approx([first, second, 2e-5 + 0.1 * 0.0001 + 0.85 * second])


@given(RETURNS, st.integers(1, 40))
@settings(max_examples=30)
def test_over_days_a_forecast_goes_back_to_the_long_run(returns: np.ndarray, days: int) -> None:
    day = garch_variance(returns[:, None], OMEGA, ALPHA, BETA)
    over = garch_over_days(day, OMEGA, ALPHA, BETA, days)
    long_run, kept = 2e-5 / 0.05, 0.95
    expected = days * long_run + (day - long_run) * (1.0 - kept**days) / (1.0 - kept)
    assert over == pytest.approx(expected, rel=1e-9)
    flat = np.full((1, 1), long_run)
    assert garch_over_days(flat, OMEGA, ALPHA, BETA, days) == pytest.approx(days * flat)


@pytest.mark.parametrize("figures", [(0.0, 0.1, 0.8), (1e-5, -0.1, 0.8), (1e-5, 0.2, 0.8)])
def test_a_garch_without_a_long_run_is_none(figures: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match="together below 1"):
        garch_variance(np.zeros((5, 1)), *(np.array([each]) for each in figures))


def test_a_gap_is_no_return_for_a_garch_either() -> None:
    with pytest.raises(ValueError, match="finite"):
        garch_variance(np.array([[np.nan]]), OMEGA, ALPHA, BETA)
    with pytest.raises(ValueError, match="over 0 days"):
        garch_over_days(np.ones((1, 1)), OMEGA, ALPHA, BETA, 0)
