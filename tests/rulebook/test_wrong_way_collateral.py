"""Collateral is worth least when the book that it secures loses most: revalued together."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.conformance.scene import Scene
from crossmargin.rulebook.assess import assess
from crossmargin.wire.recipes import read_recipe
from tests.rulebook.tiny import tiny

PRICE = 50_000
GRID = """
[scenarios.grid]
kind = "grid"
price_move = [-0.2, -0.1, 0.0, 0.1, 0.2]
vol = ["same"]
[params.haircut]
value = 0.0
low = 0.0
high = 1.0
source = "illustrative"
"""
SCAN = '{ charge = "scan_loss", scenarios = "grid", groups = GROUPS }'
TOGETHER = '[{}, { select = { kind = "balance" } }]'
EQUITY = (
    '{ charge = "collateral", rates = "$haircut", stated = "haircut", price = "index", '
    'debt_price = "index", revalued = ["*"] }'
)


def required(coins: float, held: float, groups: str = TOGETHER) -> float:
    """Dollars for a linear perpetual of so many coins, secured with coins of the same kind."""
    made = Scene()
    made.asset("BTC", index=PRICE)
    listing = made.perpetual("BTC", mark=PRICE, funding_rate=0)
    made.balance("BTC", Decimal(repr(held)))
    if coins:
        made.position(listing, Decimal(repr(coins)), entry=PRICE)
    book, priced = made.built()
    text = tiny(SCAN.replace("GROUPS", groups), GRID, 'conversion = "shocked"', equity=EQUITY)
    found = assess(read_recipe(text.encode()), book, priced)
    return float(found.levels["maintenance"].requirement[0]) * 2.0**found.tick_exponent


def test_a_long_secured_with_the_coin_itself_needs_what_both_lose() -> None:
    assert required(1.0, 2.0) == pytest.approx(0.2 * PRICE * 3)
    # As if the collateral stood still.
    assert required(1.0, 2.0, "[{}]") == pytest.approx(0.2 * PRICE)


def test_a_short_secured_with_the_coin_is_a_hedge() -> None:
    assert required(-2.0, 2.0) == pytest.approx(0.0, abs=1e-3)
    assert required(-3.0, 2.0) == pytest.approx(0.2 * PRICE)


@given(st.integers(-20, 20), st.integers(0, 20))
def test_the_worst_of_both_together_is_between_one_less_the_other_and_their_sum(
    tenths: int, held: int
) -> None:
    coins, collateral = tenths / 10, held / 10
    alone = required(coins, collateral, "[{}]")
    together = required(coins, collateral)
    of_collateral = 0.2 * PRICE * collateral
    assert together == pytest.approx(0.2 * PRICE * abs(coins + collateral), abs=1e-2)
    assert abs(alone - of_collateral) - 1e-2 <= together <= alone + of_collateral + 1e-2
