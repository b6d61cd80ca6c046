import csv
from collections import Counter
from pathlib import Path

import pytest

from crossmargin.base.failure import Failure, Reason
from crossmargin.domain.symbol import resolve_symbol
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.native import (
    Market,
    native_of_instrument,
    unified_of_native,
    unified_of_pair,
)

LISTINGS = Path(__file__).parents[1] / "data" / "perp_listings_delistings_6_venues.csv"

NAMES = [
    ("deribit", "BTC-PERPETUAL", None, "BTC/USD:BTC"),
    ("deribit", "BTC-25DEC26", None, "BTC/USD:BTC-261225"),
    ("deribit", "BTC-7AUG26", None, "BTC/USD:BTC-260807"),
    ("deribit", "BTC-25DEC26-100000-C", None, "BTC/USD:BTC-261225-100000-C"),
    ("deribit", "BTC_USDC-PERPETUAL", None, "BTC/USDC:USDC"),
    ("deribit", "SOL_USDC-25DEC26-200-P", None, "SOL/USDC:USDC-261225-200-P"),
    ("deribit", "XRP_USDC-25DEC26-0d55-C", None, "XRP/USDC:USDC-261225-0.55-C"),
    ("deribit", "BTC_USDC", None, "BTC/USDC"),
    ("okx", "BTC-USDT-SWAP", None, "BTC/USDT:USDT"),
    ("okx", "LTC-USDT-SWAP", None, "LTC/USDT:USDT"),
    ("okx", "BTC-USD-SWAP", None, "BTC/USD:BTC"),
    ("okx", "BTC-USDT", None, "BTC/USDT"),
    ("okx", "BTC-USD-261225", None, "BTC/USD:BTC-261225"),
    ("okx", "ETH-USDT-261225", None, "ETH/USDT:USDT-261225"),
    ("okx", "BTC-USD-261225-100000-C", None, "BTC/USD:BTC-261225-100000-C"),
    ("binance", "BTCUSDT", Market.LINEAR, "BTC/USDT:USDT"),
    ("binance", "BTCUSDT", Market.SPOT, "BTC/USDT"),
    ("binance", "BTCUSDC", Market.LINEAR, "BTC/USDC:USDC"),
    ("binance", "1000PEPEUSDT", Market.LINEAR, "1000PEPE/USDT:USDT"),
    ("binance", "BTCUSDT_261225", Market.LINEAR, "BTC/USDT:USDT-261225"),
    ("binance", "BTCUSD_PERP", Market.INVERSE, "BTC/USD:BTC"),
    ("binance", "BTCUSD_261225", Market.INVERSE, "BTC/USD:BTC-261225"),
    ("binance", "BTC-261225-100000-C", Market.OPTION, "BTC/USDT:USDT-261225-100000-C"),
    ("bybit", "BTCUSDT", Market.LINEAR, "BTC/USDT:USDT"),
    ("bybit", "BTCUSDT", Market.SPOT, "BTC/USDT"),
    ("bybit", "BTCPERP", Market.LINEAR, "BTC/USDC:USDC"),
    ("bybit", "BTCUSD", Market.INVERSE, "BTC/USD:BTC"),
    ("bybit", "BTCUSDT-25DEC26", Market.LINEAR, "BTC/USDT:USDT-261225"),
    ("bybit", "BTC-25DEC26", Market.LINEAR, "BTC/USDC:USDC-261225"),
    ("bybit", "BTC-25DEC26-100000-C", Market.OPTION, "BTC/USDC:USDC-261225-100000-C"),
    ("bybit", "BTC-25DEC26-100000-C-USDT", Market.OPTION, "BTC/USDT:USDT-261225-100000-C"),
    ("bybit", "BTC3LUSDT", Market.SPOT, "BTC3L/USDT"),
    ("dydx", "BTC-USD", None, "BTC/USDC:USDC"),
    ("hyperliquid", "BTC", None, "BTC/USDC:USDC"),
    ("hyperliquid", "PURR/USDC", None, "PURR/USDC"),
]


@pytest.mark.parametrize(("venue", "name", "market", "unified"), NAMES)
def test_a_native_name_is_the_unified_symbol_and_back(
    venue: str, name: str, market: Market | None, unified: str
) -> None:
    assert unified_of_native(venue, name, market, "symbol") == unified
    resolved = resolve_symbol(unified, bundled_registry())
    assert not isinstance(resolved, Failure)
    assert native_of_instrument(venue, resolved.instrument, resolved.multiplier) == name


@pytest.mark.parametrize(
    ("venue", "name", "market"),
    [
        ("hyperliquid", "kPEPE", None),
        ("bybit", "SHIB1000USDT", Market.LINEAR),
        ("binance", "1000SHIBUSDT", Market.LINEAR),
        ("binance", "1MBABYDOGEUSDT", Market.LINEAR),
        ("bybit", "1000000MOGUSDT", Market.LINEAR),
    ],
)
def test_each_venue_spells_a_multiplied_coin_in_its_own_way(
    venue: str, name: str, market: Market | None
) -> None:
    unified = unified_of_native(venue, name, market, "symbol")
    assert isinstance(unified, str)
    resolved = resolve_symbol(unified, bundled_registry())
    assert not isinstance(resolved, Failure)
    assert resolved.multiplier in (1000, 1_000_000)
    assert native_of_instrument(venue, resolved.instrument, resolved.multiplier) == name


@pytest.mark.parametrize(
    ("venue", "name", "market", "reason"),
    [
        ("dydx", "BTC-USDC", None, Reason.UNKNOWN_SYMBOL),
        ("hyperliquid", "@107", None, Reason.UNKNOWN_SYMBOL),
        ("hyperliquid", "xyz:TSLA", None, Reason.UNKNOWN_SYMBOL),
        ("deribit", "BTC-FS-25DEC26_PERP", None, Reason.UNKNOWN_SYMBOL),
        ("deribit", "BTC-25DEZ26", None, Reason.UNKNOWN_SYMBOL),
        ("deribit", "BTC", None, Reason.UNKNOWN_SYMBOL),
        ("binance", "BTCUSDT", None, Reason.UNKNOWN_SYMBOL),
        ("binance", "BTCUSDT_PERP", Market.LINEAR, Reason.UNKNOWN_SYMBOL),
        ("binance", "BTCUSD", Market.INVERSE, Reason.UNKNOWN_SYMBOL),
        ("bybit", "BTCUSDZ26", Market.INVERSE, Reason.UNKNOWN_SYMBOL),
        ("bybit", "BTCUSDT", None, Reason.UNKNOWN_SYMBOL),
        ("okx", "ВТС-USDT-SWAP", None, Reason.LOOK_ALIKE),
        ("kraken", "PF_XBTUSD", None, Reason.UNSUPPORTED),
    ],
)
def test_a_name_that_does_not_tell_is_a_failure(
    venue: str, name: str, market: Market | None, reason: Reason
) -> None:
    refused = unified_of_native(venue, name, market, "row")
    assert isinstance(refused, Failure)
    assert refused.reason is reason


def test_every_odd_but_real_symbol_is_read_or_named_as_unknown() -> None:
    registry = bundled_registry()
    outcomes: Counter[str] = Counter()
    multiplied: set[str] = set()
    with LISTINGS.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            unified = unified_of_pair(row["symbol"], Market.LINEAR)
            assert unified is not None
            resolved = resolve_symbol(unified, registry, row["exchange"])
            if isinstance(resolved, Failure):
                outcomes[resolved.reason.value] += 1
                assert row["symbol"].removesuffix("USDT") in resolved.message
            else:
                outcomes["read"] += 1
                if resolved.multiplier != 1:
                    multiplied.add(row["symbol"])
    assert outcomes == {"read": 659, "unknown_asset": 2696}
    assert {"1000PEPEUSDT", "SHIB1000USDT", "1MBABYDOGEUSDT"} <= multiplied
    assert len(multiplied) == 22
