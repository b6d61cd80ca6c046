"""Volatility forecasts: what they weigh, what they refuse, and how history is scaled by them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crossmargin.market.volatility import ewma_variance
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
