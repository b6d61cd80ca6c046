"""Twelve open orders under every recipe of perpetuals: no choice of fills, of all 4,096, needs more
than the resting orders do.
"""

import itertools
from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np
import pytest
from numpy.typing import NDArray

from crossmargin.domain.columns import BalanceColumns, BookColumns, PositionColumns
from crossmargin.rulebook.pocket import assess_pockets
from crossmargin.rulebook.pool import take_orders
from crossmargin.rulebook.run import PricedMarket
from crossmargin.valuation.unit_value import unit_value
from tests.rulebook.recipes.given import GIVEN
from tests.rulebook.recipes.venue_book import account_of

Rows = TypeVar("Rows", PositionColumns, BalanceColumns)

LINEAR = {"BTC": 50_000, "ETH": 2_000}
DOLLARS = {"BTC": 200_000, "ETH": 50_000}
CASES = {
    "binance-usdm": ("binance", "USDT", LINEAR),
    "binance-portfolio-pro": ("binance", "USDT", LINEAR),
    "binance-coinm": ("binance", None, {"BTC": 50_000}),
    "bybit-cross": ("bybit", "USDT", {"BTC": 50_000}),
    "bybit-portfolio": ("bybit", "USDT", LINEAR),
    "coinbase-international": ("coinbase", "USDC", LINEAR),
    "cross-tiered": ("okx", "USDT", LINEAR),
    "deribit-cross-standard": ("deribit", "USDC", LINEAR),
    "deribit-portfolio": ("deribit", "USDC", LINEAR),
    "deribit-segregated-portfolio": ("deribit", "USDC", LINEAR),
    "deribit-standard": ("deribit", None, LINEAR),
    "ftx-historic": ("ftx", "USD", LINEAR),
    "hyperliquid": ("hyperliquid", "USDC", LINEAR),
    "hyperliquid-portfolio": ("hyperliquid", "USDC", LINEAR),
    "kraken": ("kraken", None, {"BTC": 50_000}),
    "bitmex": ("bitmex", None, {"BTC": 50_000}),
    "okx-multi-currency": ("okx", "USDT", {"ADA": 0.5, "ETH": 2_000}),
    "okx-portfolio": ("okx", "USDT", LINEAR),
    "orderly": ("orderly", "USDC", LINEAR),
    "paradex-cross": ("paradex", "USDC", LINEAR),
    "paradex-portfolio": ("paradex", "USDC", LINEAR),
    "span": ("deribit", "USDC", LINEAR),
    "tims": ("deribit", "USDC", LINEAR),
}
GIVEN_HERE: dict[str, dict[str, Any]] = {
    "span": {"price_scan_range": {"BTC": 0.1, "ETH": 0.12}},
    "ftx-historic": {"size_factor": {"BTC": 0.002, "ETH": 0.0004}},
}


@pytest.mark.parametrize("name", CASES)
def test_no_fill_of_twelve_orders_needs_more_than_the_orders_do(name: str) -> None:
    venue, settle, marks = CASES[name]
    symbols = {
        f"{coin}/USD:{coin}" if settle is None else f"{coin}/{settle}:{settle}": (coin, mark)
        for coin, mark in marks.items()
    }
    size = 1.0 if settle is None else 0.01
    rng = np.random.default_rng(12)
    sold = list(itertools.islice(itertools.cycle(itertools.product(symbols, ("buy", "sell"))), 12))
    lots = rng.integers(1, 60, 12) * (DOLLARS["BTC"] / 400 if settle is None else 10)
    held = {symbol: float(lots[i]) * (1 if i else -1) for i, symbol in enumerate(symbols)}
    own = account_of(
        name,
        venue,
        index={
            "USD": 1,
            "USDT": 1,
            "USDC": 1,
            **{coin: {"index": mark, "adv": 1e9} for coin, mark in marks.items()},
        },
        listings={
            symbol: {"mark": mark, "contract_size": size} for symbol, (_, mark) in symbols.items()
        },
        positions=held,
        balances={settle: 1_000_000} if settle else {next(iter(marks)): 90},
        orders=[
            {
                "listing": symbol,
                "side": side,
                "contracts": float(lots[i]),
                "limit_price": symbols[symbol][1],
            }
            for i, (symbol, side) in enumerate(sold)
        ],
        overrides={**GIVEN.get(name, {}), **GIVEN_HERE.get(name, {})},
    )
    columns, priced = own.prepared.columns, own.prepared.priced

    def needed(book: BookColumns) -> NDArray[np.float64]:
        found = assess_pockets(own.recipe, book, priced)
        return found.summary.levels["initial"].requirement

    resting = needed(columns)[0]
    filled = needed(every_fill(columns, priced))
    assert np.isfinite(filled).all()
    assert len(filled) == 4096
    assert len(np.unique(filled)) > 100
    # Ticks are rounded order by order.
    assert filled.max() <= resting + 40


def every_fill(book: BookColumns, priced: PricedMarket) -> BookColumns:
    """One account for each choice of the orders of a book of one account, filled at the mark."""
    o, p = book.orders, book.positions
    chosen = np.array(list(itertools.product((0.0, 1.0), repeat=len(o.account))))
    moved = chosen * o.side * o.contracts
    contracts = np.stack(
        [
            p.contracts[k] + moved[:, o.instrument == row].sum(axis=1)
            for k, row in enumerate(p.instrument)
        ],
        axis=1,
    )
    count = len(chosen)
    value = unit_value(book.universe, priced.market)
    many = _tiled(p, count)
    return replace(
        book,
        account_ids=tuple(f"case-{number}" for number in range(count)),
        owner=np.zeros(count, dtype=np.int64),
        positions=replace(
            many,
            contracts=contracts.reshape(-1),
            cost=contracts.reshape(-1) * value[many.instrument],
        ),
        balances=_tiled(book.balances, count),
        orders=take_orders(o, slice(0, 0), o.account),
    )


def _tiled(rows: Rows, count: int) -> Rows:
    """The rows of one account for `count` accounts, one after the other."""
    own: dict[str, Any] = {
        field.name: np.tile(getattr(rows, field.name), count)
        for field in fields(rows)
        if isinstance(getattr(rows, field.name), np.ndarray)
    }
    own["account"] = np.repeat(np.arange(count), len(rows.account))
    return replace(rows, **own)
