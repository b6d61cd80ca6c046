"""Whole books and markets in few words, through the one path from JSON to figures."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from crossmargin.api import Prepared, prepare
from crossmargin.domain.book import Book
from crossmargin.rulebook.account_figures import account_figures
from crossmargin.rulebook.pocket import Pockets, assess_pockets
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.statement_types import AccountFigures, LevelFigures
from crossmargin.wire.assets import bundled_registry, bundled_terms
from crossmargin.wire.book import parse_book
from crossmargin.wire.bundle import read_bundled
from crossmargin.wire.market import MarketInput, read_market
from crossmargin.wire.recipes import bundled_recipe, read_recipe

AS_OF = "2026-08-08T00:00:00Z"
EXPIRY = "2026-12-25T08:00:00Z"

INDEX = {
    "USD": 1.0,
    "USDT": 1.0,
    "USDC": 1.0,
    "USDe": 1.0,
    "BTC": 60_000.0,
    "ETH": 3_000.0,
    "stETH": 2_985.0,
    "SOL": 100.0,
    "PEPE": 0.00001,
}
FORWARD = {"BTC": 61_000.0, "ETH": 3_050.0}
VOL = {"BTC": 0.50, "ETH": 0.60}
STRIKES = {"BTC": (50_000, 60_000, 70_000), "ETH": (2_500, 3_000, 3_500)}

PERPETUALS = {
    "deribit:BTC/USD:BTC": 60_000.0,
    "deribit:ETH/USD:ETH": 3_000.0,
    "okx:BTC/USDT:USDT": 60_010.0,
    "binance:BTC/USDT:USDT": 60_020.0,
    "bybit:BTC/USDT:USDT": 60_000.0,
    "hyperliquid:BTC/USDC:USDC": 59_990.0,
    "binance:ETH/USDT:USDT": 3_001.0,
    "bybit:ETH/USDT:USDT": 3_000.0,
    "binance:PEPE/USDT:USDT": 0.00001,
    "binance:1000PEPE/USDT:USDT": 0.01,
}
FUTURES = {"deribit:BTC/USD:BTC-261225": 61_000.0, "deribit:ETH/USD:ETH-261225": 3_050.0}
OPTIONS = tuple(
    f"deribit:{coin}/USD:{coin}-261225-{strike}-{right}"
    for coin, strikes in STRIKES.items()
    for strike in strikes
    for right in "CP"
)

NINE = (
    "cross-tiered",
    "deribit-portfolio",
    "deribit-standard",
    "greeks",
    "historical-es",
    "house",
    "isolated-tiered",
    "net-delta",
    "paradex-portfolio",
)
"""The recipes of no single decentralised venue: what the tests below hold for each of them."""


def market_json(
    index: Mapping[str, float] | None = None,
    marks: Mapping[str, float | None] | None = None,
    vols: Mapping[str, float | None] | None = None,
    forwards: Mapping[str, float] | None = None,
) -> bytes:
    """A market of every listing above, with changes: None takes a figure away."""
    prices = {**INDEX, **(index or {})}
    quoted: dict[str, float | None] = {**PERPETUALS, **FUTURES, **(marks or {})}
    listings: list[dict[str, Any]] = [
        {"listing": name, "funding_rate_per_hour": 0.00001}
        | ({} if mark is None else {"mark": mark})
        for name, mark in quoted.items()
    ]
    for name in dict.fromkeys([*OPTIONS, *(vols or {})]):
        coin = name.split(":")[1].split("/")[0]
        vol = (vols or {}).get(name, VOL[coin])
        listings.append({"listing": name} | ({} if vol is None else {"vol": vol}))
    return json.dumps(
        {
            "schema": "crossmargin/market/1",
            "as_of": AS_OF,
            "sequence": 1,
            "source": "a test",
            "history": {
                "prices": "package:btc_eth_daily_close_premium_2017_2026.csv",
                "vol_index": "package:deribit_dvol_daily_2021_2026.csv",
            },
            "assets": [_asset(code, price) for code, price in prices.items()],
            "expiries": [
                {"underlying": coin, "expiry": EXPIRY, "forward": forward, "rate": 0}
                for coin, forward in {**FORWARD, **(forwards or {})}.items()
            ],
            "listings": listings,
        }
    ).encode()


def _asset(code: str, price: float) -> dict[str, Any]:
    # An index need not be a plain decimal in binary; its low and high lie around it.
    return {
        "asset": code,
        "index": price,
        "low": price * 0.999 if code != "USD" else price,
        "high": price * 1.001 if code != "USD" else price,
        "twap": price,
        "adv": 1e10,
        "depth": 1e8,
        "half_spread_frac": 0.0001,
        "vol_index": 0.5,
    }


def read(data: bytes) -> MarketInput:
    return read_market(data, read_bundled, bundled_registry(), bundled_terms())


@cache
def market() -> MarketInput:
    """The market without changes."""
    return read(market_json())


def entry_price(listing: str) -> float:
    """A price at which a position may have been opened: the mark, or a fair one of an option."""
    return {**PERPETUALS, **FUTURES}.get(listing, 0.05)


def account(
    name: str,
    venue: str = "deribit",
    positions: Mapping[str, Any] | Sequence[tuple[str, Any]] = (),
    balances: Mapping[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """One account: positions by unified symbol, as contracts or as tables, opened at the mark."""
    rows = positions.items() if isinstance(positions, Mapping) else positions
    return {
        "id": name,
        "entity": "desk",
        "venue": venue,
        "positions": [_position(venue, symbol, said) for symbol, said in rows],
        "balances": [
            {"asset": asset, "amount": str(amount)} for asset, amount in (balances or {}).items()
        ]
        + more.pop("held", []),
        **more,
    }


def _position(venue: str, symbol: str, said: Any) -> dict[str, Any]:
    row = dict(said) if isinstance(said, Mapping) else {"contracts": str(said)}
    if "cost" not in row and "entry_price" not in row and not row.pop("no_entry", False):
        row["entry_price"] = f"{entry_price(f'{venue}:{symbol}'):.5f}"
    return {"listing": symbol, **row}


def book(*accounts: Mapping[str, Any], **tables: Any) -> Book:
    document = {
        "schema": "crossmargin/book/1",
        "entities": [{"id": "desk", "name": "A desk", "house": True}],
        "accounts": list(accounts),
        **tables,
    }
    as_of_ns = market().snapshot.as_of_ns
    return parse_book(json.dumps(document).encode(), as_of_ns=as_of_ns)


def recipe_named(recipe: str | Recipe) -> Recipe:
    """A recipe itself, a bundled one by its name, or one written out."""
    if isinstance(recipe, Recipe):
        return recipe
    return read_recipe(recipe.encode()) if "\n" in recipe else _bundled(recipe)


@cache
def _bundled(name: str) -> Recipe:
    return bundled_recipe(name)


def prepared(held: Book, over: MarketInput | None = None) -> Prepared:
    return prepare(held, over or market())


def assessed(
    recipe: str | Recipe, held: Book, over: MarketInput | None = None, *, explain: bool = False
) -> Pockets:
    """The recipe's answer for every account of the book."""
    ready = prepared(held, over)
    return assess_pockets(recipe_named(recipe), ready.columns, ready.priced, explain=explain)


def figures(
    recipe: str | Recipe,
    held: Book,
    over: MarketInput | None = None,
    *,
    betas: Mapping[str, float] | None = None,
) -> tuple[AccountFigures, ...]:
    """Every account's figures with the trees that explain them; `betas` ask for moves too."""
    ready = prepared(held, over)
    found = assess_pockets(recipe_named(recipe), ready.columns, ready.priced, explain=True)
    return tuple(
        account_figures(
            held, ready.columns, ready.priced, found, number, betas=betas, reported=True
        )
        for number in range(ready.columns.accounts_count)
    )


def level(found: AccountFigures, name: str = "maintenance") -> LevelFigures:
    return next(each for each in found.levels if each.name == name)


def requirement(recipe: str | Recipe, *accounts: Mapping[str, Any], at: str = "initial") -> float:
    """The requirement of the first account, in the summary's currency."""
    summary = assessed(recipe, book(*accounts)).summary
    return float(summary.levels[at].requirement[0]) * 2.0**summary.tick_exponent
