"""OKX on its published numbers: discount tiers, options, and the nine parts of portfolio margin."""

import pytest

from crossmargin.wire.recipes import bundled_recipe
from tests.rulebook.recipes.venue_book import Assessed, assessed

UNPUBLISHED = {
    "vol_relative": 0.5,
    "vega_spread": 0.0,
    "rate_shift": 0.0,
    "depeg_rates": [0.0, 0.0, 0.0],
}


def example(underlying: str, contracts: float, mark: float, index: float) -> Assessed:
    """A lone swap of the API's example."""
    symbol = f"{underlying}/USDT:USDT"
    return assessed(
        "okx-portfolio",
        "okx",
        index={underlying: index, "USDT": 1},
        listings={symbol: {"mark": mark, "contract_size": 1}},
        positions={symbol: contracts},
        overrides=UNPUBLISHED,
    )


def test_the_bitcoin_unit_of_the_api_example() -> None:
    # The example stresses another notional than its cash delta; here both are the cash delta.
    found = example("BTC", -0.1, 97_049.036898, 97_049.036898)
    assert found.node("mr1_spot_shock") == pytest.approx(0.12 * 9704.9036898, rel=1e-9)
    assert found.node("mr4_futures_basis") == pytest.approx(19.4098073796, abs=1e-6)
    assert found.node("mr6_extreme") == pytest.approx(found.node("mr1_spot_shock"), rel=1e-9)
    assert found.node("mr7_raw") == pytest.approx(43.6720666041, abs=1e-6)
    assert found.requirement() == pytest.approx(1164.5884427760 + 19.4098073796, abs=2e-3)
    assert found.requirement("initial") == pytest.approx(1.3 * found.requirement(), abs=2e-3)


def test_the_stress_of_the_api_example_is_reproduced_on_its_own_notional() -> None:
    found = example("BTC", -0.1, 97_034.24370599994, 97_034.24370599994)
    assert found.node("mr1_spot_shock") == pytest.approx(1164.4109244719994, rel=1e-9)
    assert found.node("mr6_extreme") == pytest.approx(1164.4109244720003, rel=1e-9)


def test_the_litecoin_unit_of_the_api_example() -> None:
    found = example("LTC", 10, 101.95308, 101.95308)
    assert found.node("mr4_futures_basis") == pytest.approx(8.1562464, abs=1e-6)
    assert found.node("mr7_raw") == pytest.approx(7.1367156, abs=1e-6)
    assert found.node("mr1_spot_shock") == pytest.approx(0.18 * 1019.5308, rel=1e-9)
    assert found.requirement() == pytest.approx(0.188 * 1019.5308, abs=2e-3)


def test_a_perfect_spot_hedge_pays_the_basis_of_both_legs_and_no_spot_shock() -> None:
    words = {
        "index": {"BTC": 67_111, "USDT": 1},
        "listings": {"BTC/USDT:USDT": {"mark": 67_111, "contract_size": 0.01}},
        "positions": {"BTC/USDT:USDT": {"contracts": -1000, "entry_price": 67_111}},
        "overrides": UNPUBLISHED,
    }
    found = assessed("okx-portfolio", "okx", balances={"BTC": 10}, **words)
    assert found.node("mr1_spot_shock") == pytest.approx(0.0, abs=1e-3)
    assert found.requirement() == pytest.approx(671_110 * 0.012, abs=2e-3)
    more = assessed("okx-portfolio", "okx", balances={"BTC": 25}, **words)
    assert more.requirement() == found.requirement()


def test_the_minimum_charge_has_marginal_multipliers() -> None:
    symbol = "BTC/USDT:USDT"
    found = assessed(
        "okx-portfolio",
        "okx",
        index={"BTC": 100_000, "USDT": 1},
        listings={symbol: {"mark": 100_000, "contract_size": 1}},
        positions={symbol: 1000},
        overrides=UNPUBLISHED,
    )
    assert found.node("mr7_raw") == pytest.approx(450_000, abs=0.01)
    assert found.node("mr7_minimum") == pytest.approx(250_000 + 2 * 200_000, abs=0.01)


def test_a_hedge_of_ten_million_across_stablecoins_costs_the_published_202_500() -> None:
    tether, circle = "BTC/USDT:USDT", "BTC/USDC:USDC"
    found = assessed(
        "okx-portfolio",
        "okx",
        index={"BTC": 100_000, "USDT": 1, "USDC": 1},
        listings={
            tether: {"mark": 100_000, "contract_size": 1},
            circle: {"mark": 100_000, "contract_size": 1},
        },
        positions={tether: 100, circle: -100},
        overrides={**UNPUBLISHED, "depeg_rates": [0.0075, 0.0175, 0.025]},
    )
    assert found.node("mr9_depeg") == pytest.approx(202_500, abs=1e-3)
    assert found.node("mr1_spot_shock") == 0.0


def test_a_debt_of_tether_is_margined_beside_being_owed() -> None:
    found = assessed(
        "okx-portfolio",
        "okx",
        index={"USDT": 1, "USDC": 1},
        balances={"USDT": -10_000, "USDC": 30_000},
        overrides=UNPUBLISHED,
    )
    assert found.equity() == pytest.approx(20_000, abs=1e-3)
    assert found.requirement("initial") == pytest.approx(1_000, abs=1e-3)
    assert found.requirement() == pytest.approx(200, abs=1e-3)


@pytest.mark.parametrize(("coins", "credit"), [(5e6, 4.1e6), (10e6, 5.6e6)])
def test_discount_rates_are_marginal(coins: float, credit: float) -> None:
    found = assessed("okx-multi-currency", "okx", index={"BETH": 1}, balances={"BETH": coins})
    assert found.equity() == pytest.approx(credit, abs=1e-3)


@pytest.mark.parametrize("coins", [5e6, 10e6])
def test_discount_rates_before_july_2024(coins: float) -> None:
    found = assessed(
        "okx-multi-currency",
        "okx",
        index={"BETH": 1},
        balances={"BETH": coins},
        overrides={
            "discount_bounds": {"BETH": [1e6, 2e6, 4e6]},
            "discount_rates": {"BETH": [0.8, 0.75, 0.5, 0.0]},
        },
    )
    assert found.equity() == pytest.approx(2_550_000, abs=1e-3)


def test_ten_short_puts_of_the_historic_position_margin() -> None:
    put = "BTC/USD:BTC-260327-45000-P"
    found = assessed(
        "okx-multi-currency",
        "okx",
        index={"BTC": 50_000, "USDT": 1},
        listings={put: {"mark": 0.02, "contract_size": 0.1, "vol": 0.6}},
        forwards={("BTC", "2026-03-27T08:00:00Z"): 50_000},
        positions={put: {"contracts": -10, "entry_price": 0.02}},
    )
    assert found.node("puts") == pytest.approx(0.122 * 50_000, abs=1e-3)


def test_a_position_has_the_rate_of_the_tier_that_its_contracts_reach() -> None:
    def maintenance(contracts: float) -> float:
        symbol = "ADA/USDT:USDT"
        found = assessed(
            "okx-multi-currency",
            "okx",
            index={"ADA": 0.4, "USDT": 1},
            listings={symbol: {"mark": 0.4, "contract_size": 100}},
            positions={symbol: contracts},
        )
        return found.requirement()

    assert maintenance(1500) == pytest.approx(1500 * 40 * 0.005, abs=1e-3)
    assert maintenance(1501) == pytest.approx(1501 * 40 * 0.0075, abs=1e-3)


def test_a_coins_extreme_move_is_twice_its_range_whichever_list_it_is_on() -> None:
    """Two published lists of MR1 differ; the one of MR6 and of the rule page is used."""
    parameters = bundled_recipe("okx-portfolio").terms.parameters
    ranges, extremes = parameters["price_edge"].value, parameters["extreme_edge"].value
    assert isinstance(ranges, dict)
    assert isinstance(extremes, dict)
    assert extremes == {coin: 2 * move for coin, move in ranges.items()}
    assert (ranges["SOL"], ranges["XRP"], ranges.get("EOS")) == (0.18, 0.18, None)


@pytest.mark.parametrize(
    ("coin", "contracts", "rate"),
    [
        ("ADA", 12_000, 0.015),
        ("ADA", 12_001, 0.02),
        ("ADA", 18_001, 0.025),
        ("ADA", 102_000, 0.09),
        ("ADA", 102_001, 1.0),
        ("ETH", 3_000, 0.004),
        ("ETH", 12_001, 0.015),
        ("ETH", 24_001, 0.02),
    ],
)
def test_from_the_fourth_tier_on_each_adds_as_many_contracts_and_half_a_per_cent(
    coin: str, contracts: float, rate: float
) -> None:
    symbol = f"{coin}/USDT:USDT"
    found = assessed(
        "okx-multi-currency",
        "okx",
        index={coin: 2, "USDT": 1},
        listings={symbol: {"mark": 2, "contract_size": 0.1}},
        positions={symbol: contracts},
    )
    assert found.requirement() == pytest.approx(contracts * 0.2 * rate, abs=1e-5)


def test_a_listing_without_a_tier_table_has_no_figure() -> None:
    symbol = "BTC/USDT:USDT"
    found = assessed(
        "okx-multi-currency",
        "okx",
        index={"BTC": 60_000, "USDT": 1},
        listings={symbol: {"mark": 60_000}},
        positions={symbol: 1},
    )
    assert found.requirement() != found.requirement()
    assert found.columns.reasons[0]
