"""What has no history of its own moves as its proxy, and pays on top."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.conformance.scene import Scene
from crossmargin.rulebook.assess import assess
from crossmargin.wire.recipes import read_recipe
from tests.rulebook.history_scene import past
from tests.rulebook.tiny import tiny

FAMILY = """
[scenarios.days]
kind = "historical"
window_days = 100
horizon_days = 1
proxy = { SOL = "ETH" }
"""
SHORTFALL = '{ charge = "expected_shortfall", scenarios = "days", level = 0.975 }'
ADD_ON = (
    '{ charge = "exposure", amount = "abs_net", of = "delta_cash", by = "underlying", '
    'rate = { kind = "product", rates = [{ kind = "field", field = "proxied" }, 0.1] } }'
)


def required(requirement: str, *, history: bool = True, **coins: float) -> float:
    made = Scene()
    price = {"ETH": 3_000.0, "SOL": 150.0}
    made.account("a")
    made.balance("USD", 1_000_000, account="a")
    for coin, dollars in price.items():
        made.asset(coin, index=dollars, low=dollars, high=dollars)
        listing = made.perpetual(coin, mark=dollars, funding_rate=0)
        if coins.get(coin):
            made.position(listing, coins[coin], account="a", entry=dollars)
    book, priced = made.built()
    priced.history = past() if history else None
    tables = FAMILY if "days" in requirement else ""
    found = assess(read_recipe(tiny(requirement, tables).encode()), book, priced)
    return float(found.levels["maintenance"].requirement[0]) * 2.0**found.tick_exponent


def test_a_coin_without_history_moves_as_its_proxy_and_pays_an_add_on() -> None:
    assert required(SHORTFALL, SOL=20.0) == pytest.approx(required(SHORTFALL, ETH=1.0))
    assert required(ADD_ON, SOL=20.0) == pytest.approx(300.0)
    assert required(ADD_ON, ETH=1.0) == 0.0


def test_a_hedge_in_the_proxy_takes_the_moves_away_and_not_the_add_on() -> None:
    assert required(SHORTFALL, SOL=20.0, ETH=-1.0) == pytest.approx(0.0, abs=1e-3)
    assert required(ADD_ON, SOL=20.0, ETH=-1.0) == pytest.approx(300.0)


def test_without_any_history_everything_is_proxied() -> None:
    assert required(ADD_ON, history=False, ETH=1.0, SOL=20.0) == pytest.approx(600.0)


@given(st.integers(-100, 100), st.integers(-100, 100))
def test_an_add_on_is_never_negative_and_grows_with_the_position(sol: int, eth: int) -> None:
    found = required(ADD_ON, SOL=float(sol), ETH=float(eth))
    assert found == pytest.approx(15.0 * abs(sol))
