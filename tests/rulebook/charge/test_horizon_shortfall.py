"""Legs over the time that closing them takes: against plain NumPy, and the plain shortfall."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.rulebook.assess import assess
from crossmargin.wire.recipes import read_recipe
from tests.rulebook.history_scene import PRICE, past, required, scene
from tests.rulebook.tiny import tiny

WINDOW = 100
ADV = {"BTC": 1e8, "ETH": 1e7}
SPAN = (1, 2, 5)


def family(days: int, kind: str = "historical", window: int = WINDOW) -> str:
    return f'[scenarios.d{days}]\nkind = "{kind}"\nwindow_days = {window}\nhorizon_days = {days}\n'


def recipe(spans: tuple[int, ...] = SPAN, cure: float = 0.5, tables: str | None = None) -> str:
    names = ", ".join(f'"d{days}"' for days in spans)
    return tiny(
        f'{{ charge = "horizon_shortfall", scenarios = [{names}], level = 0.975, '
        f"detection_days = 0.25, notice_days = 0.25, cure_days = {cure}, "
        'adv = { kind = "field", field = "adv" }, participation = 0.1 }',
        "\n".join(family(days) for days in spans) if tables is None else tables,
    )


def by_hand(coins: dict[str, float]) -> float:
    """Each coin over its own horizon, added up day by day; NaN beyond five days."""
    price = past().price
    total = np.zeros(WINDOW)
    for column, coin in enumerate(PRICE):
        dollars = coins.get(coin, 0.0) * PRICE[coin]
        days = 1.0 + abs(dollars) / (0.1 * ADV[coin])
        longer = [span for span in SPAN if span >= days * (1 - 1e-9)]
        if dollars == 0.0:
            continue
        if not longer:
            return math.nan
        span = longer[0]
        moves = price[span:, column] / price[:-span, column] - 1.0
        total += dollars * moves[-WINDOW:]
    worst = np.sort(total)[:3]
    return max(0.0, -float(worst[0] + worst[1] + 0.5 * worst[2]) / 2.5)


@given(st.integers(-600, 600), st.integers(-1200, 1200))
@settings(max_examples=30)
def test_each_leg_moves_over_its_own_horizon(btc: int, eth: int) -> None:
    coins = {"BTC": float(btc), "ETH": float(eth)}
    found = required(recipe(), *scene({"a": coins}, adv=ADV))[0]
    assert found == pytest.approx(by_hand(coins), abs=0.01, nan_ok=True)


def test_in_a_deep_market_it_is_the_shortfall_of_the_first_family() -> None:
    accounts = {"a": {"BTC": 2.0, "ETH": -30.0}, "b": {"BTC": -1.0}, "c": {}}
    deep = dict.fromkeys(PRICE, 1000000000000000.0)
    plain = tiny('{ charge = "expected_shortfall", scenarios = "d1", level = 0.975 }', family(1))
    found = required(recipe(cure=0.499), *scene(accounts, adv=deep))
    assert found == required(plain, *scene(accounts, adv=deep))


def test_a_position_too_large_to_close_has_no_figure_and_its_neighbour_has() -> None:
    found = required(recipe(), *scene({"a": {"ETH": 5000.0}, "b": {"ETH": 5.0}}, adv=ADV))
    assert math.isnan(found[0])
    assert found[1] > 0.0


def test_a_depth_that_nobody_knows_is_no_depth() -> None:
    found = required(recipe(), *scene({"a": {"ETH": 1.0}, "flat": {}}, adv={"BTC": 1e8}))
    assert math.isnan(found[0])
    assert found[1] == 0.0


def test_parts_add_up_alone_and_in_a_batch() -> None:
    accounts = {"a": {"BTC": 100.0, "ETH": -700.0}, "b": {"BTC": -300.0}}
    book, priced = scene(accounts, adv=ADV)
    columns = assess(read_recipe(recipe().encode()), book, priced, explain=True)
    outcome = columns.answers["maintenance"][1].outcome
    assert outcome.parts is not None
    assert outcome.parts.positions[:2].sum() == pytest.approx(outcome.amount[0], rel=1e-12)
    assert outcome.parts.positions[2] == pytest.approx(outcome.amount[1], rel=1e-12)
    alone = [required(recipe(), *scene({name: own}, adv=ADV))[0] for name, own in accounts.items()]
    assert required(recipe(), book, priced) == alone
    assert outcome.driver is not None
    assert outcome.driver_names[outcome.driver[0]].startswith("mean of the 2.5 worst of 100: each")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (recipe(cure=5.0), "longer than the longest horizon of 5 days"),
        (recipe((2, 1)), "from a shorter horizon to a longer"),
        (recipe((1, 2), tables=family(1) + family(2, window=90)), "do not end on one day"),
    ],
)
def test_horizons_that_do_not_fit_are_refused(text: str, message: str) -> None:
    with pytest.raises(InputRefused, match=message):
        required(text, *scene({"a": {"BTC": 1.0}}, adv=ADV))
