"""The recipe of a translation: a bundled one, or one of the small ones beside the adapters, with
what a vector states put in.

A published example often starts in the middle: it gives a charge and asks for what follows from it.
The node is then replaced by the stated amount, and the rest of the tree is the recipe's own.
"""

import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

from crossmargin.base.failure import Failure, Reason, refuse_if_any
from crossmargin.conformance.translation import Translation
from crossmargin.rulebook.load import load_recipe
from crossmargin.rulebook.recipe import Recipe
from crossmargin.wire.recipes import recipe_text


def recipe_of(translation: Translation) -> Recipe:
    """The recipe to run. `InputRefused` for an unknown recipe, parameter, node or scenario family.

    Amounts are not rounded to the unit in which a venue shows them: sources print more digits. What
    a rule rounds is a node of the recipe and stays.
    """
    own = resources.files("crossmargin.conformance") / "recipes" / f"{translation.recipe}.toml"
    data = own.read_bytes() if own.is_file() else recipe_text(translation.recipe)
    tables = tomllib.loads(data.decode())
    tables.pop("rounding_unit", None)
    name = translation.recipe
    replaced = [
        *_replaced(tables, "scenarios", translation.scenarios, f"{name}.scenarios"),
        *_replaced(tables, "define", translation.definitions, f"{name}.define"),
        *_replaced(tables, "define", translation.stated_fields, f"{name}.define"),
    ]
    refuse_if_any(replaced)
    for family, table in translation.scenarios.items():
        tables["scenarios"][family] = {**tables["scenarios"][family], **table}
    tables["define"] = {**tables.get("define", {}), **translation.definitions}
    for node, field in translation.stated_fields.items():
        tables["define"][node] = {**tables["define"][node], "of": field}
    fields = [*tables.get("fields", []), *translation.stated_fields.values()]
    tables["fields"] = list(dict.fromkeys(fields))
    dropped = _drop_unnamed(tables)
    left = {key: value for key, value in translation.overrides.items() if key not in dropped}
    return load_recipe(tables, left)


def _replaced(
    tables: Mapping[str, Any], key: str, by: Mapping[str, Any], where: str
) -> Iterator[Failure]:
    """A failure for everything that is to be replaced and is not there."""
    for name in by:
        if name not in tables.get(key, {}):
            yield Failure(Reason.UNKNOWN_FIELD, f"{where}.{name}", "the recipe has none")


def stated(amount: float) -> dict[str, Any]:
    """A node that is an amount in reporting currency, whatever is held: once per group of the place
    where it stands.
    """
    anything = {"charge": "exposure", "amount": "held", "of": "contracts", "by": "listing"}
    return {"op": "clamp", "part": {**anything, "rate": 0.0}, "low": amount, "high": amount}


def _drop_unnamed(tables: dict[str, Any]) -> frozenset[str]:
    """Leave out nodes, scenario families and parameters that only a replaced node named; the names
    of the parameters.
    """
    defined = tables["define"]
    reached: set[str] = set()
    todo = list(_words(tables["level"], "ref"))
    while todo:
        name = todo.pop()
        if name not in reached and name in defined:
            reached.add(name)
            todo += _words(defined[name], "ref")
    tables["define"] = {name: node for name, node in defined.items() if name in reached}
    trees = [tables["level"], tables["define"]]
    families = set(_words(trees, "scenarios"))
    if "scenarios" in tables:
        tables["scenarios"] = {n: t for n, t in tables["scenarios"].items() if n in families}
    named = set(_parameters([*trees, tables.get("scenarios", {})]))
    written = tables.get("params", {})
    tables["params"] = {name: table for name, table in written.items() if name in named}
    return frozenset(written) - named


def _words(value: Any, key: str) -> Iterator[str]:
    """Every text that stands under `key`, at any depth."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name == key and isinstance(inner, str):
                yield inner
            yield from _words(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _words(inner, key)


def _parameters(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        name = value.removeprefix("-")
        if name.startswith("$"):
            yield name[1:]
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _parameters(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _parameters(inner)
