"""Simple moves and log moves are two things."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.base.instant import NS_PER_DAY
from crossmargin.market.history import ReturnHistory, beta_of, log_moves, simple_moves


def _history(price: list[list[float]]) -> ReturnHistory:
    levels = np.array(price)
    return ReturnHistory(
        assets=tuple("AB"[: levels.shape[1]]),
        date_ns=np.arange(len(levels)) * NS_PER_DAY,
        price=levels,
        source=("test",) * levels.shape[1],
    )


def test_a_simple_move_is_relative_and_a_log_move_is_its_logarithm() -> None:
    history = _history([[100.0, 1.0], [115.0, 0.5]])
    assert simple_moves(history, 1)[0] == pytest.approx([0.15, -0.5], rel=1e-12)
    assert log_moves(history, 1)[0] == pytest.approx(np.log([1.15, 0.5]), rel=1e-14)


@given(st.lists(st.floats(0.01, 1e6), min_size=4, max_size=12))
@settings(max_examples=40)
def test_log_moves_add_over_time_and_give_the_simple_ones_back(prices: list[float]) -> None:
    history = _history([[price] for price in prices])
    whole = log_moves(history, len(prices) - 1)[0, 0]
    assert log_moves(history, 1).sum() == pytest.approx(whole, abs=1e-12)
    back = np.expm1(log_moves(history, 2))
    assert simple_moves(history, 2) == pytest.approx(back, rel=1e-9, abs=1e-12)


def test_a_missing_level_gives_missing_moves_and_no_others() -> None:
    moves = simple_moves(_history([[1.0], [np.nan], [2.0], [3.0]]), 1)
    assert np.isnan(moves[:2]).all()
    assert moves[2, 0] == 0.5


@pytest.mark.parametrize("price", [[[1.0], [0.0]], [[1.0], [-2.0]], [[1.0], [np.inf]]])
def test_a_level_that_is_not_positive_is_refused(price: list[list[float]]) -> None:
    with pytest.raises(InputRefused, match="positive"):
        _history(price)


def test_dates_that_do_not_rise_and_odd_shapes_are_refused_together() -> None:
    with pytest.raises(InputRefused) as caught:
        ReturnHistory(
            assets=("A", "A"),
            date_ns=np.array([2, 1]),
            price=np.ones((2, 1)),
            source=("test",),
        )
    assert len(caught.value.failures) == 3


@pytest.mark.parametrize("horizon", [0, 2, -1])
def test_a_horizon_outside_the_history_is_refused(horizon: int) -> None:
    with pytest.raises(InputRefused, match="horizon_rows"):
        simple_moves(_history([[1.0], [2.0]]), horizon)


def test_the_arrays_of_a_history_are_read_only() -> None:
    history = _history([[1.0], [2.0]])
    with pytest.raises(ValueError, match="read-only"):
        history.price[0, 0] = 5.0


def test_a_coin_that_moves_twice_as_far_has_a_beta_of_two_over_the_days_that_count() -> None:
    # The first day moves the coin by -10 % where the driver rises by half: it counts only below.
    prices = [[100.0, 100.0], [150.0, 90.0], [151.5, 91.8], [148.47, 88.128]]
    history = _history(prices)
    assert beta_of(history, "B", "A", 2) == pytest.approx(2.0, rel=1e-12)
    by_hand = (0.5 * -0.1 + 0.01 * 0.02 + -0.02 * -0.04) / (0.5**2 + 0.01**2 + 0.02**2)
    assert beta_of(history, "B", "A", 3) == pytest.approx(by_hand, rel=1e-9)
