"""What holds for every bundled recipe by itself: it loads, and its bounds are bounds."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from crossmargin.base.failure import InputRefused
from crossmargin.rulebook.standing import STANDINGS, Standing
from crossmargin.rulebook.terms import Parameter
from crossmargin.wire.recipes import bundled_recipe, read_recipe, recipe_names, recipe_text
from tests.rulebook.books import NINE, account, assessed, book

CALL_DAYS = ("detection_days", "notice_days", "cure_days")
HELD = book(
    account(
        "coins",
        positions={
            "BTC/USD:BTC": -50_000,
            "BTC/USD:BTC-261225": 20_000,
            "BTC/USD:BTC-261225-70000-C": -2,
            "BTC/USD:BTC-261225-50000-P": 3,
            "ETH/USD:ETH-261225-3000-P": -10,
        },
        balances={"BTC": 4, "ETH": 8, "USDC": 20_000},
        held=[{"asset": "stETH", "amount": "5", "custodian": "vault", "chain": "ethereum"}],
    ),
    account(
        "dollars",
        "binance",
        {"BTC/USDT:USDT": 1, "ETH/USDT:USDT": -20},
        {"USDT": 60_000, "USDe": 1_000},
    ),
)


def varied() -> Iterator[tuple[str, str, str]]:
    for name in NINE:
        for parameter in bundled_recipe(name).terms.parameters.values():
            for end in ("low", "high"):
                yield name, parameter.name, end


def at_bound(parameter: Parameter, end: float) -> Any:
    """A value of the parameter's own form with every figure at one of its bounds."""
    value = parameter.value
    if isinstance(value, dict):
        entries = value or {"BTC": 0.0}
        return {key: [end] * len(x) if isinstance(x, tuple) else end for key, x in entries.items()}
    return [end] * len(value) if isinstance(value, tuple) else end


@pytest.mark.parametrize("name", recipe_names())
def test_every_bundled_recipe_is_read_and_is_called_as_its_file(name: str) -> None:
    recipe = bundled_recipe(name)
    assert recipe.name == name
    assert recipe.terms.title
    assert recipe.levels


@pytest.mark.parametrize("name", recipe_names())
def test_every_figure_of_a_bundled_recipe_says_where_it_comes_from(name: str) -> None:
    sources = {p.name: p.source for p in bundled_recipe(name).terms.parameters.values()}
    known = ("https://", "illustrative", "inferred", "set per account", "docs/")
    assert [key for key, source in sources.items() if not source.startswith(known)] == []


@pytest.mark.parametrize(("name", "parameter", "end"), list(varied()))
def test_a_parameter_at_its_bound_gives_figures_or_a_clear_refusal(
    name: str, parameter: str, end: str
) -> None:
    known = bundled_recipe(name).terms.parameters[parameter]
    try:
        recipe = bundled_recipe(name, {parameter: at_bound(known, getattr(known, end))})
        found = assessed(recipe, HELD).summary
    except InputRefused as refused:
        places = [failure.where for failure in refused.failures]
        # What a call lasts is the sum of three parameters: they are refused together.
        named = (f"{name}.call", parameter) if parameter in CALL_DAYS else (parameter,)
        assert all(place.endswith(named) for place in places), places
        return
    for level in found.levels.values():
        assert (level.requirement >= 0.0).all()
        assert (level.equity == level.equity).all()


@pytest.mark.parametrize("name", NINE)
def test_a_figure_that_no_source_gives_is_asked_for_and_never_guessed(name: str) -> None:
    parameter = next(iter(bundled_recipe(name).terms.parameters))
    recipe = read_recipe(without_value(recipe_text(name).decode(), parameter).encode())
    assert recipe.terms.missing() == (parameter,)
    with pytest.raises(InputRefused, match=f"{parameter}: no source gives this figure"):
        assessed(recipe, HELD)


@pytest.mark.parametrize("parameter", CALL_DAYS)
def test_a_call_of_unknown_length_is_asked_for_too(parameter: str) -> None:
    recipe = read_recipe(without_value(recipe_text("house").decode(), parameter).encode())
    assert recipe.terms.missing() == (parameter,)
    assert recipe.call is None


def without_value(text: str, parameter: str) -> str:
    """The recipe file with the value of one inline parameter taken out."""
    (line,) = [each for each in text.splitlines() if each.startswith(f"{parameter} = {{")]
    start = line.index("value = ")
    depth, end = 0, start
    while line[end] != "," or depth:
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(line[end], 0)
        end += 1
    return text.replace(line, line[:start] + line[end + 1 :])


def test_a_scenario_word_that_nobody_knows_is_refused_where_it_stands() -> None:
    text = recipe_text("greeks").decode().replace('vol = ["down"', 'volatility = 1\nvol = ["down"')
    with pytest.raises(InputRefused, match=r"scenarios\.grid\.volatility"):
        assessed(read_recipe(text.encode()), HELD)


def test_an_asset_that_a_table_does_not_name_makes_the_figure_unavailable_and_says_where() -> None:
    held = book(account("a", "binance", {"1000PEPE/USDT:USDT": 9_000}, {"USDT": 60_000}))
    found = assessed("deribit-standard", held).summary
    assert np.isnan(found.levels["initial"].requirement).all()
    assert STANDINGS[found.standing[0]] is Standing.UNAVAILABLE
    assert found.reasons[0][0] == (
        "initial requirement: linear_initial lacks a price, a rate or an entry of a parameter"
    )
