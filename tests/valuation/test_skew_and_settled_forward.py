"""Scenarios that turn the vol surface, and forwards of which settlement has fixed a part."""

import math
from dataclasses import replace

import numpy as np
import pytest

from crossmargin.market.columns import MarketColumns
from crossmargin.scenario.assemble import assemble
from crossmargin.scenario.scenario_set import ScenarioSet, VolRule, VolShock
from crossmargin.valuation.moved_market import moved_markets
from crossmargin.valuation.risk_arrays import risk_arrays
from crossmargin.valuation.vol import term_factor, vol_in_scenarios
from tests.valuation.markets import MARKET, UNIVERSE, row_of
from tests.valuation.test_linear import price_scenarios

# PMRM_2 of Derive: cap 15 % less 5 % x sqrt(T); width 4 x sqrt(T) x (0.6 - 0.1 x sqrt(T)).
SKEW = VolRule(
    shock=VolShock.SKEW,
    cap_base=0.15,
    cap_per_sqrt_year=-0.05,
    width_least=0.01,
    width_scale=4.0,
    width_base=0.6,
    width_per_sqrt_year=-0.1,
)
ABSOLUTE = replace(SKEW, shock=VolShock.SKEW_ABSOLUTE)
QUARTER = 0.25
CAP, WIDTH = 0.15 - 0.05 * 0.5, 4 * 0.5 * (0.6 - 0.1 * 0.5)


def turned(rule: VolRule, log_moneyness: float, *, years: float = QUARTER) -> float:
    scenarios = assemble(
        "skew", ["BTC"], [], ["x"], ["x"], vol_move=np.ones((1, 1)), vol_rules=[rule]
    )
    return float(
        vol_in_scenarios(
            scenarios,
            np.zeros(1, dtype=np.int64),
            np.array([years]),
            np.array([0.5]),
            np.array([100.0]),
            np.array([100.0 * math.exp(log_moneyness)]),
        )[0, 0]
    )


@pytest.mark.parametrize("k", [-0.5, -0.1, 0.0, 0.1, 0.5])
def test_a_skew_is_linear_in_log_moneyness(k: float) -> None:
    assert turned(SKEW, k) == pytest.approx(0.5 * (1 + CAP * k / WIDTH), rel=1e-14)
    assert turned(ABSOLUTE, k) == pytest.approx(0.5 * (1 + CAP * abs(k) / WIDTH), rel=1e-14)


def test_a_skew_is_capped_on_both_sides() -> None:
    assert turned(SKEW, 9.0) == pytest.approx(0.5 * (1 + CAP))
    assert turned(SKEW, -9.0) == pytest.approx(0.5 * (1 - CAP))
    assert turned(ABSOLUTE, -9.0) == pytest.approx(0.5 * (1 + CAP))


def test_a_negative_cap_is_held_where_the_source_holds_it() -> None:
    """min(cap, k x cap / width): for k of 0 and above the cap itself, until the line is below."""
    rule = replace(SKEW, cap_base=0.0)
    cap = -0.025
    assert turned(rule, 0.0) == pytest.approx(0.5 * (1 + cap))
    assert turned(rule, 2 * WIDTH) == pytest.approx(0.5 * (1 + 2 * cap))


def test_a_width_is_at_least_the_least_one_and_a_vol_at_least_zero() -> None:
    assert turned(replace(SKEW, width_least=10.0), 1.0) == pytest.approx(0.5 * (1 + CAP / 10))
    assert turned(replace(SKEW, cap_base=10.0), -9.0) == 0.0


def of_all(rule: VolRule, move: float) -> ScenarioSet:
    assets = UNIVERSE.assets
    return assemble(
        "skew",
        assets,
        UNIVERSE.venues,
        ["x"],
        ["x"],
        spot_move=np.array([[move if code == "BTC" else 0.0] for code in assets]),
        vol_move=np.ones((len(assets), 1)),
        vol_rules=[rule],
    )


def test_in_a_skew_scenario_options_keep_their_forwards_and_futures_move() -> None:
    moved = risk_arrays(UNIVERSE, MARKET, of_all(SKEW, 0.18), "model").change[:, 0]
    still = risk_arrays(UNIVERSE, MARKET, of_all(SKEW, 0.0), "model").change[:, 0]
    option = row_of(UNIVERSE, "call-linear")
    assert moved[option] == still[option] != 0.0
    perpetual = row_of(UNIVERSE, "perp-linear")
    assert moved[perpetual] == pytest.approx(0.01 * 50_000 * 0.18)
    assert still[perpetual] == 0.0


def test_a_floor_at_rest_holds_without_a_move() -> None:
    rule = VolRule(shock=VolShock.RELATIVE, vol_floor=0.9, floor_at_rest=True)
    years, ones = np.array([QUARTER]), np.ones(1)
    for move, expected in ((0.0, 0.9), (0.5, 0.9), (1.0, 1.0), (-0.5, 0.25)):
        scenarios = assemble(
            "x", ["BTC"], [], ["x"], ["x"], vol_move=np.array([[move]]), vol_rules=[rule]
        )
        at = np.zeros(1, dtype=np.int64)
        found = vol_in_scenarios(scenarios, at, years, np.array([0.5]), ones, ones)
        assert found[0, 0] == expected


def test_short_or_long_is_asked_of_the_days_that_are_left() -> None:
    rule = VolRule(
        shock=VolShock.RELATIVE,
        power_short=1.0,
        power_long=0.0,
        reference_is_short=True,
        days_floor=60.0,
    )
    factor = term_factor(rule, np.array([10.0, 30.0, 31.0]) / 365.0)
    assert factor.tolist() == pytest.approx([0.5, 0.5, 1.0])


def settled_market(settled: float) -> MarketColumns:
    fixed = np.zeros(UNIVERSE.instruments_count)
    fixed[row_of(UNIVERSE, "call-linear")] = settled
    return replace(MARKET, forward_settled=fixed)


@pytest.mark.parametrize("move", [-0.99, -0.5, -0.2, 0.0, 0.3, 4.0])
def test_a_move_acts_on_the_part_of_a_forward_that_is_not_settled(move: float) -> None:
    row, other = row_of(UNIVERSE, "call-linear"), row_of(UNIVERSE, "put-linear")
    forward = MARKET.forward[row]
    part = risk_arrays(UNIVERSE, settled_market(0.75 * forward), price_scenarios([move]), "model")
    whole = risk_arrays(UNIVERSE, MARKET, price_scenarios([move / 4, move]), "model")
    assert part.value[row] == whole.value[row]
    assert part.change[row, 0] == pytest.approx(whole.change[row, 0], rel=1e-12, abs=1e-12)
    assert part.change[other, 0] == whole.change[other, 1]


def test_a_forward_that_is_settled_does_not_move() -> None:
    row = row_of(UNIVERSE, "call-linear")
    market = settled_market(MARKET.forward[row])
    risk = risk_arrays(UNIVERSE, market, price_scenarios([-0.5, 1.0]), "model")
    assert risk.change[row].tolist() == [0.0, 0.0]


def test_a_moved_market_keeps_what_is_settled() -> None:
    _, market = moved_markets(UNIVERSE, settled_market(7.0), price_scenarios([0.1, 0.2]))
    assert market.forward_settled is not None
    assert sorted(market.forward_settled)[-3:] == [0.0, 7.0, 7.0]
    _, market = moved_markets(UNIVERSE, MARKET, price_scenarios([0.1]))
    assert market.forward_settled is None
