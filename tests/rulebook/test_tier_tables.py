"""Marginal tiers are continuous at their bounds, in every table that comes with the package."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.collateral.schedule import Measure, Tiered, market_credit
from crossmargin.rulebook.charge.tiered import Brackets, effective_rate
from crossmargin.rulebook.node import children
from crossmargin.rulebook.recipe import Recipe
from crossmargin.wire.recipes import bundled_recipe, recipe_names

WHOLE = {
    "binance-coinm",
    "binance-portfolio-pro",
    "binance-usdm",
    "kraken",
    "okx-multi-currency",
}
"""Recipes with brackets that count for the whole amount, as their venues have it: these jump."""


@dataclass(frozen=True)
class Table:
    recipe: str
    name: str
    label: str
    bounds: tuple[float, ...]
    rates: tuple[float, ...]
    whole: bool


def uses(value: Any) -> Iterator[tuple[str, str, bool, bool]]:
    """(bounds, rates, whole, stated as leverage) of everything in a charge that has both."""
    if not is_dataclass(value) or isinstance(value, type):
        if isinstance(value, tuple | list):
            for each in value:
                yield from uses(each)
        return
    bounds, rates = getattr(value, "bounds", None), getattr(value, "rates", None)
    if isinstance(bounds, str) and isinstance(rates, str):
        whole = getattr(value, "brackets", None) is Brackets.WHOLE
        yield bounds, rates, whole, str(getattr(value, "stated", "")) == "leverage"
    for field in fields(value):
        yield from uses(getattr(value, field.name))


def nodes(recipe: Recipe) -> Iterator[Any]:
    left = [tree for level in recipe.levels for tree in (level.equity, level.requirement)]
    while left:
        node = left.pop()
        yield node
        left.extend(children(node))


def lists(recipe: Recipe, reference: str) -> dict[str, tuple[float, ...]]:
    """The lists of a parameter by label; "*" is the entry of all others."""
    parameter = recipe.terms.parameters[reference.removeprefix("$")]
    value = parameter.value
    if value is None:
        return {}
    table: dict[str, Any] = dict(value) if isinstance(value, Mapping) else {"*": value}
    if parameter.otherwise is not None:
        table["*"] = parameter.otherwise
    return {label: own if isinstance(own, tuple) else (own,) for label, own in table.items()}


def shipped() -> dict[tuple[str, str, str], Table]:
    found: dict[tuple[str, str, str], Table] = {}
    for name in recipe_names():
        recipe = bundled_recipe(name)
        # Inner nodes hold their parts as dataclasses too, so every charge and rate is reached.
        for node in nodes(recipe):
            for bounds, rates, whole, leverage in uses(node):
                of_bounds, of_rates = lists(recipe, bounds), lists(recipe, rates)
                for label, own in of_rates.items():
                    ends = of_bounds.get(label, of_bounds.get("*", ()))
                    if len(ends) == 0 or len(own) != len(ends) + 1:
                        continue
                    stated = tuple(1.0 / each for each in own) if leverage else own
                    found[name, rates, label] = Table(name, rates, label, ends, stated, whole)
    return found


TABLES = shipped()
MARGINAL = sorted(key for key, table in TABLES.items() if not table.whole)


def charged(table: Table, size: float) -> float:
    rate = effective_rate(
        np.array([size]),
        np.array([table.bounds]),
        np.array([table.rates]),
        Brackets.MARGINAL,
        False,
    )
    return float(size * rate[0])


def credited(table: Table, size: float) -> float:
    schedule = Tiered(
        bound=np.array([table.bounds]), weight=np.array([table.rates]), measure=Measure.VALUE
    )
    credit = market_credit(schedule, np.array([0]), np.array([size]), np.array([1.0]))
    return float(credit[0])


def test_the_tables_of_all_families_are_found() -> None:
    assert len(MARGINAL) >= 20
    assert {table.recipe for table in TABLES.values() if table.whole} == WHOLE
    assert {"binance-usdm", "cross-tiered", "okx-multi-currency"} <= {key[0] for key in MARGINAL}


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_marginal_table_is_continuous_at_every_bound(data: st.DataObject) -> None:
    table = TABLES[data.draw(st.sampled_from(MARGINAL))]
    bound = data.draw(st.sampled_from(table.bounds))
    apart = bound * data.draw(st.sampled_from((1e-9, 1e-6, 1e-3)))
    dust = 1e-12 * bound
    for amount in (charged, credited):
        below, at, above = (amount(table, bound + step) for step in (-apart, 0.0, apart))
        assert abs(at - below) <= max(table.rates) * apart + dust
        assert abs(above - at) <= max(table.rates) * apart + dust


@pytest.mark.parametrize("key", MARGINAL, ids="/".join)
def test_between_bounds_each_slice_has_its_own_rate(key: tuple[str, str, str]) -> None:
    table = TABLES[key]
    ends = (0.0, *table.bounds, 2.0 * table.bounds[-1])
    total = 0.0
    for (low, high), rate in zip(pairwise(ends), table.rates, strict=True):
        middle = (low + high) / 2
        assert charged(table, middle) == pytest.approx(total + (middle - low) * rate)
        total += (high - low) * rate
        assert charged(table, high) == pytest.approx(total)
        assert credited(table, high) == pytest.approx(total)


@pytest.mark.parametrize("brackets", list(Brackets))
def test_a_size_that_is_missing_has_no_rate(brackets: Brackets) -> None:
    rate = effective_rate(
        np.array([np.nan, 0.0]),
        np.array([[10.0], [10.0]]),
        np.array([[0.1, 0.2], [0.1, 0.2]]),
        brackets,
        False,
    )
    assert np.isnan(rate[0])
    assert rate[1] == 0.1
