"""Haircuts from history and depth, and a recipe that takes them."""

import math
from dataclasses import replace

import numpy as np
import pytest

from crossmargin.base.failure import InputRefused
from crossmargin.study.haircut_table import HaircutRule, Sale, haircut_table
from crossmargin.wire.recipes import bundled_recipe
from tests.rulebook.history_scene import past

RULE = HaircutRule(
    secured="BTC",
    decay=0.97,
    window=100,
    days=1.0,
    level=0.99,
    coefficient=0.6,
    power=0.5,
    participation=0.1,
)
DEEP = Sale(size=1e6, adv=1e9, half_spread_frac=0.0002)


def test_a_table_is_volatility_correlation_and_cost_written_out() -> None:
    found = haircut_table(past(), {"ETH": DEEP, "BTC": DEEP}, RULE)
    logs = np.diff(np.log(past().price[:, 0]))
    variance = float(np.mean(logs[:30] ** 2))
    for each in logs:
        variance = 0.97 * variance + 0.03 * float(each) ** 2
    vol = math.sqrt(variance)
    cost = 0.0002 + 0.6 * math.sqrt(1e-3) * vol * math.sqrt(1e6 / 1e8)
    # Bitcoin for a book of bitcoin falls with it wholly: twice the fall.
    expected = 1.0 - math.exp(-2.3263478740408408 * vol * 2.0) * (1.0 - cost)
    assert found["BTC"] == math.ceil(expected * 1e4) / 1e4


def test_a_thin_coin_has_a_larger_haircut() -> None:
    thin = replace(DEEP, adv=1e6, half_spread_frac=0.01)
    found = haircut_table(past(), {"ETH": DEEP}, RULE), haircut_table(past(), {"ETH": thin}, RULE)
    assert found[0]["ETH"] < found[1]["ETH"] <= 1.0


def test_a_recipe_takes_the_table_within_its_bounds() -> None:
    table = haircut_table(past(), {"ETH": DEEP, "BTC": DEEP}, RULE)
    recipe = bundled_recipe("historical-es", {"haircut": table})
    assert recipe.terms.parameters["haircut"].value == table


@pytest.mark.parametrize(
    ("sales", "rule", "message"),
    [
        ({"SOL": DEEP}, RULE, "no history"),
        ({"ETH": replace(DEEP, adv=math.nan)}, RULE, "depth is not known"),
        ({"ETH": DEEP}, replace(RULE, window=500), "500 days without a gap"),
    ],
)
def test_without_history_or_depth_there_is_no_haircut(
    sales: dict[str, Sale], rule: HaircutRule, message: str
) -> None:
    with pytest.raises(InputRefused, match=message):
        haircut_table(past(), sales, rule)
