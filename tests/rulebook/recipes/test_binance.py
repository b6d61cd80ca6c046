"""Binance on its published numbers: brackets, liquidation prices, order loss, and uniMMR."""

import numpy as np
import pytest

from tests.rulebook.recipes.venue_book import assessed, crossing_price

BTC, ETH, COIN = "BTC/USDT:USDT", "ETH/USDT:USDT", "BTC/USD:BTC"
MARKS = {BTC: 31_967.27, ETH: 1_335.18}
ENTRIES = {BTC: 32_481.98, ETH: 1_456.84}
SIZES = {BTC: 109.488, ETH: 3_683.979}
WALLET = 1_535_443.01

EXAMPLE = {
    "index": {"BTC": MARKS[BTC], "ETH": MARKS[ETH], "USDT": 1},
    "listings": {symbol: {"mark": mark} for symbol, mark in MARKS.items()},
    "balances": {"USDT": WALLET},
}


def held(*symbols: str) -> dict[str, dict[str, float]]:
    return {
        symbol: {"contracts": SIZES[symbol], "entry_price": ENTRIES[symbol]} for symbol in symbols
    }


def test_the_account_of_the_published_example() -> None:
    alone = {
        symbol: assessed("binance-usdm", "binance", positions=held(symbol), **EXAMPLE)
        for symbol in MARKS
    }
    assert alone[BTC].requirement() == pytest.approx(71_200.81144, abs=0.01)
    assert alone[ETH].requirement() == pytest.approx(356_512.508, abs=0.01)
    assert alone[BTC].equity() - WALLET == pytest.approx(-56_354.57, abs=0.01)
    assert alone[ETH].equity() - WALLET == pytest.approx(-448_192.89, abs=0.01)


@pytest.mark.parametrize(
    ("symbols", "moved", "price"),
    [
        ((BTC,), "BTC", 18_778.73),
        ((ETH,), "ETH", 1_114.78),
        ((BTC, ETH), "BTC", 26_316.89),
        ((BTC, ETH), "ETH", 1_153.26),
    ],
)
def test_the_account_is_liquidated_at_the_published_prices(
    symbols: tuple[str, ...], moved: str, price: float
) -> None:
    found = crossing_price("binance-usdm", "binance", moved, positions=held(*symbols), **EXAMPLE)
    assert found == pytest.approx(price, abs=0.01)


@pytest.mark.parametrize("notional", [50_000, 250_000, 1_000_000, 10_000_000])
def test_a_bracket_begins_where_the_one_below_ends(notional: float) -> None:
    def maintenance(dollars: float) -> float:
        found = assessed(
            "binance-usdm",
            "binance",
            index={"BTC": 50_000, "USDT": 1},
            listings={BTC: {"mark": 50_000}},
            positions={BTC: dollars / 50_000},
        )
        return found.requirement()

    assert maintenance(notional + 0.5) - maintenance(notional - 0.5) < 0.2


def test_the_level_five_maintenance_amount_is_one_coin_and_81() -> None:
    found = assessed(
        "binance-coinm",
        "binance",
        index={"BTC": 40_000},
        listings={COIN: {"mark": 40_000}},
        positions={COIN: 80 * 400},
        pocket="BTC",
    )
    assert found.requirement() == pytest.approx(80 * 0.05 - 1.81, abs=1e-9)


def test_an_order_below_the_mark_loses_at_once_by_reciprocals_of_its_prices() -> None:
    found = assessed(
        "binance-coinm",
        "binance",
        index={"BTC": 40_000},
        listings={COIN: {"mark": 40_000}},
        orders=[{"listing": COIN, "side": "sell", "contracts": 100, "limit_price": 32_000}],
        pocket="BTC",
    )
    assert found.node("open_loss") == pytest.approx(10_000 * (1 / 32_000 - 1 / 40_000), abs=1e-9)


@pytest.mark.parametrize(("side", "price", "lost"), [("buy", 51_000, 2_000), ("buy", 49_000, 0)])
def test_only_an_order_worse_than_the_mark_has_an_open_loss(
    side: str, price: float, lost: float
) -> None:
    found = assessed(
        "binance-usdm",
        "binance",
        index={"BTC": 50_000, "USDT": 1},
        listings={BTC: {"mark": 50_000}},
        orders=[{"listing": BTC, "side": side, "contracts": 2, "limit_price": price}],
    )
    assert found.node("open_loss") == pytest.approx(lost, abs=1e-6)


def test_collateral_of_portfolio_margin_nets_debts_and_profit_before_the_rate() -> None:
    found = assessed(
        "binance-portfolio-pro",
        "binance",
        index={"BTC": 50_000, "ETH": 2_000, "USDT": 1},
        listings={BTC: {"mark": 50_000}},
        positions={BTC: {"contracts": 1, "entry_price": 48_000}},
        balances={"BTC": 2, "USDT": 1_000, "ETH": 5},
        loans={"BTC": "0.5", "ETH": 10},
        overrides={"collateral_rate": {"BTC": 0.95, "USDT": 0.999, "ETH": 0.97}},
    )
    expected = 1.5 * 50_000 * 0.95 + 3_000 * 0.999 - 5 * 2_000
    assert found.equity() == pytest.approx(expected, abs=1e-3)
    loans = 0.5 * 50_000 + 10 * 2_000
    assert found.node("loans_maintenance") == pytest.approx(0.10 * loans, abs=1e-3)
    assert found.requirement() == pytest.approx(200 + 0.10 * loans, abs=1e-3)


@pytest.mark.parametrize(
    ("value", "counted"),
    [(200_000, 200_000), (900_000, 200_000 + 160_000 + 280_000 + 40_000), (2e6, 720_000 + 200_000)],
)
def test_collateral_counts_by_the_tiers_of_its_value(value: float, counted: float) -> None:
    # Rank 8 of October 2025: all of 200,000, 80 % of the next 200,000, 70, 40 and 20 %.
    found = assessed(
        "binance-portfolio-pro", "binance", index={"FIL": 2, "USD": 1}, balances={"FIL": value / 2}
    )
    assert found.equity() == pytest.approx(counted, abs=1e-3)


def test_a_coin_whose_tiers_no_announcement_gives_leaves_no_figure() -> None:
    found = assessed("binance-portfolio-pro", "binance", index={"BTC": 60_000}, balances={"BTC": 1})
    assert np.isnan(found.equity())
    stated = assessed(
        "binance-portfolio-pro",
        "binance",
        index={"BTC": 60_000},
        balances={"BTC": 10},
        overrides={
            "collateral_bounds": {"BTC": [500_000.0]},
            "collateral_rate": {"BTC": [0.95, 0.9]},
        },
    )
    assert stated.equity() == pytest.approx(475_000 + 90_000, abs=1e-3)


@pytest.mark.parametrize(
    ("ratio", "standing"),
    [(1.51, "healthy"), (1.49, "warned"), (1.19, "reduce_only"), (1.04, "liquidating")],
)
def test_the_account_stands_where_its_ratio_says(ratio: float, standing: str) -> None:
    found = assessed(
        "binance-portfolio-pro",
        "binance",
        index={"BTC": 50_000, "USDT": 1},
        listings={BTC: {"mark": 50_000}},
        positions={BTC: 1},
        balances={"USDT": 200 * ratio},
        overrides={"collateral_rate": {"USDT": 1.0, "BTC": 1.0}},
    )
    assert found.standing == standing
