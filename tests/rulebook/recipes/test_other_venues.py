"""Kraken, BitMEX, FTX, Orderly, SPAN, TIMS and Regulation T on their published numbers."""

import pytest

from tests.rulebook.recipes.venue_book import assessed

COIN = "BTC/USD:BTC"


def test_kraken_takes_the_larger_side_and_cuts_balances_but_not_profit() -> None:
    future = "BTC/USD:BTC-260327"
    found = assessed(
        "kraken",
        "kraken",
        index={"BTC": 50_000},
        listings={name: {"mark": 50_000, "contract_size": 1} for name in (COIN, future)},
        positions={
            COIN: {"contracts": 250_000, "entry_price": 250_000 / (5 + 0.08)},
            future: -200_000,
        },
        balances={"BTC": 2, "USD": 10_000},
        overrides={"haircut": {"BTC": 0.03, "USD": 0.0}},
    )
    profit = found.node("profit")
    assert found.requirement("initial") == pytest.approx(5_000, abs=1e-3)
    assert found.equity() - profit == pytest.approx(107_000, abs=1e-3)
    assert found.requirement() == pytest.approx(2_500, abs=1e-3)


def test_kraken_equity_of_the_published_example() -> None:
    linear = "BTC/USD:USD"
    found = assessed(
        "kraken",
        "kraken",
        index={"BTC": 50_000},
        listings={linear: {"mark": 50_000, "contract_size": 1}},
        positions={linear: {"contracts": 1, "entry_price": 54_000}},
        balances={"BTC": 2, "USD": 10_000},
        overrides={"haircut": {"BTC": 0.03, "USD": 0.0}},
    )
    assert found.equity() == pytest.approx(103_000, abs=1e-3)


@pytest.mark.parametrize(("coins", "steps"), [(200, 0), (200.5, 1), (300, 1), (450, 3)])
def test_bitmex_adds_the_base_rate_for_every_begun_step(coins: float, steps: int) -> None:
    found = assessed(
        "bitmex",
        "bitmex",
        index={"BTC": 50_000},
        listings={COIN: {"mark": 50_000, "contract_size": 1}},
        positions={COIN: coins * 50_000},
        overrides={"base_limit": {"BTC": 200}, "limit_step": {"BTC": 100}},
        pocket="BTC",
    )
    assert found.requirement() == pytest.approx(coins * 0.005 * (1 + steps), abs=1e-8)
    assert found.requirement("initial") == pytest.approx(coins * (0.01 + 0.005 * steps), abs=1e-8)


def ftx(**overrides: object) -> float:
    symbol = "SOL/USD:USD"
    found = assessed(
        "ftx-historic",
        "ftx",
        index={"SOL": 0.02},
        listings={symbol: {"mark": 0.02, "contract_size": 1}},
        positions={symbol: 400_000_000},
        orders=[
            {"listing": symbol, "side": "buy", "contracts": 100_000_000, "limit_price": 0.02},
            {"listing": symbol, "side": "sell", "contracts": 50_000_000, "limit_price": 0.03},
        ],
        overrides={"size_factor": {"SOL": 0.00025}, **overrides},
    )
    return found.requirement("initial")


def test_ftx_rates_grow_with_the_root_of_the_open_size_and_stop_at_fully_funded() -> None:
    assert ftx(fully_funded=100.0) == pytest.approx(5.5901699437 * 1e7, rel=1e-9)
    assert ftx() == pytest.approx(1e7, rel=1e-9)


def test_ftx_has_one_weight_to_open_and_another_to_keep() -> None:
    found = assessed("ftx-historic", "ftx", index={"BTC": 20_000}, balances={"BTC": 1})
    assert found.equity("initial") == pytest.approx(19_000, abs=1e-3)
    assert found.equity() == pytest.approx(19_500, abs=1e-3)


def test_orderly_rates_are_the_largest_of_three() -> None:
    symbol = "BTC/USDC:USDC"

    def rate(coins: float) -> tuple[float, float]:
        found = assessed(
            "orderly",
            "orderly",
            index={"BTC": 50_000, "USDC": 1},
            listings={symbol: {"mark": 50_000, "contract_size": 1}},
            positions={symbol: coins},
            settings={"leverage": "20"},
            overrides={
                "base_initial": {"BTC": 0.04},
                "base_maintenance": {"BTC": 0.024},
                "size_factor": {"BTC": 1e-6},
            },
        )
        notional = coins * 50_000
        return found.requirement("initial") / notional, found.requirement() / notional

    assert rate(1) == pytest.approx((0.05, 0.024), rel=1e-6)
    by_size = 1e-6 * (50_000 * 50) ** 0.8
    assert rate(50) == pytest.approx((by_size, by_size * 0.6), rel=1e-6)


def test_span_of_the_published_strangle() -> None:
    call, put = "BTC/USDT:USDT-260131-21000-C", "BTC/USDT:USDT-260131-19000-P"
    found = assessed(
        "span",
        "deribit",
        as_of="2026-01-01T08:00:00Z",
        index={"BTC": 20_000, "USDT": 1},
        listings={call: {"mark": 52.0865085, "vol": 0.15}, put: {"mark": 52.0865085, "vol": 0.15}},
        forwards={("BTC", "2026-01-31T08:00:00Z"): 20_000},
        positions={call: -1, put: -1},
    )
    assert found.node("scan_risk") == pytest.approx(915.768752, abs=1e-4)
    assert found.node("net_option_value") == pytest.approx(-104.173017, abs=1e-5)
    assert found.requirement() == pytest.approx(1_019.941769, abs=1e-3)


def test_span_charges_matched_months_on_their_net_deltas() -> None:
    march, june = "BTC/USDT:USDT-260327", "BTC/USDT:USDT-260626"
    found = assessed(
        "span",
        "deribit",
        index={"BTC": 20_000, "USDT": 1},
        listings={march: {"mark": 20_000}, june: {"mark": 20_000}},
        positions={march: 3, june: -2},
    )
    assert found.node("scan_risk") == pytest.approx(0.093 * 20_000, abs=1e-3)
    assert found.node("inter_month") == pytest.approx(2 * 20_000 * 0.0175, abs=1e-3)


def test_a_short_option_pays_at_least_the_minimum_and_a_pair_gets_its_credit() -> None:
    call = "BTC/USDT:USDT-260327-90000-C"
    found = assessed(
        "span",
        "deribit",
        index={"BTC": 20_000, "ETH": 1_000, "USDT": 1},
        listings={
            call: {"mark": 0.0, "vol": 0.2},
            "BTC/USDT:USDT": {"mark": 20_000},
            "ETH/USDT:USDT": {"mark": 1_000},
        },
        forwards={("BTC", "2026-03-27T08:00:00Z"): 20_000},
        positions={call: -10},
        overrides={"short_option_minimum": {"BTC": 300}},
    )
    assert found.requirement() == pytest.approx(3_000, abs=1e-3)
    spread = assessed(
        "span",
        "deribit",
        index={"BTC": 20_000, "ETH": 1_000, "USDT": 1},
        listings={"BTC/USDT:USDT": {"mark": 20_000}, "ETH/USDT:USDT": {"mark": 1_000}},
        positions={"BTC/USDT:USDT": 1, "ETH/USDT:USDT": -10},
        overrides={"inter_commodity_credit": 0.5},
    )
    alone = 0.093 * (20_000 + 10_000)
    assert spread.requirement() == pytest.approx(alone - 0.5 * 0.093 * 20_000, abs=1e-3)


def test_the_grid_of_ten_prices_takes_the_worst_point_and_a_minimum_per_option() -> None:
    perpetual, call = "BTC/USDT:USDT", "BTC/USDT:USDT-260327-90000-C"
    words = {
        "index": {"BTC": 20_000, "USDT": 1},
        "listings": {perpetual: {"mark": 20_000}, call: {"mark": 0.0, "vol": 0.2}},
        "forwards": {("BTC", "2026-03-27T08:00:00Z"): 20_000},
        "overrides": {
            "range_up": {"BTC": 0.06},
            "range_down": {"BTC": 0.08},
            "minimum_per_unit": 0.375,
        },
    }
    assert assessed("tims", "deribit", positions={perpetual: 1}, **words).requirement() == (
        pytest.approx(0.08 * 20_000, abs=1e-3)
    )
    assert assessed("tims", "deribit", positions={perpetual: -1}, **words).requirement() == (
        pytest.approx(0.06 * 20_000, abs=1e-3)
    )
    assert assessed("tims", "deribit", positions={call: -100}, **words).requirement() == (
        pytest.approx(37.5, abs=1e-3)
    )


@pytest.mark.parametrize(
    ("index", "strike", "premium", "rate", "requirement"),
    [(1095, 1120, 2.5, 0.15, 14_175), (65, 68, 1.5, 0.20, 1_150)],
)
def test_a_naked_call_pays_premium_and_a_share_of_the_index(
    index: float, strike: int, premium: float, rate: float, requirement: float
) -> None:
    call = f"BTC/USDT:USDT-260131-{strike}-C"
    found = assessed(
        "reg-t",
        "deribit",
        index={"BTC": index, "USDT": 1},
        listings={call: {"mark": premium, "contract_size": 100, "vol": 0.2}},
        forwards={("BTC", "2026-01-31T08:00:00Z"): index},
        positions={call: -1},
        overrides={"rate": {"BTC": rate}},
    )
    assert found.requirement() == pytest.approx(requirement, abs=1e-3)
