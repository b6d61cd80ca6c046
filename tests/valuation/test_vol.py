import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.scenario.assemble import assemble
from crossmargin.scenario.scenario_set import ScenarioSet, VolRule, VolShock
from crossmargin.valuation.vol import term_factor, vol_in_scenarios

# Portfolio margin of Deribit, BTC: +50 % with a floor of 50 %, and -25 %, both at 30 days.
UP = VolRule(shock=VolShock.RELATIVE, power_short=0.30, power_long=0.13, vol_floor=0.50)
DOWN = VolRule(shock=VolShock.RELATIVE, power_short=0.30, power_long=0.13)


def moved(rule: VolRule, move: float) -> ScenarioSet:
    return assemble("one", ["BTC"], [], ["x"], ["x"], vol_move=np.array([[move]]), vol_rules=[rule])


def shocked(rule: VolRule, move: float, *, days: float, vol: float, strike: float = 1.0) -> float:
    return float(
        vol_in_scenarios(
            moved(rule, move),
            np.zeros(1, dtype=np.int64),
            np.array([days / 365]),
            np.array([vol]),
            np.ones(1),
            np.array([strike]),
        )[0, 0]
    )


@pytest.mark.parametrize(
    ("days", "vol", "factor", "up", "down"),
    [
        (7, 0.60, 1.5474155772, 1.0642246732, 0.3678876634),
        (90, 0.55, 0.8669104476, 0.7884003731, 0.4307998135),
    ],
)
def test_shocked_vols_are_those_of_the_published_rule(
    days: float, vol: float, factor: float, up: float, down: float
) -> None:
    assert term_factor(UP, np.array([days / 365]))[0] == pytest.approx(factor, abs=1e-9)
    assert shocked(UP, 0.50, days=days, vol=vol) == pytest.approx(up, abs=1e-9)
    assert shocked(DOWN, -0.25, days=days, vol=vol) == pytest.approx(down, abs=1e-9)


def test_the_floor_raises_only_vols_that_move_upwards() -> None:
    assert shocked(UP, 0.50, days=30, vol=0.10) == 0.50
    assert shocked(UP, -0.25, days=30, vol=0.10) == pytest.approx(0.075)
    assert shocked(UP, 0.0, days=30, vol=0.10) == 0.10


def test_a_vol_never_falls_below_zero() -> None:
    assert shocked(DOWN, -3.0, days=30, vol=0.6) == 0.0


def test_the_reference_the_powers_and_the_floor_of_days_are_figures_of_the_rule() -> None:
    rule = VolRule(
        shock=VolShock.RELATIVE,
        power_short=1.0,
        power_long=0.5,
        reference_days=60.0,
        days_floor=30.0,
    )
    factors = term_factor(rule, np.array([1 / 365, 45 / 365, 240 / 365]))
    assert factors == pytest.approx([2.0, 60 / 45, 0.5])


@pytest.mark.parametrize("is_short", [True, False])
def test_on_the_boundary_the_factor_is_one_whichever_side_it_belongs_to(is_short: bool) -> None:
    rule = VolRule(
        shock=VolShock.POINTS, power_short=0.5, power_long=1.0, reference_is_short=is_short
    )
    assert term_factor(rule, np.array([30 / 365]))[0] == 1.0


def test_at_expiry_there_is_no_vol_left_to_stretch() -> None:
    assert term_factor(UP, np.zeros(1))[0] == 1.0


def test_points_are_added_and_skew_follows_the_strike() -> None:
    points = VolRule(shock=VolShock.POINTS)
    assert shocked(points, 0.04, days=30, vol=0.15) == pytest.approx(0.19)
    skew = VolRule(shock=VolShock.POINTS, skew_per_log_moneyness=-1.0)
    low, high = (
        shocked(skew, 0.1, days=30, vol=0.6, strike=k) for k in (np.exp(-0.5), np.exp(0.5))
    )
    assert low == pytest.approx(0.6 + 0.1 + 0.05)
    assert high == pytest.approx(0.6 + 0.1 - 0.05)
    alone = VolRule(shock=VolShock.POINTS, skew_per_log_moneyness=-1.0, parallel=0.0)
    assert shocked(alone, 0.1, days=30, vol=0.6) == 0.6


@given(
    days=st.floats(0.01, 1000.0),
    vol=st.floats(0.01, 5.0),
    move=st.floats(-2.0, 2.0),
)
def test_a_vol_moves_the_way_its_move_points(days: float, vol: float, move: float) -> None:
    found = shocked(DOWN, move, days=days, vol=vol)
    assert found >= 0.0
    assert (found - vol) * move >= 0.0
