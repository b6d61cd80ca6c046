"""Hyperliquid on its published margin tiers and on recorded accounts."""

from typing import Any

import pytest

from tests.rulebook.recipes.venue_book import Assessed, assessed, crossing_price


@pytest.mark.parametrize(
    ("coin", "notional", "maintenance"),
    [
        ("ETH", 130e6, 3_000_000),
        ("ETH", 100e6, 2_000_000),
        ("BTC", 200e6, 150e6 / 80 + 50e6 / 40),
        ("DOGE", 5e6, 3e6 / 20 + 2e6 / 10),
    ],
)
def test_maintenance_is_half_of_the_initial_rate_at_each_tiers_leverage(
    coin: str, notional: float, maintenance: float
) -> None:
    symbol = f"{coin}/USDC:USDC"
    found = assessed(
        "hyperliquid",
        "hyperliquid",
        index={coin: 1000, "USDC": 1},
        listings={symbol: {"mark": 1000, "contract_size": 1}},
        positions={symbol: -notional / 1000},
    )
    assert found.requirement() == pytest.approx(maintenance, abs=1e-4)


def test_a_withdrawal_must_leave_a_tenth_of_the_notional() -> None:
    symbol = "BTC/USDC:USDC"
    found = assessed(
        "hyperliquid",
        "hyperliquid",
        index={"BTC": 50_000, "USDC": 1},
        listings={symbol: {"mark": 50_000, "contract_size": 1}},
        positions={symbol: 2},
        settings={"leverage": "40"},
        balances={"USDC": 9_000},
    )
    assert found.requirement("withdrawal") == pytest.approx(10_000, abs=1e-4)
    assert found.requirement("initial") == pytest.approx(2_500, abs=1e-4)
    assert found.equity("withdrawal") == pytest.approx(9_000, abs=1e-4)


def test_a_coin_is_no_collateral_of_perpetuals() -> None:
    found = assessed(
        "hyperliquid",
        "hyperliquid",
        index={"HYPE": 40, "USDC": 1},
        balances={"HYPE": 100, "USDC": 5},
    )
    assert found.equity() == pytest.approx(5, abs=1e-5)


def test_an_isolated_position_is_liquidated_at_the_recorded_price() -> None:
    # Recorded in February 2024: 0.0335 ether at 2986.3, 95.059824 dollars owed, 50x at most.
    symbol = "ETH/USDC:USDC"
    mark = 100.02765 / 0.0335
    found = crossing_price(
        "hyperliquid",
        "hyperliquid",
        "ETH",
        index={"ETH": mark, "USDC": 1},
        listings={symbol: {"mark": mark, "contract_size": 1}},
        positions={symbol: {"contracts": "0.0335", "entry_price": "2986.3"}},
        balances={"USDC": "4.981226"},
        overrides={"bounds": {"ETH": []}, "max_leverage": {"ETH": [50.0]}},
        tick_exponent=-36,
    )
    assert found == pytest.approx(2866.26936529, abs=1e-3)


def carry(price: float, **words: Any) -> Assessed:
    """The documents' example: one bitcoin in spot against one sold at 100,000, at 10x."""
    symbol = "BTC/USDC:USDC"
    return assessed(
        "hyperliquid-portfolio",
        "hyperliquid",
        index={"BTC": price, "UBTC": price, "HYPE": 40, "USDC": 1},
        listings={symbol: {"mark": price, "contract_size": 1}},
        positions={symbol: {"contracts": -1, "entry_price": 100_000}},
        balances={"UBTC": 1},
        settings={"leverage": "10"},
        **words,
    )


def test_a_carry_trade_borrows_what_its_short_loses_against_the_coin_that_it_holds() -> None:
    # https://hyperliquid.gitbook.io/hyperliquid-docs/trading/portfolio-margin
    start = carry(100_000)
    assert start.requirement("initial") == pytest.approx(10_000)
    assert start.equity("initial") == pytest.approx(50_000)
    up = carry(150_000)
    assert up.node("dollar_debt") == pytest.approx(50_000)
    assert up.requirement() == pytest.approx(50_000 + 20 + 150_000 / 80)
    assert up.equity() == pytest.approx(0.95 * 0.75 * 150_000)
    # "If BTC's price moves up to 200k, the trader must reduce": it can open nothing any more.
    high = carry(200_000)
    assert high.equity("initial") < high.requirement("initial")
    assert high.equity() > high.requirement()
    assert carry(400_000).standing == "liquidating"


def test_coins_above_the_users_cap_carry_nothing() -> None:
    found = assessed(
        "hyperliquid-portfolio",
        "hyperliquid",
        index={"HYPE": 40, "SOL": 100, "USDC": 1},
        balances={"HYPE": 60_000, "SOL": 1_000},
        overrides={"borrow_cap": 1e12},
    )
    assert found.equity("initial") == pytest.approx(0.5 * 50_000 * 40)
    assert found.equity() == pytest.approx(0.95 * 0.75 * 50_000 * 40)
    capped = assessed(
        "hyperliquid-portfolio",
        "hyperliquid",
        index={"HYPE": 40, "USDC": 1},
        balances={"HYPE": 60_000, "USDC": 7},
    )
    assert capped.equity("initial") == pytest.approx(0.5 * 50_000 * 40 + 7)
    half = assessed(
        "hyperliquid-portfolio",
        "hyperliquid",
        index={"HYPE": 80, "USDC": 1},
        balances={"HYPE": 60_000, "USDC": 7},
    )
    assert half.equity("initial") == pytest.approx(1_000_000 + 7)


def test_the_recorded_ratio_is_maintenance_over_the_dollars_where_nothing_is_borrowed() -> None:
    # Recorded 2026-07-18: 894.08996 USDC, 23.104792 of maintenance, a ratio of 0.025841686.
    symbol = "BTC/USDC:USDC"
    found = assessed(
        "hyperliquid-portfolio",
        "hyperliquid",
        index={"BTC": 1_000, "USDC": 1},
        listings={symbol: {"mark": 1_000, "contract_size": 1}},
        positions={symbol: 23.104792 * 80 / 1_000},
        balances={"USDC": "894.08996"},
        overrides={"liquidation_ratio": 1.0},
    )
    assert found.requirement() / found.equity() == pytest.approx(0.025841686, abs=1e-9)
    available = found.equity() - found.requirement()
    assert available == pytest.approx(870.98516812, abs=1e-6)


def test_a_debt_in_a_coin_counts_in_full_on_both_levels() -> None:
    found = assessed(
        "hyperliquid-portfolio",
        "hyperliquid",
        index={"HYPE": 40, "SOL": 100, "USDC": 1},
        balances={"USDC": 5_000, "SOL": -10, "HYPE": 10},
    )
    assert found.equity("initial") == pytest.approx(5_000 - 1_000 + 200)
    assert found.equity() == pytest.approx(0.95 * (5_000 - 1_000 + 300))
