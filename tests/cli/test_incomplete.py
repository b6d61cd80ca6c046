"""A recipe that lacks a figure says which, once, and computes when the figure is set."""

from typing import Any

import pytest

from crossmargin.wire.recipes import bundled_recipe, recipe_names
from tests.cli.run import FUND, MARKET, crossmargin
from tests.rulebook.recipes.given import GIVEN

INCOMPLETE = [name for name in recipe_names() if bundled_recipe(name).terms.missing()]


def written(value: Any) -> str:
    """A value as a recipe file writes it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {written(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(written(item) for item in value) + "]"
    return repr(value)


@pytest.mark.parametrize("name", INCOMPLETE)
def test_an_incomplete_recipe_names_what_it_lacks_and_nothing_else(name: str) -> None:
    ended = crossmargin("margin", FUND, "-m", MARKET, "--recipe", name, "--no-moves")
    assert ended.status == 1
    lines = ended.err.strip().splitlines()
    assert lines
    assert len(set(lines)) == len(lines)
    for line in lines:
        assert "no source gives this figure: set it to use the recipe" in line
        assert any(f"params.{lacking}:" in line for lacking in bundled_recipe(name).terms.missing())


@pytest.mark.parametrize("name", INCOMPLETE)
def test_with_its_figures_set_it_computes(name: str) -> None:
    said = [
        word for key, value in GIVEN[name].items() for word in ("--set", f"{key}={written(value)}")
    ]
    ended = crossmargin("margin", FUND, "-m", MARKET, "--recipe", name, "--no-moves", *said)
    # 2: an account of the fund is liquidatable under a rulebook that is not its own.
    assert ended.status in (0, 2, 4)
    assert "no source gives" not in ended.out + ended.err
