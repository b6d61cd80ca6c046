"""Recorded accounts of venues beside our figures: what agrees, and where the rest differs."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crossmargin import api
from crossmargin.rulebook.reconcile import Reconciled, reconcile, worst_status
from tests.style.sources import ROOT

PAYLOADS = ROOT / "tests" / "data" / "payloads"


def payload(name: str) -> Any:
    return json.loads((PAYLOADS / f"{name}.json").read_text())["raw"]


def reconciled(
    name: str,
    wire: str,
    recipe: str,
    *,
    marks: Mapping[str, str],
    index: Mapping[str, str],
    overrides: Mapping[str, Any] | None = None,
    settings: Mapping[str, str] | None = None,
    sizes: Mapping[str, str] | None = None,
    reported: Mapping[str, Any] | None = None,
) -> dict[str, Reconciled]:
    """What the venue reports in one message, by account and figure."""
    venue = wire.split(".", maxsplit=1)[0]
    market = {
        "schema": "crossmargin/market/1",
        "as_of": "2026-01-01T00:00:00Z",
        "sequence": 1,
        "source": f"the marks of {name}",
        "assets": [{"asset": code, "index": price} for code, price in index.items()],
        "listings": [
            {"listing": f"{venue}:{symbol}", "mark": mark} for symbol, mark in marks.items()
        ],
    }
    account = {
        "id": "main",
        "entity": "owner",
        "venue": venue,
        "recipe": recipe,
        "settings": dict(settings or {}),
        "recorded": [{"format": wire, "payload": payload(name)}],
    }
    if reported is not None:
        account["reported"] = reported
    book = {
        "schema": "crossmargin/book/1",
        "entities": [{"id": "owner", "name": "Owner", "house": True}],
        "listings": [
            {"venue": venue, "symbol": symbol, "contract_size": size}
            for symbol, size in (sizes or {}).items()
        ],
        "accounts": [account],
    }
    read = api.load_market(json.dumps(market).encode())
    own = api.load_book(book, read)
    prepared = api.prepare(own, read)
    recipes = api.venue_recipes(own, recipe, overrides)
    rows = reconcile(
        own,
        prepared.columns,
        prepared.priced,
        recipes,
        betas=api.coin_betas(prepared.priced.assets),
    )
    return {row.figure: row for row in rows}


def agrees(row: Reconciled, relative: str) -> bool:
    assert row.difference is not None, row
    return abs(row.difference) <= abs(row.reported) * Decimal(relative)


def test_a_binance_position_is_reproduced_to_its_eighth_decimal() -> None:
    found = reconciled(
        "binance-ccxt-um-positionrisk-1",
        "binance.um_positions",
        "binance-usdm",
        marks={"BTC/USDT:USDT": "67502.68519858"},
        index={"BTC": "67502.68519858", "USDT": "1"},
        settings={"leverage": "80"},
    )
    assert agrees(found["maintenance"], "1e-8")
    assert agrees(found["initial"], "1e-8")


def test_a_binance_account_of_many_assets_is_reproduced_in_dollars() -> None:
    raw = payload("binance-ccxt-um-account-multiasset-1")
    position = next(row for row in raw["positions"] if Decimal(row["positionAmt"]))
    mark = Decimal(position["notional"]) / Decimal(position["positionAmt"])
    found = reconciled(
        "binance-ccxt-um-account-multiasset-1",
        "binance.um_account",
        "binance-usdm",
        marks={"BTC/USDT:USDT": str(mark)},
        index={"BTC": str(mark), "USDT": "1.000049826724879"},
        settings={"leverage": "80"},
    )
    assert agrees(found["initial"], "1e-7")
    assert agrees(found["maintenance"], "1e-6")


def test_a_bybit_position_is_reproduced_with_its_fee_to_close() -> None:
    found = reconciled(
        "bybit-gct-ws-position-1",
        "bybit.positions",
        "bybit-cross",
        marks={"XRP/USDT:USDT": "0.3374"},
        index={"XRP": "0.3374", "USDT": "1"},
        settings={"leverage": "10"},
        overrides={
            "taker_fee": 0.0006,
            "borrow_initial": {"USDT": 0.0},
            "borrow_maintenance": {"USDT": 0.0},
        },
    )
    assert agrees(found["maintenance"], "1e-9")
    assert agrees(found["initial"], "1e-9")


def test_at_the_fee_of_a_later_year_the_fee_to_close_is_the_component_that_differs() -> None:
    found = reconciled(
        "bybit-gct-ws-position-1",
        "bybit.positions",
        "bybit-cross",
        marks={"XRP/USDT:USDT": "0.3374"},
        index={"XRP": "0.3374", "USDT": "1"},
        settings={"leverage": "10"},
        overrides={
            "taker_fee": 0.0012,
            "borrow_initial": {"USDT": 0.0},
            "borrow_maintenance": {"USDT": 0.0},
        },
    )
    assert found["maintenance"].within is False
    assert worst_status(list(found.values())) is False


OKX = {"borrow_initial": 0.0, "borrow_maintenance": 0.0}


def okx_tier(symbol: str, maintenance: float) -> dict[str, Any]:
    return {
        **OKX,
        "contract_bounds": {symbol: []},
        "maintenance_rates": {symbol: [maintenance]},
        "initial_rates": {symbol: [0.0133]},
    }


def test_an_okx_swap_is_reproduced_with_the_rate_of_its_tier() -> None:
    found = reconciled(
        "okx-ccxt-swap-position-1",
        "okx.positions",
        "okx-multi-currency",
        marks={"LTC/USDT:USDT": "68.24"},
        index={"LTC": "68.2172", "USDT": "1"},
        sizes={"LTC/USDT:USDT": "0.001"},
        settings={"leverage": "3"},
        overrides=okx_tier("okx:LTC/USDT:USDT", 0.0065),
    )
    assert agrees(found["maintenance"], "1e-9")
    assert agrees(found["initial"], "1e-9")


def test_an_okx_position_of_another_moment_differs_by_a_ten_thousandth() -> None:
    found = reconciled(
        "okx-gct-grid-position-2",
        "okx.positions",
        "okx-multi-currency",
        marks={"BTC/USDT:USDT": "29849.7"},
        index={"BTC": "29849.7", "USDT": "1"},
        settings={"leverage": "5"},
        overrides=okx_tier("okx:BTC/USDT:USDT", 0.004),
    )
    assert agrees(found["maintenance"], "1.1e-4")
    assert not agrees(found["maintenance"], "0.9e-4")


def hyperliquid(name: str, leverage: float) -> dict[str, Any]:
    rows = [row["position"] for row in payload(name)["assetPositions"]]
    marks = {
        f"{row['coin']}/USDC:USDC": str(Decimal(row["positionValue"]) / abs(Decimal(row["szi"])))
        for row in rows
    }
    coins = {symbol.split("/")[0]: mark for symbol, mark in marks.items()}
    return {
        "marks": marks,
        "index": {**coins, "USDC": "1"},
        "sizes": dict.fromkeys(marks, "1"),
        "settings": {"leverage": "20"},
        "overrides": {
            "bounds": {code: [] for code in coins},
            "max_leverage": {code: [leverage] for code in coins},
        },
    }


def test_a_hyperliquid_account_of_2024_is_reproduced_with_its_own_leverage_caps() -> None:
    name = "hyperliquid-ccxt-clearinghouse-1"
    found = reconciled(name, "hyperliquid.clearinghouse", "hyperliquid", **hyperliquid(name, 50.0))
    for figure in ("equity", "initial", "maintenance"):
        assert agrees(found[figure], "1e-8")


def test_a_liquidation_beyond_the_moves_that_are_looked_at_has_no_figure_of_ours() -> None:
    name = "hyperliquid-sdk-userstate-1"
    found = reconciled(name, "hyperliquid.clearinghouse", "hyperliquid", **hyperliquid(name, 50.0))
    assert agrees(found["initial"], "1e-8")
    price = found["liquidation price hyperliquid:DYDX/USDC:USDC"]
    assert price.reported > 4 * Decimal("2.37")
    assert price.ours is None
    assert price.within is None
    assert worst_status(list(found.values())) is None


def test_an_isolated_hyperliquid_position_is_liquidated_where_the_venue_says() -> None:
    name = "hyperliquid-hummingbot-isolated-1"
    found = reconciled(name, "hyperliquid.clearinghouse", "hyperliquid", **hyperliquid(name, 50.0))
    assert agrees(found["equity"], "1e-9")


def test_a_dydx_subaccount_is_reproduced_at_the_oracle_price_of_its_equity() -> None:
    # Recorded 2025-08-01; the oracle price is (USDC - equity) / coins.
    oracle = (Decimal("82291.083758") - Decimal("25346.73993597")) / Decimal("0.491")
    found = reconciled(
        "dydx-ccxt-subaccount-1",
        "dydx.subaccount",
        "dydx-v4",
        marks={"BTC/USDC:USDC": str(oracle)},
        index={"BTC": str(oracle), "USDC": "1"},
        sizes={"BTC/USDC:USDC": "1"},
    )
    for figure in ("equity", "initial"):
        assert agrees(found[figure], "1e-8")


def test_reported_figures_are_no_input() -> None:
    words = {
        "marks": {"XRP/USDT:USDT": "0.3374"},
        "index": {"XRP": "0.3374", "USDT": "1"},
        "settings": {"leverage": "10"},
        "overrides": {"borrow_initial": {"USDT": 0.0}, "borrow_maintenance": {"USDT": 0.0}},
    }
    before = reconciled("bybit-gct-ws-position-1", "bybit.positions", "bybit-cross", **words)
    raw = payload("bybit-gct-ws-position-1")
    assert before["initial"].reported == Decimal(raw["data"][0]["positionIM"])
    assert before["initial"].ours != before["initial"].reported
