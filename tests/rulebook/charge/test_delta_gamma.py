"""Delta-gamma margin through the one path."""

import numpy as np
import pytest
from scipy.stats import norm

from crossmargin.conformance.scene import Scene
from crossmargin.domain.instrument import Right
from crossmargin.rulebook.assess import assess
from crossmargin.wire.recipes import read_recipe
from tests.rulebook.history_scene import PRICE, past, required, scene
from tests.rulebook.tiny import tiny

FAMILY = """
[scenarios.days]
kind = "historical"
window_days = 100
horizon_days = 1
"""
RECIPE = tiny('{ charge = "delta_gamma", scenarios = "days", level = 0.99 }', FAMILY)


def _second_moments() -> np.ndarray:
    price = past().price
    moves = (price[1:] / price[:-1] - 1.0)[-100:]
    return moves.T @ moves / 100


def test_linear_books_pay_the_normal_quantile_of_their_own_variance() -> None:
    accounts = {"a": {"BTC": 2.0, "ETH": -30.0}, "b": {"BTC": -1.0}, "c": {}}
    found = required(RECIPE, *scene(accounts))
    held = np.array([[2.0, -30.0], [-1.0, 0.0], [0.0, 0.0]]) * list(PRICE.values())
    variance = np.einsum("ai,ij,aj->a", held, _second_moments(), held)
    assert found == pytest.approx(norm.ppf(0.99) * np.sqrt(variance), rel=1e-8, abs=1e-3)


def test_alone_or_beside_others_and_with_reasons_or_without_it_is_the_same_figure() -> None:
    both = required(RECIPE, *scene({"a": {"BTC": 2.0}, "b": {"ETH": 5.0, "BTC": -1.0}}))
    apart = [
        *required(RECIPE, *scene({"a": {"BTC": 2.0}})),
        *required(RECIPE, *scene({"b": {"ETH": 5.0, "BTC": -1.0}}), explain=True),
    ]
    assert both == apart


def test_options_pay_for_gamma_and_parts_add_up() -> None:
    made = Scene()
    made.asset("BTC", index=60_000)
    made.account("a")
    for right, contracts in ((Right.CALL, -1), (Right.PUT, -1)):
        row = made.option(
            "BTC", seconds=30 * 86_400, strike=60_000, right=right, forward=60_000, vol=0.5, rate=0
        )
        made.position(row, contracts, account="a", entry=3_000)
    book, priced = made.built()
    priced.history = past()
    columns = assess(read_recipe(RECIPE.encode()), book, priced, explain=True)
    context = columns.context
    assert context is not None
    answer = columns.answers["maintenance"][1].outcome
    assert answer.parts is not None
    assert answer.parts.positions.sum() == pytest.approx(answer.amount[0], rel=1e-12)
    gamma = float(np.sum(context.field("gamma_cash")[context.positions.instrument] * -1.0))
    delta = float(np.sum(context.field("delta_cash")[context.positions.instrument] * -1.0))
    sigma = _second_moments()[0, 0] ** 0.5
    draws = np.random.default_rng(1).standard_normal(400_000) * sigma
    exact = -np.quantile(delta * draws + 0.5 * gamma * draws**2, 0.01)
    assert answer.amount[0] * 2.0**columns.tick_exponent == pytest.approx(exact, rel=0.08)
    assert answer.driver is not None
    assert answer.driver_names[answer.driver[0]] == "Cornish-Fisher quantile"


def test_an_option_without_a_vol_has_no_figure() -> None:
    made = Scene()
    made.asset("BTC", index=60_000)
    row = made.option(
        "BTC", seconds=86_400, strike=60_000, right=Right.CALL, forward=60_000, mark=100, rate=0
    )
    made.account("a")
    made.position(row, 1, account="a", entry=100)
    book, priced = made.built()
    priced.history = past()
    assert np.isnan(required(RECIPE, book, priced)).all()
