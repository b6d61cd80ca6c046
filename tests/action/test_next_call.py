import math
from dataclasses import replace

import numpy as np
import pytest

from crossmargin.action.next_call import next_calls
from crossmargin.base.failure import InputRefused
from crossmargin.rulebook.pocket import assess_pockets
from crossmargin.wire.recipes import bundled_recipe
from tests.rulebook.books import account, book, market_json, prepared, read

PERPETUAL = {"BTC/USD:BTC": "60000"}
MOVES = (0.0, -0.1, -0.2, -0.3, -0.4, -0.5)


def funded(name: str, ether: str, **more: object) -> dict[str, object]:
    return account(name, positions=PERPETUAL, balances={"ETH": ether}, **more)


def ready():
    return prepared(
        book(
            funded("rich", "100"),
            funded("poor", "5"),
            funded("below", "1"),
            funded("middle", "6.5"),
            account("dollars", positions=PERPETUAL, balances={"USDC": "12000"}),
        )
    )


def test_accounts_are_called_in_the_order_in_which_the_fall_reaches_them() -> None:
    over = ready()
    house = bundled_recipe("house")
    found = next_calls(house, over.columns, over.priced, "initial", "ETH", MOVES)
    names = [x.account_id for x in found]
    assert names[0] == "below"
    assert names.index("poor") < names.index("middle")
    assert "rich" not in names
    assert "dollars" not in names
    assert (found[0].safe_move, found[0].called_move, found[0].price) == (None, 0.0, 3_000.0)
    assert all(x.shortfall > 0 for x in found)


def test_each_bracket_is_what_the_market_with_that_price_gives() -> None:
    over = ready()
    house = bundled_recipe("house")
    for own in next_calls(house, over.columns, over.priced, "initial", "ETH", MOVES):
        for move, called in ((own.safe_move, False), (own.called_move, True)):
            if move is None:
                continue
            then = read(market_json(index={"ETH": 3_000.0 * (1.0 + move)}))
            at = prepared(over.book, then)
            summary = assess_pockets(house, at.columns, at.priced).summary
            row = list(at.columns.account_ids).index(own.account_id)
            assert (summary.levels["initial"].buffer[row] < 0.0) is np.bool_(called)


def test_an_asset_without_a_price_is_refused() -> None:
    over = ready()
    house = bundled_recipe("house")
    with pytest.raises(InputRefused, match="DOGE"):
        next_calls(house, over.columns, over.priced, "initial", "DOGE")
    index = over.priced.market.index.copy()
    index[over.priced.universe.assets.index("ETH")] = math.nan
    blind = replace(over.priced, market=replace(over.priced.market, index=index))
    with pytest.raises(InputRefused, match="ETH"):
        next_calls(house, over.columns, blind, "initial", "ETH")
