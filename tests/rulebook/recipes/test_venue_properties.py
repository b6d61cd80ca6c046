"""What holds for the rulebooks of exchanges and clearing houses on any book with open orders."""

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.rulebook.recipe import Recipe
from crossmargin.wire.recipes import bundled_recipe
from tests.rulebook.books import assessed, book, entry_price, figures
from tests.rulebook.drawn import LISTINGS, SCALE, accounts
from tests.rulebook.recipes.given import GIVEN, VENUES
from tests.rulebook.trees import check_parts


@cache
def recipe(name: str) -> Recipe:
    return bundled_recipe(name, GIVEN.get(name))


@st.composite
def ordered(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """An account with up to three open orders and perhaps a loan."""
    table = draw(accounts(name))
    own = [listing for listing in LISTINGS if listing.startswith(f"{table['venue']}:")]
    table["orders"] = [
        {
            "id": f"{name}-{number}",
            "listing": listing.split(":", 1)[1],
            "side": draw(st.sampled_from(["buy", "sell"])),
            "contracts": str(draw(st.integers(1, 30)) * SCALE.get(listing, 1)),
            "limit_price": f"{entry_price(listing) * draw(st.sampled_from([0.9, 1.0, 1.1])):.7f}",
            "kind": draw(st.sampled_from(["limit", "quote"])),
        }
        for number, listing in enumerate(draw(st.lists(st.sampled_from(own), max_size=3)))
    ]
    if draw(st.booleans()):
        table["loans"] = [{"id": f"{name}-loan", "asset": "USDT", "amount": "5000"}]
    return table


@pytest.mark.parametrize("name", VENUES)
@settings(max_examples=6)
@given(own=ordered("a"))
def test_parts_of_every_node_add_up_to_it(name: str, own: dict[str, Any]) -> None:
    for found in figures(recipe(name), book(own)):
        check_parts(found)


@pytest.mark.parametrize("name", VENUES)
@settings(max_examples=4)
@given(first=ordered("a"), second=ordered("b"))
def test_an_account_alone_has_the_figures_it_has_among_others(
    name: str, first: dict[str, Any], second: dict[str, Any]
) -> None:
    together = assessed(recipe(name), book(first, second)).summary
    for place, one in enumerate((first, second)):
        alone = assessed(recipe(name), book(one)).summary
        for level, columns in alone.levels.items():
            both = together.levels[level]
            assert np.array_equal(columns.equity, both.equity[[place]], equal_nan=True)
            assert np.array_equal(columns.requirement, both.requirement[[place]], equal_nan=True)


@pytest.mark.parametrize("name", VENUES)
@settings(max_examples=6)
@given(own=ordered("a"))
def test_open_orders_never_lower_what_is_needed_to_open(name: str, own: dict[str, Any]) -> None:
    without = {**own, "orders": []}
    level = "initial"
    loaded = assessed(recipe(name), book(own)).summary
    resting = loaded.levels[level].requirement[0]
    bare = assessed(recipe(name), book(without)).summary.levels[level].requirement[0]
    # Pockets are rounded one by one, and a bound may be rounded once more often.
    assert np.isnan(resting) or np.isnan(bare) or resting >= bare - 1000


def ends() -> list[tuple[str, str, str]]:
    return [
        (name, parameter.name, end)
        for name in VENUES
        for parameter in bundled_recipe(name).terms.parameters.values()
        for end in ("low", "high")
    ]


HELD = book(
    {
        "id": "a",
        "entity": "desk",
        "venue": "deribit",
        "positions": [
            {"listing": "BTC/USD:BTC", "contracts": "-50000", "entry_price": "60000"},
            {"listing": "BTC/USD:BTC-261225", "contracts": "20000", "entry_price": "61000"},
            {"listing": "BTC/USD:BTC-261225-70000-C", "contracts": "-2", "entry_price": "0.05"},
            {"listing": "BTC/USD:BTC-261225-50000-P", "contracts": "3", "entry_price": "0.05"},
        ],
        "balances": [{"asset": "BTC", "amount": "4"}, {"asset": "USDC", "amount": "-2000"}],
        "orders": [
            {
                "id": "o",
                "listing": "BTC/USD:BTC",
                "side": "sell",
                "contracts": "10000",
                "limit_price": "61000",
            }
        ],
    },
    {
        "id": "b",
        "entity": "desk",
        "venue": "binance",
        "positions": [
            {"listing": "BTC/USDT:USDT", "contracts": "1", "entry_price": "60020"},
            {"listing": "ETH/USDT:USDT", "contracts": "-20", "entry_price": "3001"},
        ],
        "balances": [{"asset": "USDT", "amount": "60000"}],
    },
)


@pytest.mark.parametrize(("name", "parameter", "end"), ends())
def test_a_parameter_at_its_bound_gives_figures_or_a_clear_refusal(
    name: str, parameter: str, end: str
) -> None:
    known = recipe(name).terms.parameters[parameter]
    bound = getattr(known, end)
    value: Any = bound
    if isinstance(known.value, dict):
        entries = known.value or {"BTC": 0.0}
        value = {k: [bound] * len(x) if isinstance(x, tuple) else bound for k, x in entries.items()}
    elif isinstance(known.value, tuple):
        value = [bound] * len(known.value)
    try:
        found = assessed(
            bundled_recipe(name, {**GIVEN.get(name, {}), parameter: value}), HELD
        ).summary
    except InputRefused as refused:
        places = [failure.where for failure in refused.failures]
        assert all(place.endswith(parameter) for place in places), places
        return
    for level in found.levels.values():
        known_figures = level.requirement[~np.isnan(level.requirement)]
        assert (known_figures >= 0.0).all()


@pytest.mark.parametrize(
    "name",
    ["binance-usdm", "binance-coinm", "coinbase-international", "ftx-historic", "hyperliquid"],
)
def test_an_account_with_options_has_no_figure_under_a_rulebook_without_options(name: str) -> None:
    found = assessed(recipe(name), HELD).summary
    for level in found.levels.values():
        assert np.isnan(level.requirement[0])
    assert any("is nothing that" in words for words in found.reasons[0])
