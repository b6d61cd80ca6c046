"""Every figure can say why: parts of every node add up to it, for every recipe and any book."""

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings

from crossmargin.api import load_book, load_market
from crossmargin.domain.book import Book
from crossmargin.wire.market import MarketInput
from tests.rulebook.books import NINE, account, book, figures
from tests.rulebook.drawn import books
from tests.rulebook.trees import check_parts, node, nodes, parts

EXAMPLES = Path(__file__).parents[2] / "examples"


@cache
def fund() -> tuple[Book, MarketInput]:
    market = load_market(EXAMPLES / "market.json")
    return load_book(EXAMPLES / "fund.json", market), market


@pytest.mark.parametrize("name", NINE)
def test_parts_of_every_node_add_up_for_every_account_of_the_fund(name: str) -> None:
    held, market = fund()
    found = figures(name, held, market)
    assert len(found) == len(held.accounts)
    assert sum(check_parts(each) for each in found) > 4 * len(found)


@pytest.mark.parametrize("name", NINE)
@settings(max_examples=15)
@given(held=books(2))
def test_parts_of_every_node_add_up_for_any_book(name: str, held: Book) -> None:
    for found in figures(name, held):
        check_parts(found)


@pytest.mark.parametrize("name", NINE)
def test_what_a_maximum_did_not_choose_is_shown_and_marked(name: str) -> None:
    held, market = fund()
    for found in figures(name, held, market):
        for _, requirement in found.trees.values():
            for each in nodes(requirement):
                if each.operation in ("max", "min"):
                    assert sum(child.winner for child in each.children) == 1
                    (chosen,) = [child for child in each.children if child.winner]
                    assert chosen.amount == each.amount


def test_a_leaf_says_what_drove_it_and_a_hedge_relieves() -> None:
    held = book(
        account(
            "a",
            positions={"BTC/USD:BTC-261225-70000-C": -30, "BTC/USD:BTC": 120_000},
            balances={"BTC": 5},
        )
    )
    (found,) = figures("deribit-portfolio", held)
    worst = node(found, "worst_case")
    assert worst.driver == "price +16 %, vol up"
    lost = parts(worst)
    assert lost["deribit:BTC/USD:BTC-261225-70000-C"] > 0
    assert lost["deribit:BTC/USD:BTC"] < 0
    assert lost["BTC"] < 0


def test_the_tier_that_is_reached_is_named() -> None:
    held = book(account("a", "binance", {"BTC/USDT:USDT": 5}, {"USDT": 90_000}))
    (found,) = figures("cross-tiered", held)
    # 300,100 dollars lie in the third bracket.
    assert node(found, "futures_maintenance").driver == "tier 3"
