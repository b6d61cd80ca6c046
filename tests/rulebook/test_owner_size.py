"""Tiers and rates by what an owner has at all accounts: splitting an account saves nothing."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.market.quoted import given as stated
from crossmargin.market.totals import MarketTotals
from crossmargin.rulebook.pocket import assess_pockets
from tests.rulebook.books import account, book, prepared, recipe_named
from tests.rulebook.tiny import tiny

PARAMS = """
[params]
bounds = { value = [100e3, 1e6], low = 1.0, high = 1e12, source = "illustrative" }
rates = { value = [0.01, 0.02, 0.05], low = 0.0, high = 1.0, source = "illustrative" }
"""


def tiers(measured_by: str = "owner_notional", brackets: str = "marginal") -> str:
    return tiny(
        '{ charge = "tiered", amount = "abs_net", of = "notional", by = "listing", '
        f'bounds = "$bounds", rates = "$rates", measured_by = "{measured_by}", '
        f'brackets = "{brackets}", select = {{ kind = "perpetual" }} }}',
        PARAMS,
    )


def needed(
    recipe: str, contracts: dict[str, float], owner_delta: dict[tuple[str, str], float] | None
) -> list[float]:
    """Requirements of accounts that hold a perpetual of 60,000 each; all of one owner, the desk."""
    held = book(
        *(
            account(name, "bybit", {"BTC/USDT:USDT": size}, {"USDT": 1_000_000})
            for name, size in contracts.items()
        )
    )
    ready = prepared(held)
    if owner_delta is not None:
        ready.priced.totals = MarketTotals(
            as_of_ns=0,
            sequence=1,
            owner_delta={key: stated(coins, "test") for key, coins in owner_delta.items()},
        )
    found = assess_pockets(recipe_named(recipe), ready.columns, ready.priced).summary
    return list(found.levels["maintenance"].requirement * 2.0**found.tick_exponent)


def whole(notional: float) -> float:
    """The marginal tiers by hand."""
    slices = min(notional, 1e5), max(0.0, min(notional, 1e6) - 1e5), max(0.0, notional - 1e6)
    return slices[0] * 0.01 + slices[1] * 0.02 + slices[2] * 0.05


@settings(max_examples=20, deadline=None)
@given(first=st.integers(1, 40), second=st.integers(1, 40))
def test_two_accounts_pay_together_what_one_account_would(first: int, second: int) -> None:
    owner = {("desk", "BTC"): float(first + second)}
    apart = needed(tiers(), {"a": first, "b": second}, owner)
    together = needed(tiers(), {"a": first + second}, owner)
    assert sum(apart) == pytest.approx(together[0], abs=1e-3)
    assert together[0] == pytest.approx(whole(60_000 * (first + second)), abs=1e-3)
    # By their own sizes alone they would save the upper tiers.
    alone = [needed(tiers("notional"), {"a": size}, None)[0] for size in (first, second)]
    assert sum(alone) <= sum(apart) + 1e-3


def test_tiers_in_coins_and_whole_tiers_follow_the_owner_too() -> None:
    coins = PARAMS.replace("100e3, 1e6", "2.0, 10.0")
    text = tiers("owner_coins", "whole").replace(PARAMS, coins)
    owner = {("desk", "BTC"): -9.0}
    assert needed(text, {"a": 1}, owner) == pytest.approx([0.02 * 60_000])
    assert needed(text, {"a": 1}, {("desk", "BTC"): 10.0}) == pytest.approx([0.05 * 60_000])


def test_a_size_is_never_below_what_the_account_holds_itself() -> None:
    for old in ({("desk", "BTC"): 1.0}, {("other", "BTC"): 500.0}):
        assert needed(tiers(), {"a": 20}, old) == pytest.approx([whole(1_200_000)])


@pytest.mark.parametrize("brackets", ["marginal", "whole"])
def test_without_published_totals_there_is_no_figure_but_for_who_holds_nothing(
    brackets: str,
) -> None:
    found = needed(tiers(brackets=brackets), {"a": 1}, None)
    assert math.isnan(found[0])
    held = book(account("flat", "bybit", {}, {"USDT": 5}))
    ready = prepared(held)
    summary = assess_pockets(recipe_named(tiers()), ready.columns, ready.priced).summary
    assert summary.levels["maintenance"].requirement[0] == 0.0


def test_a_ramp_over_the_owners_size_is_a_rate() -> None:
    ramp = '{ kind = "ramp", base = 0.1, field = "owner_coins", lower = 100.0, upper = 200.0 }'
    text = tiny(
        '{ charge = "exposure", amount = "abs_net", of = "notional", by = "listing", '
        f"rate = {ramp} }}"
    )
    for coins, rate in ((50.0, 0.1), (150.0, 0.55), (-300.0, 1.0)):
        assert needed(text, {"a": 1}, {("desk", "BTC"): coins}) == pytest.approx([60_000 * rate])


def test_the_size_is_of_one_underlying_and_of_whole_groups() -> None:
    ramp = '{ kind = "field", field = "owner_coins" }'
    text = tiny(f'{{ op = "scale", part = {{ charge = "cash" }}, factor = {ramp} }}')
    held = book(
        account("a", "bybit", {"BTC/USDT:USDT": 1, "ETH/USDT:USDT": 1}, {"USDT": 9}),
    )
    ready = prepared(held)
    ready.priced.totals = MarketTotals(
        as_of_ns=0, sequence=1, owner_delta={("desk", "BTC"): stated(1.0, "test")}
    )
    with pytest.raises(InputRefused, match="too coarse"):
        assess_pockets(recipe_named(text), ready.columns, ready.priced)
    lowest = '{ kind = "held_min", field = "owner_coins", by = "account" }'
    with pytest.raises(InputRefused, match="no field of an instrument is called 'owner_coins'"):
        recipe_named(tiny(f'{{ op = "scale", part = {{ charge = "cash" }}, factor = {lowest} }}'))
    with pytest.raises(InputRefused, match="owner_coins is a field already"):
        recipe_named(tiny(head='fields = ["owner_coins"]'))


def test_splitting_an_account_over_owners_is_told_apart() -> None:
    held = book(
        account("a", "bybit", {"BTC/USDT:USDT": 10}, {"USDT": 1_000_000}),
        account("b", "bybit", {"BTC/USDT:USDT": 10}, {"USDT": 1_000_000}, entity="twin"),
        entities=[
            {"id": "desk", "name": "A desk", "house": True},
            {"id": "twin", "name": "Another", "house": True},
        ],
    )
    ready = prepared(held)
    ready.priced.totals = MarketTotals(
        as_of_ns=0,
        sequence=1,
        owner_delta={
            ("desk", "BTC"): stated(10.0, "test"),
            ("twin", "BTC"): stated(100.0, "test"),
        },
    )
    found = assess_pockets(recipe_named(tiers()), ready.columns, ready.priced).summary
    needs = found.levels["maintenance"].requirement * 2.0**found.tick_exponent
    assert needs[0] == pytest.approx(whole(600_000), abs=1e-3)
    assert needs[1] == pytest.approx(whole(6_000_000) / 10, abs=1e-3)
