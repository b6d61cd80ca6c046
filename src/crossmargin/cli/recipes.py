"""`crossmargin recipes`: the rulebooks that come with the package."""

from typing import Any, Literal

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.cli.input_words import Flag
from crossmargin.cli.printing import output_console, write_json, write_text
from crossmargin.rulebook.recipe import Recipe
from crossmargin.wire.recipes import bundled_recipe, recipe_names, recipe_text


def recipes(
    show: Literal["show"] | None = None,
    name: str | None = None,
    /,
    *,
    json: Flag = False,
) -> None:
    """The rulebooks that come with the package; `show NAME` prints one of them.

    Parameters
    ----------
    show
        The word show, to print one recipe.
    name
        The recipe to print.
    json
        The list as JSON instead of a table.
    """
    if show is not None and name is None:
        message = f"needs a name; there are {', '.join(recipe_names())}"
        raise InputRefused([Failure(Reason.MISSING_FIELD, "recipes show", message)])
    if name is not None:
        write_text(recipe_text(name).decode())
        return
    found = [bundled_recipe(each) for each in recipe_names()]
    if json:
        write_json([_values(recipe) for recipe in found])
    else:
        _print(found)


def _values(recipe: Recipe) -> dict[str, Any]:
    terms = recipe.terms
    return {
        "name": terms.name,
        "title": terms.title,
        "valid_from": terms.valid_from,
        "source": terms.source,
        "note": terms.note,
        "reporting": terms.reporting,
        "levels": [level.name for level in recipe.levels],
        "liquidation_level": recipe.liquidation_level,
        "missing": list(terms.missing()),
        "content_hash": terms.content_hash,
    }


def _print(found: list[Recipe]) -> None:
    from rich.text import Text  # noqa: PLC0415 - --json does not need it

    from crossmargin.report.plain_table import named, plain_table  # noqa: PLC0415

    table = plain_table("Recipes", "recipe", "what", "level")
    for recipe in found:
        terms = recipe.terms
        what = Text(terms.title)
        what.append(f"\nvalid from {terms.valid_from}, in {terms.reporting}", style="dim")
        what.append(f"\n{terms.source}", style="dim")
        if terms.missing():
            what.append(f"\nincomplete, needs {', '.join(terms.missing())}", style="yellow")
        table.add_row(named(terms.name), what, Text("\n".join(lv.name for lv in recipe.levels)))
    output_console().print(table)
