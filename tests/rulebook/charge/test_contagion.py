"""The contagion buffer by what it promises: alone, against, convex, per owner, falling with the
crowd.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.market.quoted import given as stated
from crossmargin.market.totals import MarketTotals
from crossmargin.wire.recipes import recipe_names, recipe_text
from tests.rulebook.history_scene import PRICE, required, scene
from tests.rulebook.tiny import tiny

RECIPE = tiny('{ charge = "contagion", factor = 2.0, day_vol = 0.03, utilisation = 0.8 }')
DEPTH = {"BTC": 5e7, "ETH": 2e7}
Held = Mapping[str, Mapping[str, float]]
"""Coins by account, then by coin."""


def totals_of(held: Held, owner_of: Mapping[str, str], large: float = 0.0) -> MarketTotals:
    """Totals of a market in which whoever nets more than `large` dollars is in the crowd."""
    net: dict[tuple[str, str], float] = {}
    for account, coins in held.items():
        for coin, size in coins.items():
            pair = (owner_of[account], coin)
            net[pair] = net.get(pair, 0.0) + size * PRICE[coin]
    crowd = {pair: x for pair, x in net.items() if abs(x) > large}
    sides = {
        "long": {pair: x for pair, x in crowd.items() if x > 0.0},
        "short": {pair: -x for pair, x in crowd.items() if x < 0.0},
    }
    return MarketTotals(
        as_of_ns=0,
        sequence=1,
        owner_delta={pair: stated(x / PRICE[pair[1]], "test") for pair, x in net.items()},
        crowd_long={coin: stated(_sum(sides["long"], coin), "test") for coin in PRICE},
        crowd_short={coin: stated(_sum(sides["short"], coin), "test") for coin in PRICE},
        owner_crowd_long={pair: stated(x, "test") for pair, x in sides["long"].items()},
        owner_crowd_short={pair: stated(x, "test") for pair, x in sides["short"].items()},
        cycle_depth={coin: stated(depth, "test") for coin, depth in DEPTH.items()},
    )


def _sum(side: Mapping[tuple[str, str], float], coin: str) -> float:
    return sum(x for (_, own), x in side.items() if own == coin)


def buffers(
    held: Held, owner_of: Mapping[str, str] | None = None, totals: MarketTotals | None = None
) -> list[float]:
    """Of every account, in dollars; each its own owner unless it is said."""
    owners = {account: account for account in held} if owner_of is None else dict(owner_of)
    book, priced = scene(held)
    names = tuple(sorted(set(owners.values())))
    book = replace(
        book,
        owner=np.array([names.index(owners[str(account)]) for account in book.account_ids]),
        owner_ids=names,
    )
    priced.totals = totals_of(held, owners) if totals is None else totals
    return required(RECIPE, book, priced)


def by_hand(held: Held, owner_of: Mapping[str, str], account: str) -> float:
    """The formula of the page, one owner against each other owner in turn."""
    net: dict[tuple[str, str], float] = {}
    for name, coins in held.items():
        for coin, size in coins.items():
            net[owner_of[name], coin] = net.get((owner_of[name], coin), 0.0) + size * PRICE[coin]
    total = 0.0
    for coin, size in held[account].items():
        own = size * PRICE[coin]
        crowd = sum(
            abs(other)
            for (owner, of), other in net.items()
            if of == coin and owner != owner_of[account] and other * own > 0.0
        )
        most = max(abs(own), abs(net[owner_of[account], coin]))
        depths = crowd / DEPTH[coin] * (1.0 + most / DEPTH[coin])
        total += 2.0 * 0.03 * 0.8 * abs(own) * depths
    return total


COINS = st.integers(-500, 500)


@given(st.lists(st.tuples(COINS, COINS), min_size=1, max_size=5))
@settings(max_examples=25)
def test_every_account_pays_the_formula_written_out(sizes: list[tuple[int, int]]) -> None:
    held = {f"a{i}": {"BTC": btc, "ETH": eth} for i, (btc, eth) in enumerate(sizes)}
    owners = {account: f"o{int(account[1:]) // 2}" for account in held}
    expected = [by_hand(held, owners, account) for account in held]
    assert buffers(held, owners) == pytest.approx(expected, rel=1e-9, abs=1e-3)


def test_alone_flat_or_against_the_crowd_it_is_nothing() -> None:
    assert buffers({"alone": {"BTC": 500.0}, "flat": {}}) == [0.0, 0.0]
    found = buffers({"against": {"BTC": -100.0}, "x": {"BTC": 500.0}, "y": {"BTC": 300.0}})
    assert found[0] == 0.0
    assert min(found[1:]) > 0.0


OTHERS = totals_of({"x": {"BTC": 700.0}}, {"x": "x"})


@given(st.floats(0.0, 800.0), st.floats(0.0, 800.0))
@settings(max_examples=25)
def test_it_is_convex_in_size(one: float, other: float) -> None:
    held = {"a": {"BTC": one}, "b": {"BTC": other}, "m": {"BTC": (one + other) / 2}}
    low, high, middle = buffers(held, totals=OTHERS)
    assert middle <= (low + high) / 2 + 1e-3
    assert buffers({"a": {"BTC": one}, "c": {"BTC": one + 1.0}}, totals=OTHERS)[1] > low


@given(st.integers(1, 600), st.integers(0, 100))
@settings(max_examples=25)
def test_splitting_among_declared_accounts_gains_nothing(coins: int, percent: int) -> None:
    part = coins * percent / 100.0
    crowd = {"x": {"BTC": 400.0}}
    whole = buffers({"a": {"BTC": float(coins)}, **crowd})[0]
    owners = {"a": "o", "b": "o", "x": "x"}
    split = buffers({"a": {"BTC": part}, "b": {"BTC": coins - part}, **crowd}, owners)
    assert sum(split[:2]) >= whole - 1e-3


def test_a_hedge_in_another_account_does_not_make_it_cheaper() -> None:
    crowd = {"x": {"BTC": 400.0}}
    owners = {"a": "o", "b": "o", "x": "x"}
    hedged = buffers({"a": {"BTC": 100.0}, "b": {"BTC": -90.0}, **crowd}, owners)
    whole = buffers({"a": {"BTC": 10.0}, **crowd})[0]
    assert sum(hedged[:2]) >= whole


@given(st.lists(st.integers(1, 500), min_size=2, max_size=6), st.integers(0, 99))
@settings(max_examples=20)
def test_the_total_falls_when_the_crowd_deleverages(sizes: list[int], percent: int) -> None:
    held = {f"a{i}": {"BTC": float(size)} for i, size in enumerate(sizes)}
    less = {name: {"BTC": own["BTC"] * percent / 100.0} for name, own in held.items()}
    assert sum(buffers(less)) < sum(buffers(held))
    one_less = {**held, "a0": less["a0"]}
    assert sum(buffers(one_less)) < sum(buffers(held))


def test_a_deep_book_bears_a_crowd() -> None:
    held = {"a": {"BTC": 100.0}, "x": {"BTC": 400.0}}
    totals = totals_of(held, {"a": "a", "x": "x"})
    deeper = replace(totals, cycle_depth={"BTC": stated(5e8, "test")})
    assert buffers(held, totals=deeper)[0] < buffers(held, totals=totals)[0] / 10


@pytest.mark.parametrize("missing", ["crowd_long", "cycle_depth", "owner_delta"])
def test_what_nobody_published_is_no_figure(missing: str) -> None:
    held = {"a": {"BTC": 100.0}, "flat": {}, "x": {"BTC": 1.0}}
    totals = replace(totals_of(held, {name: name for name in held}), **{missing: {}})
    found = buffers(held, totals=totals)
    assert math.isnan(found[0])
    assert found[1] == 0.0


def test_no_bundled_recipe_has_it_before_it_is_shown_to_help() -> None:
    assert not [name for name in recipe_names() if b'"contagion"' in recipe_text(name)]
