"""Bybit on its published numbers and on recorded positions."""

import pytest

from tests.rulebook.recipes.venue_book import assessed

BTC, XRP = "BTC/USDT:USDT", "XRP/USDT:USDT"
PUBLISHED_LATER = {
    "vol_up": 0.4,
    "vol_down": 0.3,
    "initial_factor": {"BTC": 1.2, "ETH": 1.2},
    "short_option": {"BTC": 0.01, "ETH": 0.01},
    "stable_spread": 0.002,
    "futures_factor": {"BTC": 0.005, "ETH": 0.005},
}


def test_a_short_call_of_the_published_example_needs_1260_of_ten_thousand() -> None:
    call = "BTC/USDC:USDC-260327-31000-C"
    found = assessed(
        "bybit-cross",
        "bybit",
        index={"BTC": 30_000, "USDC": 1},
        listings={call: {"mark": 300, "contract_size": 1, "vol": 0.5}},
        positions={call: -1},
        balances={"USDC": 10_000},
    )
    assert found.requirement() == pytest.approx(1_260, abs=1e-6)
    assert found.requirement() / found.equity() == pytest.approx(0.126, abs=1e-9)


def test_a_short_put_of_the_published_spread_needs_938_and_2315() -> None:
    put = "BTC/USDC:USDC-260327-18500-P"
    found = assessed(
        "bybit-cross",
        "bybit",
        index={"BTC": 20_250, "USDC": 1},
        listings={put: {"mark": 290, "contract_size": 1, "vol": 0.5}},
        positions={put: {"contracts": -1, "entry_price": 280}},
        balances={"USDC": 10_000},
    )
    assert found.requirement() == pytest.approx(938, abs=1e-6)
    assert found.requirement("initial") == pytest.approx(2_315, abs=1e-6)


@pytest.mark.parametrize(("coins", "balance"), [(35, 1_637_500), (60, 2_250_000)])
def test_collateral_value_ratios_are_marginal_in_coins(coins: float, balance: float) -> None:
    found = assessed(
        "bybit-cross",
        "bybit",
        index={"BTC": 50_000, "USDT": 1},
        balances={"BTC": coins, "USDT": 10_000},
    )
    assert found.equity() == pytest.approx(balance, abs=1e-6)


def test_a_recorded_ripple_position_is_reproduced_to_the_last_digit() -> None:
    found = assessed(
        "bybit-cross",
        "bybit",
        index={"XRP": 0.3374, "USDT": 1},
        listings={XRP: {"mark": 0.3374, "contract_size": 1}},
        positions={XRP: {"contracts": 75, "entry_price": 0.3615}},
        balances={"USDT": 100},
        settings={"leverage": "10"},
        overrides={"taker_fee": 0.0006},
        tick_exponent=-36,
    )
    assert found.requirement() == pytest.approx(0.28576575, abs=1.1e-8)
    assert found.requirement("initial") == pytest.approx(2.72589075, abs=1.1e-8)


def test_a_bitcoin_position_of_2024_is_reproduced_to_the_last_digit() -> None:
    found = assessed(
        "bybit-cross",
        "bybit",
        index={"BTC": 60_822.58, "USDT": 1},
        listings={BTC: {"mark": 60_822.58, "contract_size": 1}},
        positions={BTC: {"contracts": "0.001", "entry_price": 60_766.7}},
        settings={"leverage": "10"},
        tick_exponent=-36,
    )
    assert found.requirement() == pytest.approx(0.33391302, abs=1.1e-8)
    assert found.requirement("initial") == pytest.approx(6.10674952, abs=2e-8)


def test_a_debt_needs_a_borrowing_rate_and_has_no_figure_without_one() -> None:
    words = {"index": {"USDT": 1, "USDC": 1}, "balances": {"USDT": -100, "USDC": 500}}
    without = assessed("bybit-cross", "bybit", **words)
    assert without.requirement() != without.requirement()
    rates = {"borrow_initial": {"USDT": 0.2}, "borrow_maintenance": {"USDT": 0.04}}
    found = assessed("bybit-cross", "bybit", overrides=rates, **words)
    assert found.requirement() == pytest.approx(4, abs=1e-6)
    assert found.equity() == pytest.approx(400, abs=1e-6)


def portfolio(positions: dict[str, float], marks: dict[str, float]):
    return assessed(
        "bybit-portfolio",
        "bybit",
        index={"BTC": 50_000, "USDT": 1, "USDC": 1},
        listings={name: {"mark": mark, "contract_size": 1} for name, mark in marks.items()},
        positions=positions,
        overrides=PUBLISHED_LATER,
    )


def test_a_hedge_over_expiries_pays_by_the_days_between_them() -> None:
    near, far = "BTC/USDT:USDT", "BTC/USDT:USDT-260311"
    found = portfolio({near: 2, far: -1}, {near: 50_000, far: 50_000})
    days = (31 + 28 + 10) + 8 / 24
    assert found.node("delta_spread") == pytest.approx(50_000 * 0.45 * days / 365, rel=1e-9)
    assert found.node("worst_loss") == pytest.approx(0.10 * 50_000, abs=1e-3)
    assert found.node("futures_contingency") == pytest.approx(150_000 * 0.005, abs=1e-3)


def test_a_hedge_over_stablecoins_pays_the_spread() -> None:
    tether, circle = "BTC/USDT:USDT", "BTC/USDC:USDC"
    found = portfolio({tether: 2, circle: -3}, {tether: 50_000, circle: 50_000})
    assert found.node("stable_spread") == pytest.approx(2 * 50_000 * 0.002, abs=1e-3)


def test_initial_is_maintenance_times_the_factor_of_the_asset() -> None:
    found = portfolio({"BTC/USDT:USDT": 1}, {"BTC/USDT:USDT": 50_000})
    assert found.requirement("initial") == pytest.approx(1.2 * found.requirement(), abs=1e-3)
