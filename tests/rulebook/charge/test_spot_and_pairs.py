"""Spot in use, and credits of pairs of underlyings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.rulebook.charge.pair_credit import PairCredit
from crossmargin.rulebook.charge.spot_in_use import SpotInUse
from crossmargin.rulebook.rate import Number
from tests.rulebook.small_book import in_units, small_context

BTC, ETH = "okx:BTC/USDT:USDT", "okx:ETH/USDT:USDT"
PRICES = {"BTC": 50_000.0, "ETH": 2_500.0, "USDT": 1.0}
LISTINGS = {BTC: {"mark": 50_000.0}, ETH: {"mark": 2_500.0}}


@given(st.integers(-20, 20), st.integers(-20, 20))
def test_coins_are_in_use_as_far_as_they_are_opposite_to_the_derivatives(
    coins: int, contracts: int
) -> None:
    context = small_context(
        accounts={
            "one": {
                "positions": {BTC: {"contracts": contracts, "entry": 50_000.0}},
                "balances": {"BTC": coins},
            }
        },
        prices=PRICES,
        listings=LISTINGS,
        balances_grouped=True,
    )
    found = SpotInUse(rate=Number(value=0.01)).evaluate(context, "account")
    used = min(abs(coins), abs(contracts)) if coins * contracts < 0 else 0
    assert float(in_units(context, found.amount)[0]) == pytest.approx(used * 500, abs=1e-3)
    assert found.parts is not None
    assert found.parts.balances.sum() == found.amount[0]


def credit(bitcoin: float, ether: float) -> float:
    context = small_context(
        accounts={"one": {"positions": {BTC: bitcoin, ETH: ether}}},
        prices=PRICES,
        listings=LISTINGS,
    )
    charge = PairCredit(
        of="notional", pairs=("BTC/ETH",), rate=Number(value=0.2), credit=Number(value=0.4)
    )
    found = charge.evaluate(context, "account")
    assert found.parts is not None
    assert found.parts.positions.sum() == pytest.approx(found.amount[0])
    return float(in_units(context, found.amount)[0])


def test_opposite_underlyings_get_back_a_share_of_what_both_matched_legs_pay() -> None:
    assert credit(1, -30) == pytest.approx(0.4 * 0.2 * 2 * 50_000, abs=1e-3)
    assert credit(-3, 20) == pytest.approx(0.4 * 0.2 * 2 * 50_000, abs=1e-3)
    assert credit(1, 30) == 0.0


def test_a_pair_does_not_fit_below_the_account() -> None:
    context = small_context(
        accounts={"one": {"positions": {BTC: 1}}}, prices=PRICES, listings=LISTINGS
    )
    charge = PairCredit(
        of="notional", pairs=("BTC/ETH",), rate=Number(value=0.2), credit=Number(value=0.4)
    )
    with pytest.raises(ValueError, match="does not fit"):
        charge.evaluate(context, "maturity")
