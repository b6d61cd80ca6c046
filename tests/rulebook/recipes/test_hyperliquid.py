"""Hyperliquid on its published margin tiers and on recorded accounts."""

import pytest

from tests.rulebook.recipes.venue_book import assessed, crossing_price


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
