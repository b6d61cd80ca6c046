"""An account with anything that a rulebook is not for is told so, once for each such instrument."""

import numpy as np

from tests.rulebook.books import account, assessed, book


def test_every_uncovered_holding_and_order_is_named_once_per_account() -> None:
    order = {
        "id": "1",
        "listing": "BTC/USD:BTC",
        "side": "buy",
        "contracts": "10",
        "limit_price": "60000",
    }
    held = book(
        account("a", "deribit", {"BTC/USD:BTC": 10, "ETH/USD:ETH": 5}, {"BTC": 1}, orders=[order]),
        account("b", "hyperliquid", {"BTC/USDC:USDC": 1}, {"USDC": 60_000}),
        account("c", "deribit", {}, {"USDC": 10}, orders=[{**order, "id": "2"}]),
    )
    found = assessed("hyperliquid", held).summary
    known = ~np.isnan(found.levels["maintenance"].buffer)
    told = {name: found.reasons.get(number, ()) for number, name in enumerate("abc")}
    assert [name for name in "abc" if not known[ord(name) - ord("a")]] == ["a", "c"]
    words = [each for each in told["a"] if "is nothing that hyperliquid is for" in each]
    assert [each.split(" ")[0] for each in words] == [
        "deribit:BTC/USD:BTC",
        "deribit:ETH/USD:ETH",
    ]
    assert sum("is nothing that" in each for each in told["c"]) == 1
    assert told["b"] == ()
