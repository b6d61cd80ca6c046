"""Every parameter of every bundled recipe: just outside its bounds it is refused; at its bounds the
recipes that no other test takes there give figures or refuse clearly.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crossmargin.api import Prepared, load_book, load_market
from crossmargin.base.failure import InputRefused
from crossmargin.base.ticks import TickOverflowError
from crossmargin.rulebook.pocket import assess_pockets
from crossmargin.rulebook.terms import Parameter
from crossmargin.wire.recipes import bundled_recipe, recipe_names
from tests.rulebook.books import NINE, prepared
from tests.rulebook.recipes.given import GIVEN, VENUES
from tests.rulebook.test_token_recipes import TOKENS

EXAMPLES = Path(__file__).parents[2] / "examples"
LABEL = {
    "asset": "BTC",
    "settle": "USDT",
    "listing": "okx:BTC/USDT:USDT",
    "venue": "deribit",
    "account": "okx-main",
    "peg": "0.995",
    "pair": "BTC/ETH",
}
WITHOUT_FIGURES = ("vega",)
"""It reads an auction's price and funding per unit, which no account of the fund has."""


def parameters(names: Iterator[str]) -> Iterator[tuple[str, str, str]]:
    for name in names:
        for parameter in bundled_recipe(name).terms.parameters.values():
            for end in ("low", "high"):
                yield name, parameter.name, end


def elsewhere(name: str) -> bool:
    """Whether another test takes the recipe's parameters to their bounds."""
    return name in (*NINE, *VENUES, *TOKENS)


def written(parameter: Parameter, figure: float) -> Any:
    """A value of the parameter's own form with every entry at `figure`."""
    sample = parameter.value if parameter.value is not None else parameter.otherwise
    if isinstance(sample, Mapping) or (parameter.value is None and parameter.by is not None):
        entries = dict(sample) if isinstance(sample, Mapping) else {}
        entries = entries or {LABEL[str(parameter.by)]: parameter.otherwise}
        return {key: _entry(entry, figure) for key, entry in entries.items()}
    return _entry(sample, figure)


def _entry(entry: object, figure: float) -> Any:
    return [figure] * max(len(entry), 1) if isinstance(entry, tuple) else figure


@pytest.mark.parametrize(("name", "parameter", "end"), list(parameters(iter(recipe_names()))))
def test_a_parameter_just_outside_its_bounds_is_refused_and_named(
    name: str, parameter: str, end: str
) -> None:
    known = bundled_recipe(name).terms.parameters[parameter]
    room = 1e-6 * max(1.0, abs(getattr(known, end)))
    outside = known.low - room if end == "low" else known.high + room
    with pytest.raises(InputRefused, match=rf"params\.{parameter}\.value.* is outside its bounds"):
        bundled_recipe(name, {parameter: written(known, outside)})


@cache
def fund() -> Prepared:
    market = load_market(EXAMPLES / "market.json")
    return prepared(load_book(EXAMPLES / "fund.json", market), market)


@cache
def pool() -> Prepared:
    """Accounts of a lending pool: an isolated supply, one beside another, a category, a debt of the
    same asset.
    """
    coins = {"USD": 1, "USDC": 1, "USDT": 0.999, "DAI": 1.001, "WETH": 2_500, "WBTC": 60_000}
    market = load_market(
        json.dumps(
            {
                "schema": "crossmargin/market/1",
                "as_of": "2026-08-08T00:00:00Z",
                "sequence": 1,
                "source": "a test",
                "assets": [{"asset": code, "index": price} for code, price in coins.items()],
            }
        ).encode()
    )
    held = [
        {"USDT": 1_000, "USDC": -100},
        {"USDT": 1_000, "WETH": 2, "WBTC": "-0.01"},
        {"USDC": 5_000, "DAI": -4_000},
        {"WBTC": 1, "WETH": -3, "USDC": -500},
    ]
    book = {
        "schema": "crossmargin/book/1",
        "entities": [{"id": "desk", "name": "A desk", "house": True}],
        "accounts": [
            {
                "id": f"pool-{number}",
                "entity": "desk",
                "venue": "aave",
                "balances": [
                    {"asset": code, "amount": str(coins)} for code, coins in balances.items()
                ],
            }
            for number, balances in enumerate(held)
        ],
    }
    return prepared(load_book(book, market), market)


@pytest.mark.parametrize(
    ("name", "parameter", "end"),
    list(parameters(name for name in recipe_names() if not elsewhere(name))),
)
def test_a_parameter_at_its_bound_gives_figures_or_a_clear_refusal(
    name: str, parameter: str, end: str
) -> None:
    known = bundled_recipe(name).terms.parameters[parameter]
    value = written(known, getattr(known, end))
    ready = pool() if name == "aave-v3" else fund()
    try:
        recipe = bundled_recipe(name, {**GIVEN.get(name, {}), parameter: value})
        found = assess_pockets(recipe, ready.columns, ready.priced).summary
    except TickOverflowError:
        return
    except InputRefused as refused:
        # A move of -100 % is a parameter within its bounds and no scenario.
        places = [failure.where for failure in refused.failures]
        assert all(f"params.{parameter}" in place or "scenarios." in place for place in places)
        return
    for level in found.levels.values():
        figures = level.requirement[~np.isnan(level.requirement)]
        assert (figures >= 0.0).all()
    assert name in WITHOUT_FIGURES or any(
        (~np.isnan(level.requirement)).any() for level in found.levels.values()
    )
