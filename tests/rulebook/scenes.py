"""A scene under a recipe, through the one path, at a fine tick."""

from collections.abc import Mapping
from typing import Any

from crossmargin.conformance.scene import Scene
from crossmargin.rulebook.assess import MarginColumns, assess
from crossmargin.wire.recipes import bundled_recipe, read_recipe

TICK = -30


def assessed(
    scene: Scene,
    recipe: str,
    overrides: Mapping[str, Any] | None = None,
    *,
    reporting: str | None = None,
    explain: bool = True,
) -> MarginColumns:
    """The recipe's answer: a bundled one by its name, or one written out."""
    read = read_recipe(recipe.encode()) if "\n" in recipe else bundled_recipe(recipe, overrides)
    book, priced = scene.built()
    return assess(read, book, priced, reporting=reporting, explain=explain, tick_exponent=TICK)


def amounts(found: MarginColumns, level: str, part: str = "buffer") -> list[float]:
    """Of every account, in reporting units."""
    ticks = getattr(found.levels[level], part)
    return [float(each) * 2.0**found.tick_exponent for each in ticks]
