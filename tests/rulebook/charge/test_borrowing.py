import numpy as np
import pytest

from crossmargin.rulebook.charge.borrowing import Borrowing, Owed
from crossmargin.rulebook.context import Context
from tests.rulebook.small_book import in_units, small_context

PERPETUAL = "binance:BTC/USDT:USDT"


def context(balances: dict[str, float], **more: object) -> Context:
    return small_context(
        accounts={"one": {"balances": balances, **more}},
        prices={"BTC": 50_000.0, "USDT": 1.0, "ETH": {"low": 1.0}},
        listings={PERPETUAL: {"mark": 50_000.0}},
        parameters={
            "rate": {"value": {"BTC": 0.1, "USDT": 0.02}, "by": "asset"},
            "account_rate": {"value": {"one": 0.05}, "by": "account"},
            "tiers": {"value": {"BTC": [0.1], "USDT": [0.02, 0.1]}, "by": "asset"},
            "bounds": {"value": {"BTC": [], "USDT": [1000.0]}, "by": "asset"},
        },
    )


def charged(charge: Borrowing, held: Context) -> float:
    found = charge.evaluate(held, "account")
    assert found.parts is not None
    total = found.parts.positions.sum() + found.parts.balances.sum()
    assert np.isnan(found.amount[0]) or total == pytest.approx(found.amount[0])
    return float(in_units(held, found.amount)[0])


def test_a_negative_balance_pays_its_assets_rate() -> None:
    charge = Borrowing(rates="$rate", owed=Owed.NEGATIVE)
    assert charged(charge, context({"USDT": -5_000, "BTC": 1})) == pytest.approx(100, abs=1e-5)
    assert charged(charge, context({"USDT": 5_000})) == 0.0


def test_unrealised_losses_are_borrowed_too_and_profit_repays() -> None:
    charge = Borrowing(rates="$rate", owed=Owed.NEGATIVE)
    losing = {PERPETUAL: {"contracts": 1, "entry": 52_000}}
    assert charged(charge, context({"USDT": 500}, positions=losing)) == pytest.approx(30, abs=1e-5)
    assert charged(charge, context({}, positions=losing)) == pytest.approx(40, abs=1e-5)


def test_a_loan_counts_whatever_is_held_beside_it() -> None:
    # In the small book a negative balance is a loan.
    charge = Borrowing(rates="$rate", owed=Owed.LOANS)
    assert charged(charge, context({"BTC": -0.5})) == pytest.approx(2_500, abs=1e-4)


def test_rates_may_be_the_accounts_own_or_marginal() -> None:
    own = Borrowing(rates="$account_rate", owed=Owed.NEGATIVE)
    assert charged(own, context({"USDT": -1_000})) == pytest.approx(50, abs=1e-5)
    tiered = Borrowing(rates="$tiers", owed=Owed.NEGATIVE, bounds="$bounds")
    assert charged(tiered, context({"USDT": -3_000})) == pytest.approx(20 + 200, abs=1e-5)


def test_a_debt_without_a_rate_has_no_figure() -> None:
    charge = Borrowing(rates="$rate", owed=Owed.NEGATIVE)
    assert np.isnan(charged(charge, context({"ETH": -1})))
