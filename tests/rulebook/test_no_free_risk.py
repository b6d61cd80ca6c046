"""Books that look hedged and are not, under every recipe."""

import numpy as np
import pytest

from crossmargin.rulebook.assess import assess
from crossmargin.rulebook.pool import pooled
from tests.rulebook.books import (
    NINE,
    account,
    assessed,
    book,
    figures,
    level,
    market_json,
    prepared,
    read,
    recipe_named,
    requirement,
)

CALL, PUT = "BTC/USD:BTC-261225-60000-C", "BTC/USD:BTC-261225-60000-P"


@pytest.mark.parametrize("name", NINE)
@pytest.mark.parametrize("at", ["initial", "maintenance"])
def test_a_long_call_is_no_hedge_of_a_short_put(name: str, at: str) -> None:
    """Together they are a long forward: their deltas add up."""
    put = requirement(name, account("a", positions={PUT: -10}), at=at)
    both = requirement(name, account("a", positions={CALL: 10, PUT: -10}), at=at)
    assert both >= put > 0.0


@pytest.mark.parametrize("name", NINE)
@pytest.mark.parametrize("at", ["initial", "maintenance"])
def test_a_short_straddle_is_not_free(name: str, at: str) -> None:
    """Deltas cancel, gammas and vegas add: more than 1 % of ten coins at the money."""
    straddle = account("a", positions={CALL: -10, PUT: -10})
    assert requirement(name, straddle, at=at) > 0.01 * 10 * 60_000


@pytest.mark.parametrize("name", NINE)
def test_a_straddle_hedged_to_no_delta_is_not_free_either(name: str) -> None:
    # Call deltas of 0.57 and put deltas of -0.43: short 1.4 coins by ten straddles.
    flat = account("a", positions={CALL: -10, PUT: -10, "BTC/USD:BTC": 84_000})
    assert requirement(name, flat) > 0.01 * 10 * 60_000


@pytest.mark.parametrize("name", NINE)
def test_a_thousand_of_a_coin_is_netted_with_the_coin_by_its_multiplier_alone(name: str) -> None:
    def needed(thousands: int, coins: int) -> float:
        """Dollars needed for so many contracts of each; one thousand-contract is a cent."""
        held = {"1000PEPE/USDT:USDT": thousands, "PEPE/USDT:USDT": coins}
        own = account("a", "binance", {key: x for key, x in held.items() if x})
        return requirement("net-delta" if name == "deribit-standard" else name, own)

    one = needed(10**7, 0)
    # As many contracts, but a thousandth of the coins, is hardly a hedge.
    assert needed(10**7, -(10**7)) > 0.95 * one > 0.0
    if name in ("greeks", "historical-es", "house", "net-delta", "deribit-portfolio"):
        assert needed(10**7, -(10**10)) < 0.01 * one


def test_the_same_perpetual_at_two_venues_is_never_free_under_the_house_model() -> None:
    held = book(
        account("a", "bybit", {"BTC/USDT:USDT": 10}, {"USDT": 1}),
        account("b", "binance", {"BTC/USDT:USDT": -10}, {"USDT": 1}),
    )
    ready = prepared(held)
    together = pooled(ready.columns, np.zeros(2, dtype=np.int64), ["both"])
    found = assess(recipe_named("house"), together, ready.priced)
    needed = float(found.levels["initial"].requirement[0]) * 2.0**found.tick_exponent
    # At least 1 % of ten coins at either venue, and far less than both apart.
    assert 6_000 <= needed < 20_000
    apart = assessed("house", held).summary.levels["initial"].requirement.sum()
    assert needed < 0.2 * float(apart) * 2.0**found.tick_exponent


@pytest.mark.parametrize("name", NINE)
def test_staked_ether_is_never_priced_as_ether(name: str) -> None:
    held = book(account("a", balances={"stETH": 100}))
    apart = read(market_json(index={"stETH": 2_000.0}))
    dearer = read(market_json(index={"ETH": 9_000.0}))
    (usual,), (discount,), (ether) = (
        figures(name, held),
        figures(name, held, apart),
        figures(name, held, dearer),
    )
    assert usual.net_liquidation_value == 298_500
    assert discount.net_liquidation_value == 200_000
    assert ether[0].net_liquidation_value == 298_500
    assert level(ether[0]).equity == level(usual).equity


def test_coins_under_way_hedge_nothing() -> None:
    """Short ether against staked ether that has not arrived needs what it needs alone."""
    short = account("a", "binance", {"ETH/USDT:USDT": -100}, {"USDT": 400_000})
    coins = {"asset": "ETH", "amount": "100"}
    arrived = {**short, "balances": [*short["balances"], coins]}
    under_way = {**short, "balances": [*short["balances"], {**coins, "state": "in_transit"}]}
    for name in ("house", "deribit-portfolio"):
        alone = requirement(name, short)
        assert requirement(name, under_way) == pytest.approx(alone, abs=0.02)
        assert requirement(name, arrived) < 0.5 * alone


def test_a_venue_without_an_account_there_is_no_venue_to_net_at() -> None:
    """Two accounts are two silos: what one holds relieves nothing of the other."""
    long = account("a", "bybit", {"BTC/USDT:USDT": 10}, {"USDT": 1})
    short = account("b", "binance", {"BTC/USDT:USDT": -10}, {"USDT": 1})
    for name in NINE:
        whole = assessed(name, book(long, short)).summary.levels["initial"].requirement
        alone = [
            assessed(name, book(own)).summary.levels["initial"].requirement[0]
            for own in (long, short)
        ]
        np.testing.assert_array_equal(whole, alone)
