"""Random books over the listings of the test market."""

from typing import Any

from hypothesis import strategies as st

from crossmargin.domain.book import Book
from tests.rulebook.books import FUTURES, OPTIONS, PERPETUALS, account, book

LISTINGS = (*PERPETUALS, *FUTURES, *OPTIONS)
SCALE = {"deribit:BTC/USD:BTC": 1_000, "deribit:ETH/USD:ETH": 1_000}
"""Contracts of a dollar and of a thousandth of a cent come in larger numbers."""
SCALE |= dict.fromkeys(FUTURES, 1_000)
SCALE |= {"okx:BTC/USDT:USDT": 100, "binance:PEPE/USDT:USDT": 10**9}
SCALE |= {"binance:1000PEPE/USDT:USDT": 10**6}
COINS = {"BTC": 2, "ETH": 30, "USDT": 100_000, "USDC": 100_000, "stETH": 20, "SOL": 400}


@st.composite
def accounts(draw: st.DrawFn, name: str = "a", venue: str | None = None) -> dict[str, Any]:
    """One account at one venue: up to five positions, up to three assets, perhaps a debt."""
    at = venue or draw(st.sampled_from(["deribit", "deribit", "binance", "bybit", "okx"]))
    listings = [listing for listing in LISTINGS if listing.startswith(f"{at}:")]
    held = draw(st.lists(st.sampled_from(listings), unique=True, max_size=5))
    positions = {
        listing.split(":", 1)[1]: draw(st.integers(-50, 50).filter(bool)) * SCALE.get(listing, 1)
        for listing in held
    }
    coins = draw(st.lists(st.sampled_from(sorted(COINS)), unique=True, max_size=3))
    balances = {coin: draw(st.integers(-20, 100)) * COINS[coin] / 10 for coin in coins}
    return account(name, at, positions, balances)


@st.composite
def books(draw: st.DrawFn, count: int = 3) -> Book:
    """A book of `count` accounts."""
    return book(*(draw(accounts(name)) for name in "abcdef"[:count]))
