import numpy as np
import pytest

from crossmargin.base.ticks import TickOverflowError
from crossmargin.rulebook.charge.asset_price import Price
from crossmargin.rulebook.charge.cash import Cash
from tests.rulebook.small_book import in_units, small_context

NAN = float("nan")
PRICES = {
    "BTC": {"index": 100.0, "low": 90.0, "high": 120.0, "twap": 99.0},
    "USDT": {"index": 0.75, "low": 0.5, "high": 1.25, "twap": 0.75},
}


def cash_of(balances: object, charge: Cash, **more: object) -> list[float]:
    context = small_context(accounts={"one": {"balances": balances}}, prices=PRICES, **more)
    return in_units(context, charge.evaluate(context, "account").amount).tolist()


def test_what_is_held_and_what_is_owed_add_up_at_the_index() -> None:
    assert cash_of({"BTC": 2.0, "USDT": -100.0, "USD": 5.0}, Cash()) == [130.0]


def test_conservative_prices_value_coins_low_and_debts_high() -> None:
    charge = Cash(price=Price.LOW, debt_price=Price.HIGH)
    assert cash_of({"BTC": 2.0, "USDT": -100.0}, charge) == [180.0 - 125.0]


def test_the_reporting_currency_is_worth_itself_at_every_price_word() -> None:
    charge = Cash(price=Price.LOW, debt_price=Price.HIGH)
    assert cash_of({"BTC": 2.0}, charge, reporting="BTC") == [2.0]
    assert cash_of({"USDT": 10.0}, charge, reporting="BTC") == [pytest.approx(0.05, abs=1e-6)]


def test_coins_in_transit_count_only_where_the_recipe_says_so() -> None:
    balances = [
        {"asset": "BTC", "amount": 1.0, "usable": False},
        {"asset": "BTC", "amount": -3.0, "usable": False},
    ]
    assert cash_of(balances, Cash()) == [-200.0]
    assert cash_of(balances, Cash(usable_only=True)) == [-300.0]


def test_a_coin_without_a_price_is_unavailable_only_where_it_is_held() -> None:
    context = small_context(
        accounts={"holds": {"balances": {"DEAD": 1.0}}, "held": {"balances": {"DEAD": 0.0}}},
        prices={"DEAD": NAN},
    )
    amount = Cash().evaluate(context, "account").amount
    assert np.isnan(amount[0])
    assert amount[1] == 0.0


def test_cash_is_divided_by_settlement_asset_where_balances_are_grouped() -> None:
    context = small_context(
        accounts={"one": {"balances": {"BTC": 2.0, "USDT": -100.0}}},
        prices=PRICES,
        balances_grouped=True,
    )
    amount = in_units(context, Cash().evaluate(context, "settle").amount)
    assert sorted(amount.tolist()) == [-75.0, 200.0]


def test_cash_is_never_left_out_in_silence() -> None:
    context = small_context(accounts={"one": {"balances": {"BTC": 2.0}}}, prices=PRICES)
    with pytest.raises(ValueError, match="balances take no part in the groups of settle"):
        Cash().evaluate(context, "settle")
    grouped = small_context(
        accounts={"one": {"balances": {"BTC": 2.0}}}, prices=PRICES, balances_grouped=True
    )
    with pytest.raises(ValueError, match="cannot be divided by expiry"):
        Cash().evaluate(grouped, "expiry")


def test_parts_say_which_coins_the_cash_is_of() -> None:
    context = small_context(
        accounts={"one": {"balances": {"BTC": 2.0}}, "two": {"balances": {"USDT": -100.0}}},
        prices=PRICES,
    )
    outcome = Cash().evaluate(context, "account")
    assert outcome.parts is not None
    np.testing.assert_array_equal(outcome.parts.balances, outcome.amount)


def test_a_balance_beyond_exact_ticks_is_refused() -> None:
    with pytest.raises(TickOverflowError, match="the value of a balance"):
        cash_of({"BTC": 1e15}, Cash())
    with pytest.raises(TickOverflowError, match="does not add up exactly"):
        cash_of({"BTC": 8e7, "USD": -8e9}, Cash())
