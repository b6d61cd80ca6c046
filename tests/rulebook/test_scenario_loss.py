import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from crossmargin.rulebook.scenario_loss import common_moves, losses_rise
from tests.rulebook.books import account, book, prepared, recipe_named

PERPETUAL = "BTC/USD:BTC"
FUTURE = "BTC/USD:BTC-261225"
CALL = "BTC/USD:BTC-261225-60000-C"
PUT = "BTC/USD:BTC-261225-60000-P"
ETHER = "ETH/USD:ETH"


def rises(
    before: Mapping[str, str],
    after: Mapping[str, str],
    *,
    recipe: str = "cross-tiered",
    unmarked: str | None = None,
) -> bool:
    """Whether a book that changes from `before` to `after` loses more in any scenario."""
    over = prepared(book(account("a", positions=before), account("b", positions=after)))
    priced = over.priced
    if unmarked is not None:
        row = over.columns.universe.listing_ids.index(f"deribit:{unmarked}")
        mark = priced.market.mark.copy()
        mark[row] = math.nan
        priced = replace(priced, market=replace(priced.market, mark=mark))
    found = losses_rise(recipe_named(recipe), over.columns, priced, np.array([0, 0]))
    assert not found[0]
    return bool(found[1])


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({PERPETUAL: "60000"}, {PERPETUAL: "50000"}, False),
        ({PERPETUAL: "60000"}, {PERPETUAL: "70000"}, True),
        ({PERPETUAL: "60000"}, {PERPETUAL: "-10"}, True),
        ({PERPETUAL: "60000", PUT: "1"}, {PERPETUAL: "60000"}, True),
        ({PERPETUAL: "60000", FUTURE: "-60000"}, {PERPETUAL: "60000"}, True),
        ({CALL: "-1"}, {CALL: "-0.5"}, False),
        ({CALL: "-1"}, {CALL: "-1", PERPETUAL: "10000"}, True),
        ({PERPETUAL: "60000", ETHER: "-3000"}, {PERPETUAL: "60000"}, False),
        ({PERPETUAL: "60000", ETHER: "-3000"}, {PERPETUAL: "60000", ETHER: "-4000"}, True),
    ],
)
def test_what_reduces_is_told_by_losses_and_not_by_size(
    before: Mapping[str, str], after: Mapping[str, str], expected: bool
) -> None:
    assert rises(before, after) is expected


def test_a_rulebook_that_moves_everything_together_sees_hedges_across_coins() -> None:
    before, after = {PERPETUAL: "60000", ETHER: "-60000"}, {PERPETUAL: "60000"}
    assert not rises(before, after)
    assert not rises(before, after, recipe="deribit-portfolio")
    assert rises(before, after, recipe="house")


def test_what_cannot_be_valued_is_no_reduction_and_is_left_out_where_it_stays() -> None:
    before = {PERPETUAL: "60000", ETHER: "3000"}
    assert rises(before, {PERPETUAL: "60000", ETHER: "2000"}, unmarked=ETHER)
    assert not rises(before, {PERPETUAL: "50000", ETHER: "3000"}, unmarked=ETHER)


def test_money_does_not_move_with_coins_and_everything_else_does() -> None:
    over = prepared(book(account("a", balances={"USDC": "1", "stETH": "1", "BTC": "1"})))
    moves = common_moves(over.columns.universe, over.priced)
    moving = dict(zip(moves.assets, (moves.spot_move != 0.0).any(axis=1).tolist(), strict=True))
    assert moving == {"BTC": True, "ETH": True, "USD": False, "USDC": False, "stETH": True}
    assert len(set(moves.labels)) == moves.scenarios_count
