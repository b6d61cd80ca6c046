from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.collateral.schedule import Measure
from crossmargin.rulebook.charge.asset_price import Price
from crossmargin.rulebook.charge.cash import Cash
from crossmargin.rulebook.charge.collateral import Collateral
from crossmargin.rulebook.charge.collateral_haircuts import Stated
from crossmargin.rulebook.charge.unrealised import Unrealised
from tests.rulebook.small_book import in_units, small_context

PERPETUAL = "kraken:BTC/USD:USD"
INVERSE = "deribit:BTC/USD:BTC"

FLAT = Collateral(
    rates="$haircut", stated=Stated.HAIRCUT, price=Price.INDEX, debt_price=Price.INDEX
)
DOLLAR = {"value": 0.0}


def credit_of(
    balances: object,
    charge: Collateral,
    parameters: dict[str, object],
    prices: dict[str, object],
    **more: object,
) -> float:
    account = {"balances": balances, "positions": more.pop("positions", {})}
    context = small_context(
        accounts={"one": account},
        prices=prices,
        parameters=parameters,
        tick_exponent=-14,
        **more,
    )
    outcome = charge.evaluate(context, "account")
    assert outcome.parts is not None
    total = outcome.parts.positions.sum() + outcome.parts.balances.sum()
    np.testing.assert_allclose(total, outcome.amount[0], atol=1e-3)
    return float(in_units(context, outcome.amount)[0])


def by_asset(table: dict[str, object], otherwise: float | None = None) -> dict[str, object]:
    return {"value": table, "by": "asset", "otherwise": otherwise}


def test_multi_asset_collateral_of_bit_com() -> None:
    haircuts = {"BTC": 0.02, "USDT": 0.001, "FLOKI": 1, "IOTX": 1, "PEPE": 1, "RSS3": 1}
    balances = {
        "BTC": 3.136088934,
        "FLOKI": 14_000.0,
        "IOTX": 5.0,
        "PEPE": 100_000.0,
        "RSS3": 4.0,
        "USDT": 347_974.9709,
    }
    prices = {
        "BTC": 37_496.76318,
        "FLOKI": 3.2118265e-05,
        "IOTX": 0.02507838032,
        "PEPE": 1.109749128e-06,
        "RSS3": 0.1497739099,
        "USDT": 1.000296667,
    }
    found = credit_of(balances, FLAT, {"haircut": by_asset(haircuts)}, prices)
    assert found == pytest.approx(462_971.4456, abs=0.01)


@pytest.mark.parametrize(("value", "expected"), [(5e6, 4.1e6), (10e6, 5.6e6)])
def test_discount_rates_of_okx_are_marginal_in_value(value: float, expected: float) -> None:
    charge = Collateral(
        rates="$rates",
        stated=Stated.WEIGHT,
        price=Price.INDEX,
        debt_price=Price.INDEX,
        bounds="$bounds",
    )
    parameters = {
        "rates": by_asset({"BETH": [0.95, 0.85, 0.5, 0.0]}),
        "bounds": by_asset({"BETH": [2e6, 4e6, 8e6]}),
    }
    found = credit_of({"BETH": value / 2_500}, charge, parameters, {"BETH": 2_500.0})
    assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("coins", "expected"), [(35.0, 1_637_500.0), (60.0, 2_250_000.0)])
def test_collateral_value_ratios_of_bybit_are_marginal_in_coins(
    coins: float, expected: float
) -> None:
    charge = Collateral(
        rates="$ratios",
        stated=Stated.WEIGHT,
        price=Price.INDEX,
        debt_price=Price.INDEX,
        bounds="$bounds",
        measure=Measure.AMOUNT,
    )
    parameters = {
        "ratios": by_asset({"BTC": [0.98, 0.95, 0.9, 0.85, 0.8, 0.0], "USDT": 1.0}),
        "bounds": by_asset({"BTC": [10.0, 20.0, 30.0, 40.0, 50.0]}),
    }
    prices = {"BTC": 50_000.0, "USDT": 1.0}
    balances = {"BTC": coins, "USDT": 10_000.0}
    assert credit_of(balances, charge, parameters, prices) == pytest.approx(expected)


def test_kraken_cuts_the_balance_and_adds_the_profit_uncut() -> None:
    context = small_context(
        accounts={
            "one": {
                "balances": {"BTC": 2.0, "USD": 10_000.0},
                "positions": {PERPETUAL: {"contracts": -1, "entry": 46_000.0}},
            }
        },
        prices={"BTC": 50_000.0},
        listings={PERPETUAL: {"mark": 50_000.0}},
        parameters={"haircut": by_asset({"BTC": 0.03, "USD": 0.0})},
        tick_exponent=-14,
    )
    balance = FLAT.evaluate(context, "account").amount
    profit = Unrealised().evaluate(context, "account").amount
    assert in_units(context, balance + profit)[0] == pytest.approx(103_000.0)


def test_coinbase_weighs_two_thousand_dollars_as_eighteen_hundred() -> None:
    charge = Collateral(rates="$w", stated=Stated.WEIGHT, price=Price.INDEX, debt_price=Price.INDEX)
    found = credit_of({"ETH": 1.0}, charge, {"w": by_asset({"ETH": 0.9})}, {"ETH": 2_000.0})
    assert found == pytest.approx(1_800.0)


def test_ftx_weighs_large_holdings_by_the_root_of_their_size() -> None:
    charge = Collateral(
        rates="$w",
        stated=Stated.WEIGHT,
        price=Price.INDEX,
        debt_price=Price.INDEX,
        size_factor="$factor",
        size_numerator="$numerator",
    )
    parameters = {"w": 0.95, "factor": 0.002, "numerator": 1.1}
    found = credit_of({"FTT": 250_000.0}, charge, parameters, {"FTT": 2.0})
    assert found == pytest.approx(275_000.0)


@pytest.mark.parametrize(("netted", "expected"), [(False, 90_000.0), (True, 80_000.0 * 0.9)])
def test_profit_is_netted_before_the_haircut_where_the_recipe_says_so(
    netted: bool, expected: float
) -> None:
    # 2 coins, and a loss of 0.4 coins on 400 contracts of 100 dollars.
    charge = Collateral(
        rates="$haircut",
        stated=Stated.HAIRCUT,
        price=Price.INDEX,
        debt_price=Price.INDEX,
        with_unrealised=netted,
    )
    found = credit_of(
        {"BTC": 2.0},
        charge,
        {"haircut": 0.1},
        {"BTC": 50_000.0},
        positions={INVERSE: {"contracts": 400, "entry": 100_000.0}},
        listings={INVERSE: {"mark": 50_000.0, "size": 100}},
    )
    assert found == pytest.approx(expected)


def test_a_loss_larger_than_the_balance_is_owed_in_full() -> None:
    charge = Collateral(
        rates="$haircut",
        stated=Stated.HAIRCUT,
        price=Price.INDEX,
        debt_price=Price.HIGH,
        with_unrealised=True,
    )
    found = credit_of(
        {"BTC": 0.1},
        charge,
        {"haircut": 0.1},
        {"BTC": {"index": 50_000.0, "high": 51_000.0}},
        positions={INVERSE: {"contracts": 400, "entry": 100_000.0}},
        listings={INVERSE: {"mark": 50_000.0, "size": 100}},
    )
    assert found == pytest.approx(-0.3 * 51_000)


def test_collateral_inside_the_scenarios_is_not_cut_for_the_market_again() -> None:
    charge = Collateral(
        rates="$haircut",
        stated=Stated.HAIRCUT,
        price=Price.INDEX,
        debt_price=Price.INDEX,
        liquidity="$liquidity",
        revalued=("ETH",),
    )
    parameters = {"haircut": 0.2, "liquidity": 0.05}
    balances = {"ETH": 10.0, "BTC": 1.0}
    found = credit_of(balances, charge, parameters, {"ETH": 2_000.0, "BTC": 50_000.0})
    assert found == pytest.approx(20_000 * 0.95 + 50_000 * 0.8 * 0.95)


def test_places_have_haircuts_and_caps_of_their_own() -> None:
    charge = Collateral(
        rates="$haircut",
        stated=Stated.HAIRCUT,
        price=Price.INDEX,
        debt_price=Price.INDEX,
        locations=("$bridge_haircut", "$chain_haircut"),
        caps=("$bridge_cap", "$family_cap", "$asset_cap"),
    )
    parameters = {
        "haircut": 0.0,
        "bridge_haircut": {"value": {"wormhole": 0.5}, "by": "bridge"},
        "chain_haircut": {"value": {"solana": 0.2}, "by": "chain", "otherwise": 0.0},
        "bridge_cap": {"value": {"wormhole": 300.0}, "by": "bridge"},
        "family_cap": {"value": {"tether": 700.0}, "by": "issuer_family"},
        "asset_cap": {"value": {"ETH": 5_000.0}, "by": "asset"},
    }
    balances = [
        {"asset": "ETH", "amount": 1.0, "chain": "solana", "bridge": "wormhole"},
        {"asset": "ETH", "amount": 1.0, "chain": "ethereum"},
        {"asset": "USDT", "amount": 500.0},
        {"asset": "XAUT", "amount": 1.0, "chain": "ethereum"},
    ]
    found = credit_of(
        balances,
        charge,
        parameters,
        {"ETH": 1_000.0, "USDT": 1.0, "XAUT": 900.0},
        issuer_families={"USDT": "tether", "XAUT": "tether"},
    )
    assert found == pytest.approx(300.0 + 1_000.0 + 700.0)


def test_a_cap_of_a_wrapped_coin_counts_what_wraps_it_in_turn() -> None:
    charge = Collateral(
        rates="$haircut",
        stated=Stated.HAIRCUT,
        price=Price.INDEX,
        debt_price=Price.INDEX,
        caps=("$wrapper_cap",),
    )
    context = small_context(
        accounts={
            "both": {"balances": {"ETH": 1.0, "stETH": 1.0, "wstETH": 1.0}},
            "inner": {"balances": {"stETH": 1.0}},
            "outer": {"balances": {"wstETH": 2.0}},
        },
        prices={"ETH": 1_000.0, "stETH": 1_000.0, "wstETH": 1_200.0},
        parameters={
            "haircut": 0.0,
            "wrapper_cap": {"value": {"stETH": 1_500.0, "wstETH": 900.0}, "by": "wrapper"},
        },
        tick_exponent=-14,
    )
    wraps = {"stETH": "ETH", "wstETH": "stETH"}
    context.run.priced.assets = {
        code: replace(fact, wraps=wraps.get(code))
        for code, fact in context.run.priced.assets.items()
    }
    amount = in_units(context, charge.evaluate(context, "account").amount)
    assert amount.tolist() == pytest.approx([1_000.0 + 1_500.0, 1_000.0, 900.0], abs=1e-3)


def test_a_place_without_a_haircut_is_unavailable_not_free() -> None:
    charge = Collateral(
        rates="$haircut",
        stated=Stated.HAIRCUT,
        price=Price.INDEX,
        debt_price=Price.INDEX,
        locations=("$bridge_haircut",),
    )
    parameters = {
        "haircut": 0.0,
        "bridge_haircut": {"value": {"wormhole": 0.5}, "by": "bridge"},
    }
    context = small_context(
        accounts={
            "elsewhere": {"balances": [{"asset": "ETH", "amount": 1.0, "bridge": "ronin"}]},
            "native": {"balances": [{"asset": "ETH", "amount": 1.0}]},
        },
        prices={"ETH": 1_000.0},
        parameters=parameters,
        tick_exponent=-14,
    )
    amount = in_units(context, charge.evaluate(context, "account").amount)
    assert np.isnan(amount[0])
    assert amount[1] == 1_000.0


def test_what_all_accounts_hold_above_a_venues_limit_counts_for_nobody() -> None:
    charge = Collateral(
        rates="$haircut",
        stated=Stated.HAIRCUT,
        price=Price.INDEX,
        debt_price=Price.INDEX,
        venue_limit="$limit",
    )
    parameters = {"haircut": 0.0, "limit": by_asset({"FTT": 100.0})}
    balances = [{"asset": "FTT", "amount": 8.0, "venue": "ftx"}]
    crowded = credit_of(
        balances,
        charge,
        parameters,
        {"FTT": 2.0},
        venue_collateral={("ftx", "FTT"): 400.0},
    )
    assert crowded == pytest.approx(4.0)
    unknown = small_context(
        accounts={"one": {"balances": balances}}, prices={"FTT": 2.0}, parameters=parameters
    )
    assert np.isnan(charge.evaluate(unknown, "account").amount[0])


def test_the_worst_end_of_a_missing_price_is_no_credit_and_the_last_good_end_is_no_figure() -> None:
    worst = Collateral(
        rates="$haircut", stated=Stated.HAIRCUT, price=Price.LOW, debt_price=Price.HIGH
    )
    prices = {"ETH": {"index": 1_000.0}, "BTC": {"index": 9.0, "low": 8.0, "high": 10.0}}
    parameters = {"haircut": 0.1}
    assert credit_of({"ETH": 1.0, "BTC": 1.0}, worst, parameters, prices) == pytest.approx(
        7.2, abs=1e-4
    )
    owing = small_context(
        accounts={"one": {"balances": {"ETH": -1.0}}}, prices=prices, parameters=parameters
    )
    assert np.isnan(worst.evaluate(owing, "account").amount[0])
    dead = small_context(
        accounts={"one": {"balances": {"DEAD": 1.0}}},
        prices={"DEAD": float("nan")},
        parameters=parameters,
    )
    assert np.isnan(FLAT.evaluate(dead, "account").amount[0])


def test_an_asset_without_a_haircut_is_unavailable() -> None:
    parameters = {"haircut": by_asset({"BTC": 0.1})}
    context = small_context(
        accounts={"one": {"balances": {"ETH": 1.0}}}, prices={"ETH": 1.0}, parameters=parameters
    )
    assert np.isnan(FLAT.evaluate(context, "account").amount[0])


def test_a_haircut_that_rewards_concentration_is_refused() -> None:
    charge = Collateral(
        rates="$rates",
        stated=Stated.WEIGHT,
        price=Price.INDEX,
        debt_price=Price.INDEX,
        bounds="$bounds",
    )
    context = small_context(
        accounts={"one": {"balances": {"ETH": 1.0}}},
        prices={"ETH": 1.0},
        parameters={"rates": [0.5, 0.9], "bounds": [1.0]},
    )
    with pytest.raises(InputRefused, match="a tier weighs more than the one before it"):
        charge.evaluate(context, "account")


def test_a_cap_of_a_place_beside_weights_scaled_by_size_is_refused() -> None:
    charge = Collateral(
        rates="$w",
        stated=Stated.WEIGHT,
        price=Price.INDEX,
        debt_price=Price.INDEX,
        size_factor="$factor",
        size_numerator="$numerator",
        caps=("$chain_cap",),
    )
    context = small_context(
        accounts={"one": {"balances": {"FTT": 1.0}}},
        prices={"FTT": 2.0},
        parameters={
            "w": 0.95,
            "factor": 0.002,
            "numerator": 1.1,
            "chain_cap": {"value": {"solana": 1.0}, "by": "chain"},
        },
    )
    with pytest.raises(InputRefused, match="a cap by chain beside weights scaled by size"):
        charge.evaluate(context, "account")


def test_credit_is_divided_by_settlement_asset() -> None:
    context = small_context(
        accounts={"one": {"balances": {"BTC": 1.0, "ETH": -2.0}}, "two": {}},
        prices={"BTC": 100.0, "ETH": 10.0},
        parameters={"haircut": 0.1},
        balances_grouped=True,
    )
    amount = in_units(context, FLAT.evaluate(context, "settle").amount)
    assert sorted(amount.tolist()) == pytest.approx([-20.0, 90.0], abs=1e-5)


books = st.dictionaries(
    st.sampled_from(["BTC", "ETH", "USDT"]), st.floats(-1e3, 1e3, allow_subnormal=False), min_size=1
)


@given(book=books, asset=st.sampled_from(["BTC", "ETH", "USDT"]), more=st.floats(0.0, 1e3))
def test_credit_is_at_most_cash_and_never_falls_with_a_deposit(
    book: dict[str, float], asset: str, more: float
) -> None:
    prices = {"BTC": 500.0, "ETH": 30.0, "USDT": 1.0}
    charge = Collateral(
        rates="$rates",
        stated=Stated.HAIRCUT,
        price=Price.INDEX,
        debt_price=Price.INDEX,
        bounds="$bounds",
    )
    context = small_context(
        accounts={
            "before": {"balances": book},
            "after": {"balances": {**book, asset: book.get(asset, 0.0) + more}},
        },
        prices=prices,
        parameters={"rates": [0.05, 0.3, 1.0], "bounds": [1e3, 1e5]},
    )
    before, after = charge.evaluate(context, "account").amount
    cash = Cash().evaluate(context, "account").amount
    assert before <= after + 3
    assert before <= cash[0] + 3
    assert after <= cash[1] + 3
