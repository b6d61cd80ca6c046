"""What closing costs, by the size of a position, of its owner, and of its side of the market."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.domain.columns import BookColumns
from crossmargin.market.quoted import given as stated
from crossmargin.market.totals import MarketTotals
from crossmargin.rulebook.assess import assess
from crossmargin.rulebook.run import PricedMarket
from crossmargin.wire.recipes import read_recipe
from tests.rulebook.history_scene import PRICE, required, scene
from tests.rulebook.tiny import tiny

MARKET = {
    "adv": {"BTC": 2e8, "ETH": 1e8},
    "half_spread_frac": {"BTC": 0.0002, "ETH": 0.0005},
    "vol_index": {"BTC": 0.5, "ETH": 0.7},
}


def recipe(whose: str, by: str = "underlying") -> str:
    vol = '{ kind = "field", field = "vol_index" }'
    day_vol = f'{{ kind = "product", rates = [{vol}, 0.05234239225902136] }}'
    return tiny(
        f'{{ charge = "liquidity", of = "delta_cash", by = "{by}", whose = "{whose}", '
        'adv = { kind = "field", field = "adv" }, '
        'half_spread = { kind = "field", field = "half_spread_frac" }, '
        f"day_vol = {day_vol}, coefficient = 0.6, power = 0.5, participation = 0.1 }}"
    )


def by_hand(coin: str, dollars: float, size: float | None = None) -> float:
    """The charge of one coin in plain Python, at the cost of `size`."""
    at = max(abs(dollars), size or 0.0)
    adv, spread = MARKET["adv"][coin], MARKET["half_spread_frac"][coin]
    day_vol = MARKET["vol_index"][coin] / math.sqrt(365)
    impact = 0.6 * math.sqrt(at / adv) * day_vol * math.sqrt(at / (0.1 * adv))
    return abs(dollars) * (spread + impact)


def asked(
    whose: str,
    accounts: dict[str, dict[str, float]],
    totals: MarketTotals | None = None,
    owners: tuple[str, ...] = (),
) -> list[float]:
    book, priced = _built(accounts, totals, owners)
    return required(recipe(whose), book, priced)


def _built(
    accounts: dict[str, dict[str, float]], totals: MarketTotals | None, owners: tuple[str, ...]
) -> tuple[BookColumns, PricedMarket]:
    book, priced = scene(accounts, **MARKET)
    if totals is not None:
        priced.totals = totals
    if owners:
        names = tuple(sorted(set(owners)))
        book = replace(
            book, owner=np.array([names.index(each) for each in owners]), owner_ids=names
        )
    return book, priced


def test_each_coin_pays_by_its_own_size() -> None:
    found = asked("position", {"a": {"BTC": 100.0, "ETH": -2000.0}, "b": {"BTC": -10.0}, "c": {}})
    expected = [
        by_hand("BTC", 100 * PRICE["BTC"]) + by_hand("ETH", 2000 * PRICE["ETH"]),
        by_hand("BTC", 10 * PRICE["BTC"]),
        0.0,
    ]
    assert found == pytest.approx(expected, abs=1e-3)


@given(st.integers(0, 5000), st.integers(0, 5000))
@settings(max_examples=20)
def test_a_larger_position_costs_more_than_in_proportion(coins: int, more: int) -> None:
    small, large = asked("position", {"a": {"BTC": coins}, "b": {"BTC": coins + more}})
    assert large >= small
    assert large * coins >= small * (coins + more) - 1e-3 * (coins + more)


def test_missing_depth_is_no_figure_but_for_who_holds_nothing() -> None:
    for name in MARKET:
        held = {key: value for key, value in MARKET.items() if key != name}
        book, priced = scene({"a": {"BTC": 1.0}, "flat": {}}, **held)
        found = required(recipe("position"), book, priced)
        assert math.isnan(found[0])
        assert found[1] == 0.0


OWNERS = MarketTotals(
    as_of_ns=0,
    sequence=1,
    owner_delta={("fund", "BTC"): stated(300.0, "test"), ("desk", "BTC"): stated(-50.0, "test")},
)


def test_accounts_of_one_owner_pay_the_price_of_all_that_it_has() -> None:
    accounts = {"a": {"BTC": 100.0}, "b": {"BTC": 200.0}, "c": {"BTC": -50.0}, "d": {"BTC": 10.0}}
    found = asked("owner", accounts, OWNERS, ("fund", "fund", "desk", "new"))
    price = PRICE["BTC"]
    assert found[0] + found[1] == pytest.approx(by_hand("BTC", 300 * price), abs=1e-3)
    assert found[2] == pytest.approx(by_hand("BTC", 50 * price), abs=1e-3)
    # A whole table leaves out who has nothing: then the position's own size decides.
    assert found[3] == pytest.approx(by_hand("BTC", 10 * price), abs=1e-3)


@given(st.integers(1, 500), st.integers(0, 100))
@settings(max_examples=15)
def test_splitting_among_accounts_gains_nothing(coins: int, percent: int) -> None:
    totals = replace(OWNERS, owner_delta={("fund", "BTC"): stated(float(coins), "test")})
    part = coins * percent / 100.0
    whole = asked("owner", {"a": {"BTC": coins}}, totals, ("fund",))[0]
    split = asked("owner", {"a": {"BTC": part}, "b": {"BTC": coins - part}}, totals, ("fund",) * 2)
    assert sum(split) >= whole - 1e-3


def test_a_crowded_side_is_dear_and_the_other_is_not() -> None:
    totals = MarketTotals(
        as_of_ns=0,
        sequence=1,
        long_notional={"BTC": stated(9e8, "test")},
        short_notional={"BTC": stated(1e6, "test")},
    )
    found = asked("side", {"a": {"BTC": 10.0}, "b": {"BTC": -10.0}}, totals)
    own = 10 * PRICE["BTC"]
    expected = [by_hand("BTC", own, 9e8), by_hand("BTC", own, 1e6)]
    assert found == pytest.approx(expected, abs=1e-3)
    assert expected[0] > 10 * expected[1]


@pytest.mark.parametrize("whose", ["owner", "side"])
def test_totals_that_nobody_published_are_no_figure(whose: str) -> None:
    found = asked(whose, {"a": {"BTC": 1.0}, "flat": {}}, None, ("x", "y"))
    assert math.isnan(found[0])
    assert found[1] == 0.0


def test_totals_are_by_underlying_and_nothing_else() -> None:
    book, priced = _built({"a": {"BTC": 1.0}}, OWNERS, ("fund",))
    with pytest.raises(InputRefused, match="by underlying, not by listing"):
        required(recipe("owner", "listing"), book, priced)


def test_alone_or_in_a_batch_and_explained_or_not_it_is_one_figure() -> None:
    accounts = {"a": {"BTC": 100.0, "ETH": -20.0}, "b": {"BTC": -10.0}}
    book, priced = _built(accounts, None, ())
    together = required(recipe("position"), book, priced, explain=True)
    apart = [asked("position", {name: held})[0] for name, held in accounts.items()]
    assert together == apart


def test_in_another_currency_it_is_the_same_money() -> None:
    book, priced = scene({"a": {"BTC": 100.0, "ETH": -20.0}}, **MARKET)
    dollars = required(recipe("position"), book, priced)[0]
    in_coins = recipe("position").replace('reporting = "USD"', 'reporting = "BTC"')
    coins = required(in_coins.replace("tick_exponent = -14", "tick_exponent = -30"), book, priced)[
        0
    ]
    assert coins * PRICE["BTC"] == pytest.approx(dollars, rel=1e-6)


@given(coins=st.floats(-500.0, 500.0).filter(lambda x: abs(x) > 1e-3))
@settings(max_examples=10)
def test_what_is_not_known_costs_the_stated_rate_and_says_so(coins: float) -> None:
    told = recipe("owner").replace("participation = 0.1 }", "participation = 0.1, unknown = 0.01 }")
    book, priced = _built({"a": {"BTC": coins, "ETH": 1.0}}, None, ("o",))
    dollars = abs(coins) * PRICE["BTC"] + PRICE["ETH"]
    assert required(told, book, priced) == pytest.approx([0.01 * dollars], abs=0.01)
    assert math.isnan(required(recipe("owner"), book, priced)[0])
    columns = assess(read_recipe(told.encode()), book, priced, explain=True)
    outcome = columns.answers["maintenance"][1].outcome
    assert outcome.driver is not None
    assert "not known" in outcome.driver_names[outcome.driver[0]]
