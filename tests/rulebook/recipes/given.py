"""What a user must set to use recipes whose figures no source gives: illustrative figures."""

from typing import Any

COINS = ("BTC", "ETH", "SOL", "PEPE", "stETH")
MONEY = ("USD", "USDT", "USDC", "USDe")

GIVEN: dict[str, dict[str, Any]] = {
    "okx-portfolio": {
        "vol_relative": 0.5,
        "vega_spread": 0.1,
        "rate_shift": 0.02,
        "depeg_rates": [0.01, 0.02, 0.03],
    },
    "binance-portfolio-pro": {"collateral_rate": {"BTC": 0.95, "ETH": 0.95, "USDT": 1.0}},
    "bybit-portfolio": {
        "vol_up": 0.4,
        "vol_down": 0.3,
        "initial_factor": {"BTC": 1.2, "ETH": 1.25, "PEPE": 2.0},
        "short_option": {"BTC": 0.01, "ETH": 0.01, "PEPE": 0.02},
        "stable_spread": 0.002,
        "futures_factor": {"BTC": 0.005, "ETH": 0.005, "PEPE": 0.05},
        "price_range": {"BTC": 0.1, "ETH": 0.1, "SOL": 0.2, "PEPE": 0.3, "stETH": 0.1, "USDe": 0.0},
    },
    "coinbase-international": {
        "risk_parameter": {"BTC": 0.1, "ETH": 0.12, "PEPE": 0.5},
        "volume_share": 0.05,
    },
    "tims": {
        "range_up": {**dict.fromkeys(COINS, 0.2), **dict.fromkeys(MONEY, 0.0)},
        "range_down": {**dict.fromkeys(COINS, 0.15), **dict.fromkeys(MONEY, 0.0)},
        "minimum_per_unit": 0.375,
    },
    "orderly": {
        "base_initial": {"BTC": 0.05, "ETH": 0.05, "PEPE": 0.1},
        "base_maintenance": {"BTC": 0.03, "ETH": 0.03, "PEPE": 0.06},
        "size_factor": {"BTC": 1e-7, "ETH": 1e-7, "PEPE": 1e-5},
    },
    "cvex": {
        "alpha": {**dict.fromkeys(COINS, 0.1), "SOL": 0.2, "PEPE": 0.4},
        # Correlated by a third: twice a covariance.
        "beta": 0.006,
        "gamma": 0.01,
        "initial_factor": 1.25,
    },
}

VENUES = (
    "binance-coinm",
    "binance-portfolio-pro",
    "binance-usdm",
    "bitmex",
    "bybit-cross",
    "bybit-portfolio",
    "coinbase-international",
    "cvex",
    "deribit-cross-standard",
    "deribit-portfolio",
    "deribit-segregated-portfolio",
    "deribit-standard",
    "ftx-historic",
    "hyperliquid",
    "hyperliquid-portfolio",
    "isda-simm",
    "kraken",
    "okx-multi-currency",
    "okx-portfolio",
    "orderly",
    "reg-t",
    "schedule-im",
    "span",
    "tims",
)
"""The recipes of exchanges and clearing houses."""
