"""Deribit's four margin models on its published numbers."""

import pytest

from tests.rulebook.recipes.venue_book import assessed

BTC, USDC = "BTC/USD:BTC", "BTC/USDC:USDC"
CAPTURE = "https://docs.deribit.com/api-reference/account-management/private-simulate"


def linear(contracts: float) -> float:
    found = assessed(
        "deribit-standard",
        "deribit",
        index={"BTC": 100_000, "USDC": 1},
        listings={USDC: {"mark": 100_000}},
        positions={USDC: contracts},
        balances={"USDC": 1_000_000},
        pocket="USDC",
    )
    return found.requirement("initial")


@pytest.mark.parametrize(("contracts", "initial"), [(25, 53_125), (350, 1_312_500)])
def test_the_rate_of_a_linear_perpetual_grows_with_its_size(
    contracts: float, initial: float
) -> None:
    assert linear(contracts) == pytest.approx(initial, abs=0.01)


def test_six_thousand_sol_at_200_need_84_000() -> None:
    found = assessed(
        "deribit-standard",
        "deribit",
        index={"SOL": 200, "USDC": 1},
        listings={"SOL/USDC:USDC": {"mark": 200}},
        positions={"SOL/USDC:USDC": 6000},
        pocket="USDC",
    )
    assert found.requirement("initial") == pytest.approx(84_000, abs=0.01)


def test_one_dollar_of_the_inverse_perpetual_needs_what_the_venue_returned() -> None:
    found = assessed(
        "deribit-standard",
        "deribit",
        index={"ETH": 1963.31},
        listings={"ETH/USD:ETH": {"mark": 1963.31}},
        positions={"ETH/USD:ETH": 1},
        pocket="ETH",
    )
    assert found.requirement("initial") == pytest.approx(1.0187e-05, abs=6e-10)
    assert found.requirement("maintenance") == pytest.approx(5.093e-06, abs=6e-10)


def test_a_thousand_ether_of_the_inverse_perpetual() -> None:
    found = assessed(
        "deribit-standard",
        "deribit",
        index={"ETH": 2000},
        listings={"ETH/USD:ETH": {"mark": 2000}},
        positions={"ETH/USD:ETH": 2_000_000},
        pocket="ETH",
    )
    assert found.requirement("initial") == pytest.approx(24.0, abs=1e-8)
    assert found.requirement("maintenance") == pytest.approx(14.0, abs=1e-8)


def test_three_short_puts_pay_in_coin() -> None:
    put = "BTC/USD:BTC-260327-48000-P"
    found = assessed(
        "deribit-standard",
        "deribit",
        index={"BTC": 50_000},
        listings={put: {"mark": 0.05, "vol": 0.6}},
        forwards={("BTC", "2026-03-27T08:00:00Z"): 50_000},
        positions={put: {"contracts": -3, "entry_price": 0.05}},
        balances={"BTC": 1},
        pocket="BTC",
    )
    assert found.requirement("initial") == pytest.approx(0.48, abs=1e-9)
    assert found.requirement("maintenance") == pytest.approx(0.375, abs=1e-9)


@pytest.mark.parametrize("contracts", [-5, 0.5, 40])
def test_cross_standard_is_segregated_standard_at_the_index(contracts: float) -> None:
    words = {
        "index": {"BTC": 64_000, "USDC": 1},
        "listings": {BTC: {"mark": 64_100}, USDC: {"mark": 64_050}},
        "positions": {BTC: contracts * 64_000, USDC: contracts},
        "balances": {"BTC": 3},
    }
    apart = {
        coin: assessed("deribit-standard", "deribit", pocket=coin, **words)
        for coin in ("BTC", "USDC")
    }
    cross = assessed("deribit-cross-standard", "deribit", **words)
    for level in ("initial", "maintenance"):
        added = 64_000 * apart["BTC"].requirement(level) + apart["USDC"].requirement(level)
        assert cross.requirement(level) == pytest.approx(added, abs=0.02)


def test_cross_collateral_counts_staked_ether_less_its_haircut_and_debts_in_full() -> None:
    found = assessed(
        "deribit-cross-standard",
        "deribit",
        index={"ETH": 2000, "stETH": 1990, "BTC": 50_000},
        balances={"stETH": 10},
        loans={"BTC": "0.1"},
    )
    assert found.equity() == pytest.approx(10 * 1990 * 0.925 - 5000, abs=0.01)


def test_the_documented_portfolio_is_reproduced_in_bitcoin() -> None:
    future = "BTC/USD:BTC-260112"
    found = assessed(
        "deribit-segregated-portfolio",
        "deribit",
        index={"BTC": 65_666.19},
        listings={BTC: {"mark": 65_910.57}, future: {"mark": 67_371.75}},
        positions={BTC: "20731.4029", future: "-80.006"},
        balances={"BTC": 1},
        pocket="BTC",
    )
    assert found.node("worst_case") == pytest.approx(0.05968587238, rel=1e-7)
    assert found.node("roll_shock") == pytest.approx(0.00315725898, rel=1e-6)
    assert found.node("delta_shock") == 0.0
    assert found.requirement() == pytest.approx(0.050274504784, rel=1e-7)


def test_a_captured_ether_position_loses_its_edge_and_rolls_at_the_least_rate() -> None:
    found = assessed(
        "deribit-segregated-portfolio",
        "deribit",
        index={"ETH": 1949.34},
        listings={"ETH/USD:ETH": {"mark": 1949.49}},
        positions={"ETH/USD:ETH": "-1948.49"},
        balances={"ETH": 1},
        pocket="ETH",
    )
    assert found.node("worst_case") == pytest.approx(0.15246412673, rel=1e-5)
    assert found.requirement("initial") == pytest.approx(0.157461562265, rel=1e-5)
    assert found.requirement() == pytest.approx(0.125969249812, rel=1e-5)


def test_the_delta_shock_begins_above_twenty_million_dollars() -> None:
    def shock(coins: float) -> float:
        found = assessed(
            "deribit-segregated-portfolio",
            "deribit",
            index={"BTC": 50_000, "USDC": 1},
            listings={USDC: {"mark": 50_000}},
            positions={USDC: coins},
            pocket="USDC",
        )
        return found.node("delta_shock")

    assert shock(400) == 0.0
    assert shock(500) == pytest.approx(500 * 50_000 * 0.00005 * 100, abs=0.01)


def test_quote_protection_of_two_bitcoin_holds_the_documented_six_hundredths() -> None:
    quotes = [
        {
            "listing": BTC,
            "side": side,
            "contracts": contracts,
            "limit_price": price,
            "kind": "quote",
        }
        for side, contracts, price in (("buy", 65_910.57, 60_000), ("sell", 13_000, 70_000))
    ]
    words = {
        "index": {"BTC": 65_666.19},
        "listings": {BTC: {"mark": 65_910.57}},
        "orders": quotes,
        "balances": {"BTC": 1},
        "pocket": "BTC",
    }
    found = assessed("deribit-segregated-portfolio", "deribit", **words)
    assert found.node("mmp_margin") == pytest.approx(0.03, abs=1e-9)
    assert found.node("open_orders_margin") == 0.0
    limited = assessed(
        "deribit-segregated-portfolio", "deribit", overrides={"quote_limit": {"BTC": 2}}, **words
    )
    assert limited.requirement("initial") == pytest.approx(0.06, abs=1e-9)
    assert limited.requirement("maintenance") == 0.0


@pytest.mark.parametrize("model", ["deribit-portfolio", "deribit-segregated-portfolio"])
def test_an_order_that_hedges_is_free_and_one_that_adds_pays_inside_the_matrix(model: str) -> None:
    def margin(side: str) -> float:
        found = assessed(
            model,
            "deribit",
            index={"BTC": 60_000, "USDC": 1},
            listings={USDC: {"mark": 60_000}},
            positions={USDC: {"contracts": 2, "entry_price": 60_000}},
            orders=[{"listing": USDC, "side": side, "contracts": 1, "limit_price": 60_000}],
            balances={"USDC": 100_000},
            pocket="USDC" if model == "deribit-segregated-portfolio" else None,
        )
        return found.node("open_orders_margin")

    assert margin("sell") == pytest.approx(0.0, abs=0.01)
    assert margin("buy") == pytest.approx(60_000 * (0.16 + 0.01), abs=0.02)
