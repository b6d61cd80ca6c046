"""A candidate trade: what it would change is what it does change."""

from decimal import Decimal
from typing import Any

import pytest

import crossmargin
from crossmargin.base.failure import InputRefused
from crossmargin.domain.book import Book
from crossmargin.wire.market import MarketInput

CALL = {
    "listing": "BTC/USD:BTC-261225-100000-C",
    "contracts": "10",
    "entry_price": "0.02",
}


@pytest.fixture(scope="module")
def market() -> MarketInput:
    return crossmargin.load_market("examples/market.json")


@pytest.fixture(scope="module")
def book(market: MarketInput) -> Book:
    return crossmargin.load_book("examples/fund.json", market)


def document(positions: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "schema": "crossmargin/book/1",
        "entities": [{"id": "desk", "name": "desk", "house": True}],
        "accounts": [
            {
                "id": "one",
                "entity": "desk",
                "venue": "deribit",
                "recipe": "paradex-portfolio",
                "positions": positions,
                "balances": [{"asset": "USDC", "amount": "1000000"}],
            }
        ],
    }


def test_an_increment_is_the_difference_once_the_trade_is_real(market: MarketInput) -> None:
    held = {"listing": "BTC/USD:BTC", "contracts": "-500000", "entry_price": "64000"}
    before = crossmargin.load_book(document([held]), market)
    after = crossmargin.load_book(document([held, CALL]), market)
    asked = crossmargin.what_if(before, market, "one", [CALL])
    real = crossmargin.margin(after, market, liquidation=False).statement.columns[0].rows[0]
    for change, level in zip(asked.levels, real.levels, strict=True):
        assert change.after == level
        assert change.requirement_increment == level.requirement - change.before.requirement
    assert real.net_liquidation_value is not None


def test_a_hedge_costs_less_than_nothing(book: Book, market: MarketInput) -> None:
    change = crossmargin.what_if(book, market, "deribit-main", [CALL])
    for level in change.levels:
        assert level.requirement_increment is not None
        assert level.requirement_increment < 0
        assert level.marginal_requirement is not None
        assert level.marginal_requirement < 0


def test_a_trade_without_brackets_costs_per_part_what_it_costs_whole(market: MarketInput) -> None:
    alone = crossmargin.load_book(document([]), market)
    trade = {"listing": "BTC/USD:BTC", "contracts": "1000000", "entry_price": "64807.61"}
    change = crossmargin.what_if(alone, market, "one", [trade])
    initial = change.levels[0]
    assert initial.requirement_increment == pytest.approx(
        initial.marginal_requirement, rel=Decimal("0.001")
    )


def test_asking_changes_nothing(book: Book, market: MarketInput) -> None:
    first = crossmargin.what_if(book, market, "deribit-main", [CALL])
    assert crossmargin.what_if(book, market, "deribit-main", [CALL]) == first
    assert len(book.positions) == 14


def test_a_trade_in_nothing_known_is_refused_by_name(book: Book, market: MarketInput) -> None:
    with pytest.raises(InputRefused, match="positions"):
        crossmargin.what_if(book, market, "deribit-main", [{**CALL, "listing": "BTC/USD:BTCC"}])
    with pytest.raises(InputRefused, match="no account"):
        crossmargin.what_if(book, market, "nobody", [CALL])
