"""Sensitivity and curvature margin by what they promise, and the ratio of net to gross."""

from collections.abc import Mapping
from itertools import product
from math import sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.conformance.scene import Scene
from crossmargin.domain.instrument import Right
from crossmargin.risk.sensitivity import Factors, silos
from crossmargin.rulebook.assess import MarginColumns, assess
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.evaluate import Answer
from crossmargin.wire.recipes import bundled_recipe

TICK = -20
COINS = ("BTC", "ETH", "SOL")
FREE = dict.fromkeys(COINS, 1e15)
ONE_BUCKET: dict[str, Any] = {"inside": {"16/16": 0.73}, "threshold": FREE}
SIZES = st.tuples(*[st.integers(-1000, 1000)] * 3)


def assessed(
    held: Mapping[str, Mapping[str, float]], overrides: Mapping[str, Any], *names: str
) -> MarginColumns:
    """Accounts of perpetuals at 1,000 dollars under SIMM, listed in the order of `names`."""
    scene = Scene()
    rows = {
        coin: scene.perpetual(scene.asset(coin, index=1_000), mark=1_000)
        for coin in (names or COINS)
    }
    for account, coins in held.items():
        scene.account(account)
        for coin in names or COINS:
            if coins.get(coin):
                scene.position(rows[coin], coins[coin], account=account, entry=1_000)
    recipe = bundled_recipe("isda-simm", overrides)
    return assess(recipe, *scene.built(), explain=True, tick_exponent=TICK)


def needed(
    held: Mapping[str, float], overrides: Mapping[str, Any] = ONE_BUCKET, *names: str
) -> float:
    found = assessed({"a": held}, overrides, *names)
    return float(found.levels["initial"].requirement[0]) * 2.0**TICK


def of(sizes: tuple[int, ...]) -> dict[str, float]:
    return dict(zip(COINS, map(float, sizes), strict=True))


def delta_of(found: MarginColumns) -> tuple[Context, Answer]:
    """The answer of the leaf that margins delta."""
    todo = list(found.answers["initial"])
    while todo:
        answer = todo.pop()
        if answer.node.name == "delta":
            assert found.context is not None
            return found.context, answer
        todo += answer.children
    raise AssertionError("there is no delta")


@settings(max_examples=20)
@given(SIZES)
def test_one_bucket_is_the_root_of_a_quadratic_form(sizes: tuple[int, ...]) -> None:
    ws = [65 * 10 * size for size in sizes]
    square = sum(
        a * b * (1 if i == j else 0.73) for (i, a), (j, b) in product(enumerate(ws), enumerate(ws))
    )
    assert needed(of(sizes)) == pytest.approx(sqrt(max(square, 0.0)), rel=1e-9, abs=0.011)


@settings(max_examples=20)
@given(SIZES, SIZES)
def test_below_the_thresholds_it_is_homogeneous_and_in_one_bucket_sub_additive(
    one: tuple[int, ...], other: tuple[int, ...]
) -> None:
    both = tuple(a + b for a, b in zip(one, other, strict=True))
    apart = needed(of(one)) + needed(of(other))
    assert 0.0 <= needed(of(both)) <= apart + 0.03
    triple = tuple(3 * size for size in one)
    assert needed(of(triple)) == pytest.approx(3 * needed(of(one)), rel=1e-9, abs=0.04)


@settings(max_examples=10)
@given(SIZES, st.permutations(COINS))
def test_the_order_of_listings_and_the_company_of_others_change_no_bit(
    sizes: tuple[int, ...], names: list[str]
) -> None:
    buckets = {**ONE_BUCKET, "bucket": {"BTC": 1.0, "ETH": 2.0}, "between": {"2/1": 0.3}}
    alone = needed(of(sizes), buckets)
    assert needed(of(sizes), buckets, *names) == alone
    found = assessed({"x": of((7, -3, 9)), "a": of(sizes), "y": of((1, 2, -3))}, buckets)
    assert float(found.levels["initial"].requirement[1]) * 2.0**TICK == alone


@settings(max_examples=10)
@given(SIZES)
def test_every_position_says_what_it_pays(sizes: tuple[int, ...]) -> None:
    found = assessed({"a": of(sizes)}, {**ONE_BUCKET, "bucket": {"BTC": 1.0}, "between": 0.2})
    _, delta = delta_of(found)
    assert delta.outcome.parts is not None
    assert delta.outcome.parts.positions.sum() == pytest.approx(
        delta.outcome.amount[0], rel=1e-9, abs=1e-3
    )


def test_more_than_the_threshold_grows_by_its_root_and_offsets_less() -> None:
    limits = {"threshold": dict.fromkeys(COINS, 1e4), "inside": {"16/16": 1.0}}
    assert needed({"BTC": 1_000.0}, limits) == pytest.approx(65 * 1e4, abs=0.02)
    assert needed({"BTC": 4_000.0}, limits) == pytest.approx(65 * 4e4 * 2, abs=0.02)
    # 4 x 10,000 counts double, 1 x 10,000 does not: they offset by half, though they move as one.
    long, short = 65 * 4e4 * 2, -65 * 1e4
    square = long**2 + short**2 + 2 * 0.5 * long * short
    assert needed({"BTC": 4_000.0, "ETH": -1_000.0}, limits) == pytest.approx(
        sqrt(square), abs=0.02
    )


def test_a_perfect_hedge_inside_a_bucket_is_nothing_and_between_product_classes_no_hedge() -> None:
    same = {"inside": {"16/16": 1.0}, "threshold": FREE}
    hedged = {"BTC": 500.0, "ETH": -500.0}
    assert needed(hedged, same) == 0.0
    apart = {**same, "product_class": {"ETH": 2.0}}
    assert needed(hedged, apart) == pytest.approx(2 * 65 * 5_000, abs=0.02)


def test_correlations_that_nothing_can_have_leave_no_figure() -> None:
    impossible = {"inside": {"16/16": -1.0}, "threshold": FREE}
    found = assessed({"a": {"BTC": 1.0, "ETH": 1.0, "SOL": 1.0}}, impossible)
    assert np.isnan(found.levels["initial"].requirement[0])


def test_a_pair_that_is_written_twice_and_differs_is_refused() -> None:
    with pytest.raises(InputRefused, match="1/2 and 2/1 differ"):
        needed(
            {"BTC": 1.0, "ETH": 1.0},
            {"bucket": {"BTC": 1.0, "ETH": 2.0}, "between": {"1/2": 0.1, "2/1": 0.2}},
        )


def test_buckets_that_are_held_within_their_own_size() -> None:
    """S_b is cut at K_b: 7 becomes 5 where two factors have no correlation."""
    found = silos(
        Factors(
            weighted=np.array([3.0, 4.0, 5.0]),
            crowding=np.ones(3),
            owner=np.zeros(3, dtype=np.int64),
            silo=np.zeros(3),
            bucket=np.array([0, 0, 1]),
            kind=np.array([0, 0, 1]),
        ),
        np.zeros((2, 2)),
        np.array([[1.0, 0.5], [0.5, 1.0]]),
    )
    # K = 5 and 5, S = 5 (not 7) and 5.
    assert found.amount == pytest.approx([sqrt(25 + 25 + 2 * 0.5 * 25)])
    assert found.share.sum() == pytest.approx(found.amount[0])


def option(contracts: float, days: int) -> MarginColumns:
    scene = Scene()
    coin = scene.asset("BTC", index=50_000)
    row = scene.option(
        coin,
        seconds=86_400 * days,
        strike=50_000,
        right=Right.CALL,
        forward=50_000,
        vol=0.5,
        rate=0,
    )
    scene.position(row, contracts)
    return assess(bundled_recipe("isda-simm"), *scene.built(), explain=True, tick_exponent=TICK)


@pytest.mark.parametrize("contracts", [10.0, -10.0])
@pytest.mark.parametrize("days", [7, 30])
def test_the_vega_of_an_option_is_that_of_its_own_price(contracts: float, days: int) -> None:
    found = option(contracts, days)
    normal = NormalDist()
    years = days / 365
    deviation = 0.5 * sqrt(years)
    vega_point = 0.01 * contracts * 50_000 * sqrt(years) * normal.pdf(deviation / 2)
    sigma = 65 * sqrt(365 / 14) / normal.inv_cdf(0.99)
    vega = 0.34 * 0.85 * sigma * abs(vega_point)
    bent = sigma * vega_point * 0.5 * min(1, 14 / days)
    theta = min(0.0, 1.0 if bent > 0 else -1.0)
    scale = (normal.inv_cdf(0.995) ** 2 - 1) * (1 + theta) - theta
    delta = 65 * 0.01 * abs(contracts) * 50_000 * normal.cdf(deviation / 2)
    due = delta + vega + max(0.0, bent + scale * abs(bent))
    assert float(found.levels["initial"].requirement[0]) * 2.0**TICK == pytest.approx(
        due, abs=0.011
    )


def test_what_is_sold_pays_less_curvature_than_what_is_bought() -> None:
    bought, sold = (
        float(option(side, 30).levels["initial"].requirement[0]) for side in (10.0, -10.0)
    )
    assert sold < bought


def test_vol_points_per_point_of_weight_are_those_of_the_formula() -> None:
    known = bundled_recipe("isda-simm").terms.parameters["vol_of_weight"].value
    assert known == pytest.approx(sqrt(365 / 14) / NormalDist().inv_cdf(0.99), rel=1e-15)


@settings(max_examples=20)
@given(st.lists(st.integers(-500, 500), min_size=1, max_size=4))
def test_the_schedule_takes_off_as_much_of_sixty_per_cent_as_trades_net_out(
    profits: list[int],
) -> None:
    scene = Scene()
    for number, profit in enumerate(profits):
        coin = scene.asset(f"C{number}", index=1_000)
        scene.position(scene.perpetual(coin, mark=1_000), (-1) ** number, profit=profit)
    found = assess(bundled_recipe("schedule-im"), *scene.built(), tick_exponent=TICK)
    gross = sum(max(each, 0) for each in profits)
    ratio = max(sum(profits), 0) / gross if gross else 1.0
    due = (0.4 + 0.6 * ratio) * 0.15 * 1_000 * len(profits)
    assert float(found.levels["initial"].requirement[0]) * 2.0**TICK == pytest.approx(
        due, abs=0.011
    )


def test_a_trade_of_unknown_cost_has_no_ratio() -> None:
    scene = Scene()
    scene.position(scene.perpetual(scene.asset("BTC", index=1_000), mark=1_000), 1)
    found = assess(bundled_recipe("schedule-im"), *scene.built(), tick_exponent=TICK)
    assert np.isnan(found.levels["initial"].requirement[0])
