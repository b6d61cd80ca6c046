"""Recipe files: the bundled ones by name, any other as bytes, always through the same loader."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.rulebook.load import load_recipe
from crossmargin.rulebook.recipe import Recipe


def recipe_names() -> tuple[str, ...]:
    """Names of the bundled recipes, sorted."""
    return _known_names()


def bundled_recipe(name: str, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """The bundled recipe of that name, with parameters replaced by `overrides`."""
    return read_recipe(recipe_text(name), overrides) if overrides else _as_written(name)


@cache
def _as_written(name: str) -> Recipe:
    """Bundled files do not change while the program runs, and nobody changes a recipe."""
    return read_recipe(recipe_text(name))


@cache
def _known_names() -> tuple[str, ...]:
    folder = resources.files("crossmargin.rulebook") / "recipes"
    return tuple(
        sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))
    )


def recipe_text(name: str) -> bytes:
    """The file of a bundled recipe. `InputRefused` for an unknown name, with the known ones."""
    if name not in recipe_names():
        message = f"no recipe is called {name!r}; there are {', '.join(recipe_names())}"
        raise InputRefused([Failure(Reason.UNKNOWN_RECIPE, "recipe", message)])
    return (resources.files("crossmargin.rulebook") / "recipes" / f"{name}.toml").read_bytes()


def read_recipe(data: bytes, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """TOML bytes -> recipe. `InputRefused` with everything that is wrong with it."""
    return load_recipe(_tables(data), overrides)


def _tables(data: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputRefused(
            [Failure(Reason.WRONG_TYPE, "recipe", f"is not TOML: {error}")]
        ) from error
