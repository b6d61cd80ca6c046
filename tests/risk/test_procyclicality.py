"""Multipliers that rise at once and fall slowly; new risk in full and existing risk in steps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crossmargin.risk.procyclicality import damped_multiplier, staged_requirement, trusted_vol

VOLS = arrays(np.float64, (10, 2), elements=st.floats(0.05, 5.0))
MONEY = st.floats(0.0, 1e9)


def multiplier(vol: np.ndarray, release: float = 0.1) -> np.ndarray:
    bounds = (np.full(2, each) for each in (0.6, 0.75, 2.0, release))
    reference, floor, cap, released = bounds
    return damped_multiplier(vol, reference, floor, cap, released)


def test_it_rises_at_once_and_falls_by_a_tenth_a_day() -> None:
    vol = np.array([0.6, 1.2, 0.6, 0.6, 0.6])[:, None] * np.ones((1, 2))
    path = [multiplier(vol[: day + 1])[0] for day in range(5)]
    assert path == pytest.approx([1.0, 2.0, 1.8, 1.62, 1.458])


@given(VOLS, st.floats(0.0, 1.0))
def test_it_stays_within_its_bounds_and_above_the_vol_of_the_day(
    vol: np.ndarray, release: float
) -> None:
    today, before = multiplier(vol, release), multiplier(vol[:-1], release)
    assert ((today >= 0.75) & (today <= 2.0)).all()
    assert (today >= np.clip(vol[-1] / 0.6, 0.75, 2.0)).all()
    assert (today >= before * (1.0 - release)).all()


@given(VOLS, st.integers(0, 9), st.floats(0.0, 2.0))
def test_more_vol_on_any_day_never_asks_for_less(vol: np.ndarray, day: int, more: float) -> None:
    higher = vol.copy()
    higher[day] += more
    assert (multiplier(higher) >= multiplier(vol)).all()


def test_without_a_vol_there_is_no_multiplier() -> None:
    vol = np.ones((3, 2))
    vol[1, 0] = np.nan
    assert np.isnan(multiplier(vol)).tolist() == [True, False]


@given(st.floats(0.01, 5.0), st.floats(0.0, 1e6), st.floats(1.0, 4.0))
def test_a_feed_out_of_hand_moves_vol_by_no_more_than_the_trust_in_it(
    realised: float, implied: float, trust: float
) -> None:
    found = float(trusted_vol(np.float64(realised), np.float64(implied), np.float64(trust)))
    assert realised <= found <= realised * trust


@given(MONEY, MONEY, MONEY, st.floats(0.0, 3.0))
def test_staging_never_hides_new_risk_and_never_asks_for_more(
    now: float, existing: float, before: float, limit: float
) -> None:
    asked = float(staged_requirement(*(np.array([x]) for x in (now, existing, before)), limit)[0])
    assert 0.0 <= asked <= now
    assert asked >= min(now, now - existing) - 1e-6
    assert asked >= min(now, before, existing)


def test_a_step_of_fifty_percent_and_a_new_position() -> None:
    asked = staged_requirement(np.array([260.0]), np.array([200.0]), np.array([100.0]), 0.5)
    assert asked.tolist() == [150.0 + 60.0]


@given(st.floats(1.0, 1e6), st.floats(1.0, 50.0), st.floats(0.1, 1.0))
def test_steps_reach_the_unlimited_figure(before: float, rise: float, limit: float) -> None:
    now, asked = np.array([before * rise]), np.array([before])
    for _ in range(60):
        asked = staged_requirement(now, now, asked, limit)
    assert asked[0] == now[0]
