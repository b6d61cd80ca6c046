"""The cost of closing against plain Python, and what it may never do."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.risk.impact import close_out_days, impact_frac

SIZE = st.floats(0.0, 1e12)


def cost(
    size: float,
    adv: float = 1e8,
    half_spread: float = 0.001,
    day_vol: float = 0.04,
    coefficient: float = 0.5,
    power: float = 0.6,
    participation: float = 0.1,
) -> float:
    own = {"coefficient": coefficient, "power": power, "participation": participation}
    found = impact_frac(
        *(np.array([each]) for each in (size, adv, half_spread, day_vol)),
        **{name: np.array([each]) for name, each in own.items()},
    )
    return float(found[0])


def test_a_tenth_of_a_days_volume_takes_a_day_and_costs_a_quarter_of_its_vol() -> None:
    assert close_out_days(np.array([1e7]), np.array([1e8]), np.array([0.1]))[0] == 1.0
    expected = 0.001 + 0.5 * 0.1**0.6 * 0.04
    assert cost(1e7) == pytest.approx(expected, rel=1e-12)


@given(st.floats(1.0, 1e12), st.floats(1e3, 1e12), st.floats(0.0, 0.1), st.floats(0.0, 2.0))
def test_the_formula_in_plain_python(size: float, adv: float, spread: float, vol: float) -> None:
    expected = spread + 0.5 * math.pow(size / adv, 0.6) * vol * math.sqrt(size / (0.1 * adv))
    assert cost(size, adv, spread, vol) == pytest.approx(expected, rel=1e-10)


@given(SIZE, SIZE)
def test_more_never_costs_less_a_piece(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert cost(low) <= cost(high) * (1.0 + 1e-12)


@given(SIZE, st.floats(0.0, 1.0))
def test_two_halves_cost_no_more_than_the_whole(size: float, share: float) -> None:
    parts = [size * share, size * (1.0 - share)]
    assert sum(part * cost(part) for part in parts) <= size * cost(size) * (1.0 + 1e-9)


@pytest.mark.parametrize("missing", ["adv", "half_spread", "day_vol"])
def test_an_unknown_depth_is_no_depth(missing: str) -> None:
    assert math.isnan(cost(1e6, **{missing: math.nan}))
    assert cost(0.0, **{missing: math.nan}) == 0.0


def test_where_nothing_is_traded_nothing_can_be_closed() -> None:
    assert math.isnan(cost(1.0, adv=0.0))
    assert math.isnan(cost(math.nan))
