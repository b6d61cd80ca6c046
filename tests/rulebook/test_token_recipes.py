"""What holds of the rulebooks of tokens for any book, and of each of their parameters."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray

from crossmargin.api import Prepared, load_book, load_market
from crossmargin.base.failure import InputRefused
from crossmargin.base.ticks import TickOverflowError
from crossmargin.conformance.case import read_cases
from crossmargin.conformance.systems import ADAPTERS
from crossmargin.conformance.translation import Translation
from crossmargin.domain.book import Book
from crossmargin.rulebook.assess import assess
from crossmargin.rulebook.pocket import assess_pockets
from crossmargin.rulebook.pool import chosen
from crossmargin.rulebook.terms import Parameter
from crossmargin.wire.market import MarketInput
from crossmargin.wire.recipes import bundled_recipe
from tests.rulebook import books as test_books
from tests.rulebook.books import assessed, figures, prepared
from tests.rulebook.drawn import books
from tests.rulebook.trees import check_parts

F8 = NDArray[np.float64]

TOKENS = (
    "binance-zkmerkle",
    "drift-v2",
    "mango-v4",
    "opyn-gamma",
    "opyn-gamma-naked",
    "paradex-cross",
    "synthetix-v3",
)
EXAMPLES = Path(__file__).parents[2] / "examples"
VECTORS = Path(__file__).parents[1] / "conformance" / "data"


@cache
def fund() -> tuple[Book, MarketInput]:
    market = load_market(EXAMPLES / "market.json")
    return load_book(EXAMPLES / "fund.json", market), market


@cache
def prepared_fund() -> Prepared:
    return prepared(*fund())


def varied() -> Iterator[tuple[str, str, str]]:
    for name in TOKENS:
        for parameter in bundled_recipe(name).terms.parameters.values():
            for end in ("low", "high"):
                yield name, parameter.name, end


def with_entries(parameter: Parameter, end: float) -> object:
    """The parameter's own form with every figure at `end`."""
    if isinstance(parameter.value, dict):
        entry = parameter.otherwise
        value = [end] * len(entry) if isinstance(entry, tuple) else end
        return dict.fromkeys([*parameter.value, "BTC", "USDC"], value)
    return [end] * len(parameter.value) if isinstance(parameter.value, tuple) else end


@pytest.mark.parametrize(("name", "parameter", "end"), list(varied()))
def test_a_parameter_at_its_bound_gives_figures_or_a_clear_refusal(
    name: str, parameter: str, end: str
) -> None:
    known = bundled_recipe(name).terms.parameters[parameter]
    ready = prepared_fund()
    try:
        recipe = bundled_recipe(name, {parameter: with_entries(known, getattr(known, end))})
        found = assess_pockets(recipe, ready.columns, ready.priced).summary
    except TickOverflowError:
        return
    except InputRefused as refused:
        places = [failure.where for failure in refused.failures]
        assert all("params." in place for place in places), places
        return
    for level in found.levels.values():
        known_figures = ~np.isnan(level.requirement)
        assert (level.requirement[known_figures] >= 0.0).all()


@pytest.mark.parametrize("name", TOKENS)
def test_parts_of_every_node_add_up_for_every_account_of_the_fund(name: str) -> None:
    held, market = fund()
    found = figures(name, held, market)
    assert len(found) == len(held.accounts)
    assert sum(check_parts(each) for each in found) > 0


@pytest.mark.parametrize("name", TOKENS)
@settings(max_examples=8)
@given(held=books(2))
def test_parts_of_every_node_add_up_for_any_book(name: str, held: Book) -> None:
    for found in figures(name, held):
        check_parts(found)


@pytest.mark.parametrize("name", TOKENS)
@settings(max_examples=8)
@given(held=books(3))
def test_an_account_alone_has_the_figures_that_it_has_in_a_batch(name: str, held: Book) -> None:
    ready = prepared(held)
    recipe = bundled_recipe(name)
    together = assess_pockets(recipe, ready.columns, ready.priced).summary
    for number in range(ready.columns.accounts_count):
        one = chosen(ready.columns, [number])
        alone = assess_pockets(recipe, one, ready.priced).summary
        for level, columns in alone.levels.items():
            both = together.levels[level]
            assert_same(columns.equity, both.equity[[number]])
            assert_same(columns.requirement, both.requirement[[number]])


def assert_same(found: F8, wanted: F8) -> None:
    assert ((found == wanted) | (np.isnan(found) & np.isnan(wanted))).all()


@pytest.mark.parametrize("name", TOKENS)
def test_an_account_with_nothing_needs_nothing(name: str) -> None:
    found = assessed(name, test_books.book(test_books.account("empty"))).summary
    for level in found.levels.values():
        assert level.equity.tolist() == [0.0]
        assert level.requirement.tolist() == [0.0]


@pytest.mark.parametrize("system", ["drift-v2", "mango-v4", "synthetix-v3-perps", "opyn-gamma"])
def test_the_order_in_which_a_book_is_written_changes_nothing(system: str) -> None:
    for case in read_cases((VECTORS / f"{system}.json").read_bytes()):
        made = ADAPTERS[system](case)
        if not isinstance(made, Translation):
            continue
        recipe = bundled_recipe(made.recipe, made.overrides)
        found = []
        for _ in range(2):
            book, priced = made.scene.built()
            columns = assess(recipe, book, priced, reporting=made.reporting, tick_exponent=-20)
            found.append(columns.levels)
            for lines in (made.scene.positions, made.scene.balances, made.scene.orders):
                lines.reverse()
        for name, level in found[0].items():
            assert_same(level.equity, found[1][name].equity)
            assert_same(level.requirement, found[1][name].requirement)
