"""`crossmargin compare`: the same book under every recipe."""

from typing import Annotated

from cyclopts import Parameter

from crossmargin import api
from crossmargin.cli.exit_status import ExitStatus
from crossmargin.cli.input_words import BookWord, Flag, MarketOption
from crossmargin.cli.inputs import book_and_market
from crossmargin.cli.printing import at_work, output_console, write_json
from crossmargin.report.exhibit import RecipeRow, recipe_row
from crossmargin.report.to_json import recipe_values


def compare(
    book: BookWord,
    /,
    *,
    market: MarketOption,
    recipe: Annotated[tuple[str, ...], Parameter(alias="-r", negative="")] = (),
    json: Flag = False,
) -> int:
    """The same book under every recipe, in one table.

    Exits with 4 when a recipe gives no figures for this book.

    Parameters
    ----------
    book
        A book in JSON, or - for standard input.
    market
        A market in JSON, or - for standard input.
    recipe
        Only this recipe; may be given several times.
    json
        Exact figures as JSON instead of a table.
    """
    sources = book_and_market(book, market)
    with at_work("Running every recipe"):
        found = api.compare(sources[0], sources[1], recipe or None)
    rows = tuple(recipe_row(values) for values in found)
    if json:
        write_json([recipe_values(row) for row in rows])
    else:
        _print(rows)
    complete = all(row.status == "complete" for row in rows)
    return ExitStatus.DONE if complete else ExitStatus.UNAVAILABLE


def _print(rows: tuple[RecipeRow, ...]) -> None:
    from crossmargin.report.tables import recipes_view  # noqa: PLC0415 - loads rich

    console = output_console()
    console.print(recipes_view(rows))
    console.print("Only what is locked and the buffers compare between rulebooks.")
