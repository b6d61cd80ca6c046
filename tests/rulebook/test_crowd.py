"""Totals over a book: who holds what, and who would be closed by a move."""

from dataclasses import replace

import numpy as np
import pytest

from crossmargin.domain.columns import BookColumns
from crossmargin.market.totals import MarketTotals
from crossmargin.rulebook.crowd import computed_totals
from crossmargin.rulebook.run import PricedMarket
from crossmargin.wire.recipes import read_recipe
from tests.rulebook.history_scene import required, scene
from tests.rulebook.tiny import tiny

RECIPE = read_recipe(
    tiny(equity='{ op = "sum", parts = [{ charge = "cash" }, { charge = "unrealised" }] }').encode()
)
"""A million dollars of cash in each account, a tenth of the notional to be kept."""
HELD = {"a": {"BTC": 100.0}, "b": {"BTC": 50.0, "ETH": -100.0}, "c": {"BTC": -120.0}, "d": {}}
OWNERS = {"a": "fund", "b": "fund", "c": "desk", "d": "desk"}


def built() -> tuple[BookColumns, PricedMarket]:
    book, priced = scene(HELD)
    names = tuple(sorted(set(OWNERS.values())))
    owner = np.array([names.index(OWNERS[str(name)]) for name in book.account_ids])
    return replace(book, owner=owner, owner_ids=names), priced


def totals(move: float) -> MarketTotals:
    book, priced = built()
    return computed_totals(
        RECIPE, book, priced, move_frac=move, depth={"BTC": 5e7, "ETH": 2e7}, sequence=9
    )


def test_owners_are_net_and_sides_are_sums_of_owners() -> None:
    found = totals(0.01)
    coins = {pair: quoted.value for pair, quoted in found.owner_delta.items()}
    assert coins == pytest.approx(
        {("desk", "BTC"): -120, ("fund", "BTC"): 150, ("fund", "ETH"): -100}
    )
    assert found.long_notional["BTC"].value == pytest.approx(150 * 60_000)
    assert found.short_notional["BTC"].value == pytest.approx(120 * 60_000)
    assert found.short_notional["ETH"].value == pytest.approx(100 * 3_000)
    assert found.sequence == 9
    assert found.crowd_long["BTC"].value == found.crowd_short["BTC"].value == 0.0


def test_the_crowd_is_who_falls_below_the_liquidation_level() -> None:
    # a: 1,000,000 - 6,000,000 x m is below 600,000 x (1 - m) from m = 7.41 % on;
    # b: 1,000,000 - 3,000,000 x m - 30,000 below 300,000 x (1 - m) from 24.8 % on.
    assert totals(0.07).crowd_long["BTC"].value == 0.0
    found = totals(0.08)
    assert found.crowd_long["BTC"].value == pytest.approx(6e6)
    assert found.owner_crowd_long["fund", "BTC"].value == pytest.approx(6e6)
    assert totals(0.30).crowd_long["BTC"].value == pytest.approx(9e6)
    # c: 1,000,000 - 7,200,000 x m is below 720,000 x (1 + m) from 3.54 % on.
    assert totals(0.03).crowd_short["BTC"].value == 0.0
    assert totals(0.04).crowd_short["BTC"].value == pytest.approx(7.2e6)
    assert totals(0.30).crowd_short["ETH"].value == 0.0


def test_a_larger_move_never_has_a_smaller_crowd() -> None:
    sizes = [totals(move).crowd_long["BTC"].value for move in (0.02, 0.05, 0.1, 0.2, 0.4, 0.8)]
    assert sizes == sorted(sizes)


def test_what_is_computed_is_what_the_buffer_reads() -> None:
    book, priced = built()
    contagion = tiny('{ charge = "contagion", factor = 1.0, day_vol = 0.03, utilisation = 1.0 }')
    assert np.isnan(required(contagion, book, priced)[0])
    priced.totals = totals(0.30)
    found = required(contagion, book, priced)
    # The only other crowd is on the other side: the fund is alone on its own, and so is the desk.
    assert found == [0.0, 0.0, 0.0, 0.0]
    lone = replace(book, owner=np.arange(4), owner_ids=("a", "b", "c", "d"))
    priced.totals = computed_totals(
        RECIPE, lone, priced, move_frac=0.30, depth={"BTC": 5e7, "ETH": 2e7}, sequence=1
    )
    expected = 0.03 * 6e6 * (3e6 / 5e7) * (1.0 + 6e6 / 5e7)
    assert required(contagion, lone, priced)[0] == pytest.approx(expected, abs=1e-3)


def test_a_book_without_names_of_owners_has_no_totals() -> None:
    book, priced = scene(HELD)
    with pytest.raises(ValueError, match="no names"):
        computed_totals(RECIPE, book, priced, move_frac=0.1, depth={}, sequence=1)
    with pytest.raises(ValueError, match="between 0 and 1"):
        computed_totals(RECIPE, built()[0], priced, move_frac=1.0, depth={}, sequence=1)
