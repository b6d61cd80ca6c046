"""`crossmargin reconcile`: what venues report beside our figures."""

from crossmargin import api
from crossmargin.cli.exit_status import ExitStatus
from crossmargin.cli.input_words import BookWord, Flag, MarketOption, RecipeOption, SetOption
from crossmargin.cli.inputs import assignments, book_and_market
from crossmargin.cli.printing import at_work, write_json, write_text
from crossmargin.rulebook.reconcile import Reconciled, worst_status
from crossmargin.rulebook.reconcile import reconcile as reconciled

HEADS = ("account", "figure", "ours", "venue's", "difference", "component that differs")


def reconcile(
    book: BookWord,
    /,
    *,
    market: MarketOption,
    recipe: RecipeOption = None,
    set: SetOption = (),  # noqa: A002 - the word of the command line
    json: Flag = False,
) -> int:
    """What venues report beside our figures, and in which component they differ.

    Exits with 3 when a figure differs by more than its tolerance, with 4 when one that a venue
    reports has none of ours beside it.

    Parameters
    ----------
    book
        A book in JSON, or - for standard input.
    market
        A market in JSON, or - for standard input.
    recipe
        One rulebook for all accounts, instead of each account's own.
    set
        A parameter of the recipe, as name=value; may be given several times.
    json
        Exact figures as JSON instead of a table.
    """
    wanted = assignments(set)
    sources = book_and_market(book, market)
    with at_work("Reconciling"):
        read = api.load_market(sources[1])
        own = api.load_book(sources[0], read)
        prepared = api.prepare(own, read)
        rows = reconciled(
            own,
            prepared.columns,
            prepared.priced,
            api.venue_recipes(own, recipe, wanted),
            betas=api.coin_betas(prepared.priced.assets),
        )
    if json:
        write_json([_values(row) for row in rows])
    else:
        write_text("\n".join(_lines(rows)) + "\n")
    status = worst_status(rows)
    if status is False:
        return ExitStatus.CHECK_FAILED
    return ExitStatus.DONE if status else ExitStatus.UNAVAILABLE


def _values(row: Reconciled) -> dict[str, object]:
    return {
        "account": row.account_id,
        "venue": row.venue,
        "recipe": row.recipe,
        "currency": row.currency,
        "figure": row.figure,
        "ours": None if row.ours is None else str(row.ours),
        "reported": str(row.reported),
        "difference": None if row.difference is None else str(row.difference),
        "within": row.within,
        "component": row.component,
        "explained": row.explained,
    }


def _lines(rows: tuple[Reconciled, ...]) -> list[str]:
    cells = [HEADS, *(_cells(row) for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(HEADS))]
    return [
        "  ".join(
            text.rjust(width) if 2 <= i <= 4 else text.ljust(width)
            for i, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    ]


def _cells(row: Reconciled) -> tuple[str, ...]:
    if row.within is None:
        component = "no figure of ours"
    elif row.within:
        component = ""
    else:
        component = (row.component or "") + ("" if row.explained else " (largest)")
    return (
        row.account_id,
        row.figure,
        "" if row.ours is None else f"{row.ours:,.8g}",
        f"{row.reported:,.8g}",
        "" if row.difference is None else f"{row.difference:,.4g}",
        component,
    )
