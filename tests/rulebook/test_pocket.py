"""Rulebooks in which each settlement currency stands alone."""

from decimal import Decimal

import numpy as np
import pytest

from crossmargin.rulebook.pocket import assess_pockets
from crossmargin.rulebook.standing import STANDINGS, Standing
from tests.rulebook.books import (
    account,
    assessed,
    book,
    figures,
    level,
    market_json,
    prepared,
    read,
    recipe_named,
)

D = Decimal
CALL = "BTC/USD:BTC-261225-60000-C"


def test_the_surplus_of_one_currency_helps_no_other() -> None:
    held = book(account("a", positions={"ETH/USD:ETH": 300_000}, balances={"BTC": 10, "ETH": 1.5}))
    found = assessed("deribit-standard", held)
    by_code = {pocket.reporting: pocket for pocket in found.pockets}
    assert set(by_code) == {"BTC", "ETH"}
    assert STANDINGS[by_code["BTC"].standing[0]] is Standing.HEALTHY
    assert STANDINGS[by_code["ETH"].standing[0]] is Standing.CALLED
    assert STANDINGS[found.summary.standing[0]] is Standing.CALLED
    buffer = found.summary.levels["initial"].buffer[0]
    assert buffer > 0
    # 100 coins at 2 % and 0.0004 for their size, against one coin and a half.
    pocket = by_code["ETH"].levels["initial"]
    short = (float(pocket.requirement[0]) - float(pocket.equity[0])) * 2.0**-30
    assert short == pytest.approx(100 * (0.02 + 100 * 0.000004) - 1.5, abs=1e-8)


def test_the_lowest_buffer_is_that_of_the_poorest_pocket() -> None:
    held = book(account("a", positions={"ETH/USD:ETH": 300_000}, balances={"BTC": 10, "ETH": 0.5}))
    found = assessed("deribit-standard", held)
    lowest = float(found.lowest_buffer[0]) * 2.0**found.summary.tick_exponent
    assert lowest == pytest.approx(3_000 * (0.5 - 100 * (0.01 + 100 * 0.000004)), abs=1e-4)
    assert STANDINGS[found.summary.standing[0]] is Standing.LIQUIDATING


def test_pockets_are_added_up_at_the_index_and_their_trees_stay_in_their_coins() -> None:
    own = account("a", positions={CALL: -1}, balances={"BTC": 2, "USDC": 1_000})
    (found,) = figures("deribit-standard", book(own))
    assert (found.reporting, level(found).equity) == ("USD", D(121_000))
    equity, requirement = found.trees["maintenance"]
    assert {part.holding: part.amount for part in equity.parts} == {"BTC": 120_000, "USDC": 1_000}
    (bitcoin,) = requirement.children
    assert (bitcoin.group, requirement.amount) == ("BTC", level(found).requirement)
    assert bitcoin.amount is not None
    assert abs(bitcoin.amount * 60_000 - requirement.amount) < D("0.01")


def test_a_pocket_that_nobody_can_tell_hides_none_that_liquidates() -> None:
    blind = read(market_json(marks={"deribit:BTC/USD:BTC": None}))
    rows = {"BTC/USD:BTC": 1_000, "ETH/USD:ETH": 300_000}
    short = book(account("a", positions=rows, balances={"BTC": 1, "ETH": 0.5}))
    found = assessed("deribit-standard", short, blind)
    assert STANDINGS[found.summary.standing[0]] is Standing.LIQUIDATING
    assert np.isnan(found.lowest_buffer[0])
    rich = book(account("a", positions=rows, balances={"BTC": 1, "ETH": 50}))
    found = assessed("deribit-standard", rich, blind)
    assert STANDINGS[found.summary.standing[0]] is Standing.UNAVAILABLE


def test_a_currency_that_nobody_holds_is_no_pocket() -> None:
    ready = prepared(book(account("a", balances={"BTC": 1})))
    found = assess_pockets(recipe_named("deribit-standard"), ready.columns, ready.priced)
    assert [pocket.reporting for pocket in found.pockets] == ["BTC"]
