"""Filtered and simulated margins through the one path, against the plain models beside it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.market.correlation import Correlation
from crossmargin.rulebook.assess import assess
from crossmargin.study.backtest import FIRST_DAY, run_margins
from crossmargin.study.baseline import WINDOW, one_run
from crossmargin.study.correlation_relief import correlation_relief
from crossmargin.study.portfolio import PORTFOLIOS
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.bundle import read_bundled
from crossmargin.wire.history import read_daily_closes, read_vol_index
from crossmargin.wire.recipes import read_recipe
from tests.rulebook.history_scene import required, scene
from tests.rulebook.tiny import tiny

FILTERED = """
[scenarios.days]
kind = "filtered"
window_days = 500
horizon_days = 1
decay = 0.97
estimate = "simple"
"""
VALUE_AT_RISK = '{ charge = "value_at_risk", scenarios = "days", level = 0.99 }'
SIMULATED = """
[scenarios.days]
kind = "monte_carlo"
window_days = 100
horizon_days = 1
draws = {draws}
seed = {seed}
copula = "student"
degrees = 4
shrinkage = 0.1
correlation = "estimated"
"""
HISTORICAL = """
[scenarios.days]
kind = "historical"
window_days = 100
horizon_days = 1
"""


def test_the_filtered_recipe_is_the_filtered_baseline_day_by_day() -> None:
    prices = read_daily_closes(
        read_bundled("package:btc_eth_daily_close_premium_2017_2026.csv"), "closes"
    )
    vol_index = read_vol_index(
        read_bundled("package:deribit_dvol_daily_2021_2026.csv"), "vol index"
    )
    registry = bundled_registry()
    assets = {code: registry.asset(code) for code in registry.codes()}
    recipe = read_recipe(tiny(VALUE_AT_RISK, FILTERED).encode())
    outright = PORTFOLIOS[:4]
    runs = run_margins(recipe, prices, vol_index, assets, every=40, portfolios=outright)
    for each, margin in zip(outright, runs["maintenance"].margin_frac, strict=True):
        model = one_run(prices, each.name, "filtered-historical", each.side)
        own = model.margin_frac[FIRST_DAY - WINDOW :: 40][: len(margin)]
        assert len(own) == len(margin)
        assert margin == pytest.approx(own, abs=1e-9)


@given(st.integers(0, 2**40), st.floats(-20.0, 20.0))
@settings(max_examples=15)
def test_one_coin_alone_pays_the_same_simulated_as_in_its_past(seed: int, coins: float) -> None:
    book, priced = scene({"a": {"BTC": coins}, "b": {"ETH": coins}})
    simulated = tiny(VALUE_AT_RISK, SIMULATED.format(draws=100, seed=seed))
    assert required(simulated, book, priced) == required(
        tiny(VALUE_AT_RISK, HISTORICAL), book, priced
    )


SHORTFALL = '{ charge = "expected_shortfall", scenarios = "days", level = 0.975 }'


@given(st.integers(-20, 20), st.integers(-300, 300), st.integers(0, 1000))
@settings(max_examples=15)
def test_the_mean_of_the_tail_is_never_below_its_edge(btc: int, eth: int, seed: int) -> None:
    book, priced = scene({"a": {"BTC": btc, "ETH": eth}})
    family = SIMULATED.format(draws=200, seed=seed)
    edge = VALUE_AT_RISK.replace("0.99", "0.975")
    assert required(tiny(SHORTFALL, family), book, priced) >= required(
        tiny(edge, family), book, priced
    )


def test_a_hedge_rests_on_correlation_and_a_lone_coin_does_not() -> None:
    book, priced = scene({"hedge": {"BTC": 1.0, "ETH": -20.0}, "coin": {"BTC": 1.0}, "none": {}})
    recipe = read_recipe(tiny(SHORTFALL, SIMULATED.format(draws=1000, seed=3)).encode())
    found = correlation_relief(recipe, book, priced, level="maintenance")
    hedge = {how: float(own[0]) for how, own in found.requirement.items()}
    assert hedge[Correlation.FULL] < hedge[Correlation.ESTIMATED] < hedge[Correlation.NONE]
    assert hedge[Correlation.NONE] < hedge[Correlation.FLIPPED]
    assert found.relief[0] == hedge[Correlation.FLIPPED] - hedge[Correlation.ESTIMATED]
    assert 0.3 < found.relief_frac[0] < 0.9
    assert found.relief_frac[1:].tolist() == [0.0, 0.0]


def test_a_recipe_without_a_simulation_has_no_correlations_to_stress() -> None:
    book, priced = scene({"a": {"BTC": 1.0}})
    with pytest.raises(InputRefused, match="monte_carlo"):
        correlation_relief(
            read_recipe(tiny(VALUE_AT_RISK, HISTORICAL).encode()), book, priced, level="maintenance"
        )


def test_the_seed_is_named_where_a_figure_says_what_drives_it() -> None:
    book, priced = scene({"a": {"BTC": 1.0}})
    recipe = read_recipe(tiny(VALUE_AT_RISK, SIMULATED.format(draws=100, seed=42)).encode())
    outcome = assess(recipe, book, priced, explain=True).answers["maintenance"][1].outcome
    assert outcome.driver is not None
    name = outcome.driver_names[int(outcome.driver[0])]
    assert "seed 42" in name
    assert np.isfinite(outcome.amount[0])
