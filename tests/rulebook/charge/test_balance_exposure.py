import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.domain.universe import Kind
from crossmargin.rulebook.charge.balance_exposure import BalanceExposure
from crossmargin.rulebook.rate import FromParameter, Number
from crossmargin.rulebook.selection import Selection
from tests.rulebook.small_book import in_units, small_context

PRICES = {"BTC": 50_000.0, "ETH": 2_000.0, "USDC": 0.5}
HAIRCUT = {"value": {"BTC": 0.05, "ETH": 0.1}, "by": "asset", "otherwise": 0.0}
COLLATERAL = Selection(kinds=(Kind.BALANCE,), not_assets=("USDC",))
HAIRCUTS = BalanceExposure(
    of="notional_index", rate=FromParameter(name="haircut"), selection=COLLATERAL
)


def charged(charge: BalanceExposure, balances: object, **more: object) -> float:
    context = small_context(
        accounts={"one": {"balances": balances}},
        prices=PRICES,
        parameters={"haircut": HAIRCUT},
        balances_grouped=True,
        **more,
    )
    outcome = charge.evaluate(context, "account")
    assert outcome.parts is not None
    assert outcome.parts.balances.sum() == outcome.amount[0]
    return float(in_units(context, outcome.amount)[0])


def test_a_haircut_is_a_share_of_what_is_held_at_its_index() -> None:
    """PMRM_2 adds to the requirement what other rulebooks take off the credit."""
    assert charged(HAIRCUTS, {"BTC": 2.0, "ETH": 3.0}) == 2 * 50_000 * 0.05 + 3 * 2_000 * 0.1


def test_an_amount_is_in_the_reporting_currency_and_an_index_in_dollars() -> None:
    by_value = charged(HAIRCUTS, {"ETH": 1.0}, reporting="USDC")
    assert by_value == pytest.approx(2_000 / 0.5 * 0.1, abs=1e-5)
    by_index = BalanceExposure(of="index", rate=Number(value=0.1), selection=COLLATERAL)
    assert charged(by_index, {"ETH": 1.0}, reporting="USDC") == pytest.approx(200, abs=1e-5)


def test_a_debt_is_not_charged_and_takes_its_own_coins_off() -> None:
    assert charged(HAIRCUTS, {"BTC": -1.0, "ETH": 1.0}) == 200.0
    two = [{"asset": "ETH", "amount": 3.0}, {"asset": "ETH", "amount": -1.0}]
    assert charged(HAIRCUTS, two) == 400.0
    none = [{"asset": "ETH", "amount": 3.0}, {"asset": "ETH", "amount": -3.0}]
    assert charged(HAIRCUTS, none) == 0.0


def test_assets_that_are_not_selected_do_not_count() -> None:
    assert charged(HAIRCUTS, {"USDC": 1_000_000.0}) == 0.0


def test_unrealised_profit_is_no_balance() -> None:
    context = small_context(
        accounts={
            "one": {
                "positions": {"v:ETH/USD:ETH": {"contracts": 1_000.0, "cost": -10.0}},
                "balances": {"ETH": 1.0},
            }
        },
        prices=PRICES,
        listings={"v:ETH/USD:ETH": {"mark": 2_000.0}},
        parameters={"haircut": HAIRCUT},
        balances_grouped=True,
    )
    assert in_units(context, HAIRCUTS.evaluate(context, "account").amount).tolist() == [200.0]


def test_a_coin_without_a_price_is_unavailable_only_where_it_is_held() -> None:
    context = small_context(
        accounts={"holds": {"balances": {"DEAD": 1.0}}, "other": {"balances": {"ETH": 1.0}}},
        prices={**PRICES, "DEAD": float("nan")},
        parameters={"haircut": HAIRCUT},
        balances_grouped=True,
    )
    amount = in_units(context, HAIRCUTS.evaluate(context, "account").amount)
    assert np.isnan(amount[0])
    assert amount[1] == 200.0


COINS = st.dictionaries(
    st.sampled_from(["BTC", "ETH", "USDC"]), st.integers(-1_000, 1_000).map(lambda n: n / 8)
)


@settings(max_examples=30, deadline=None)
@given(books=st.lists(COINS, min_size=1, max_size=4))
def test_every_account_has_the_sum_over_its_own_coins(books: list[dict[str, float]]) -> None:
    context = small_context(
        accounts={str(i): {"balances": held} for i, held in enumerate(books)},
        prices=PRICES,
        parameters={"haircut": HAIRCUT},
        balances_grouped=True,
    )
    rates = HAIRCUT["value"]
    assert isinstance(rates, dict)
    expected = [
        sum(max(x, 0.0) * PRICES[code] * rates.get(code, 0.0) for code, x in held.items())
        for held in books
    ]
    found = in_units(context, HAIRCUTS.evaluate(context, "account").amount)
    assert found.tolist() == pytest.approx(expected, abs=2e-6)
