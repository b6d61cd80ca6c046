import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.market.option_mark import (
    ExpiryMarks,
    ExpiryQuotes,
    OptionMarkPolicy,
    option_marks,
    vol_push_frac,
)

SECOND = NS_PER_SECOND
START = 1_800_000_000 * SECOND
STRIKES = np.array([50.0, 80.0, 90.0, 100.0, 110.0, 120.0, 200.0])
POLICY = OptionMarkPolicy(strike_cap_frac=0.25, sample_cap_frac=0.25, averaging_ns=60 * SECOND)


def quotes(vols: list[float] | float = 0.6, years: float = 0.25) -> ExpiryQuotes:
    vol = np.broadcast_to(np.array(vols, dtype=np.float64), STRIKES.shape).copy()
    return ExpiryQuotes(years=years, forward=100.0, discount=0.98, strike=STRIKES, vol=vol)


def steady(vols: list[float] | float = 0.6) -> ExpiryMarks:
    first = option_marks(POLICY, quotes(vols), None, START)
    return option_marks(POLICY, quotes(vols), first, START + 60 * SECOND)


def test_an_even_surface_is_marked_at_its_vols() -> None:
    found = steady()
    np.testing.assert_allclose(found.vol, 0.6, rtol=1e-12)
    # Black-76 at the money: F D (2 N(s/2) - 1), s = 0.6 x 0.5.
    at_the_money = 98.0 * math.erf(0.15 / math.sqrt(2.0))
    assert found.call[3] == pytest.approx(at_the_money, rel=1e-9)
    np.testing.assert_allclose(found.call - found.put, 0.98 * (100.0 - STRIKES), atol=1e-12)


def test_one_strike_is_marked_no_further_than_its_cap_from_its_neighbours() -> None:
    pushed = [0.6] * 7
    pushed[3] = 6.0
    found = option_marks(POLICY, quotes(pushed), None, START)
    assert found.vol[3] == pytest.approx(0.75)
    assert found.vol[0] == pytest.approx(0.6)
    assert found.vol[2] == pytest.approx(0.6)
    assert found.vol[4] == pytest.approx(0.6)


def test_a_strike_without_a_quote_takes_its_neighbours_word() -> None:
    vols = [0.8, math.nan, 0.7, 0.6, math.nan, 0.6, math.inf]
    found = option_marks(POLICY, quotes(vols), None, START)
    assert found.vol[4] == pytest.approx(0.6)
    assert np.isfinite(found.call).all()


def test_an_expiry_without_any_quote_keeps_what_it_had_and_else_has_none() -> None:
    nothing = option_marks(POLICY, quotes(math.nan), None, START)
    assert np.isnan(nothing.call).all()
    later = option_marks(POLICY, quotes(math.nan), steady(), START + 120 * SECOND)
    np.testing.assert_allclose(later.vol, 0.6, rtol=1e-12)


def test_at_expiry_an_option_is_worth_its_payoff() -> None:
    found = option_marks(POLICY, quotes(0.6, years=0.0), None, START)
    np.testing.assert_allclose(found.call, 0.98 * np.maximum(100.0 - STRIKES, 0.0), atol=1e-12)
    np.testing.assert_allclose(found.put, 0.98 * np.maximum(STRIKES - 100.0, 0.0), atol=1e-12)


@settings(max_examples=40)
@given(st.lists(st.floats(0.01, 20.0), min_size=7, max_size=7), st.floats(0.001, 3.0))
def test_marks_allow_nobody_to_earn_without_risk(vols: list[float], years: float) -> None:
    found = option_marks(POLICY, quotes(vols, years), None, START)
    slope = np.diff(found.call) / np.diff(STRIKES)
    assert (slope <= 1e-12).all()
    assert (slope >= -0.98 - 1e-12).all()
    assert (np.diff(slope) >= -1e-12).all()
    assert (found.call <= 98.0 + 1e-9).all()
    assert (found.call >= 0.98 * np.maximum(100.0 - STRIKES, 0.0)).all()
    assert (found.put >= 0.98 * np.maximum(STRIKES - 100.0, 0.0) - 1e-9).all()


@settings(max_examples=30)
@given(
    st.lists(st.lists(st.floats(0.01, 50.0), min_size=7, max_size=7), min_size=1, max_size=12),
    st.integers(1, 5),
)
def test_a_whole_expiry_is_pushed_by_no_more_than_the_stated_bound(
    pushed: list[list[float]], gap_seconds: int
) -> None:
    found, now = steady(), START + 60 * SECOND
    for vols in pushed:
        found = option_marks(POLICY, quotes(vols), found, now)
        now += gap_seconds * SECOND
    found = option_marks(POLICY, quotes(0.6), found, now)
    bound = vol_push_frac(POLICY, len(pushed) * gap_seconds * SECOND)
    assert (found.vol <= 0.6 * (1.0 + bound) * (1.0 + 1e-9)).all()


def test_the_bound_of_a_push_starts_at_nothing_and_ends_with_the_window() -> None:
    assert vol_push_frac(POLICY, 0) == 0.0
    assert vol_push_frac(POLICY, 60 * SECOND) == pytest.approx(0.2 * (math.exp(1.25) - 1.0))
    assert vol_push_frac(POLICY, 600 * SECOND) == vol_push_frac(POLICY, 60 * SECOND)


def test_a_policy_without_a_cap_is_refused() -> None:
    with pytest.raises(InputRefused) as refused:
        OptionMarkPolicy(strike_cap_frac=0.0, sample_cap_frac=math.nan, averaging_ns=0)
    assert len(refused.value.failures) == 3
