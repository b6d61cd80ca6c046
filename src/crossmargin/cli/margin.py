"""`crossmargin margin`: the statement of a book."""

from pathlib import Path

from crossmargin import api
from crossmargin.base.failure import Failure, Reason, refuse_if_any
from crossmargin.cli.exit_status import margin_status
from crossmargin.cli.input_words import BookWord, Flag, MarketOption, RecipeOption, SetOption
from crossmargin.cli.inputs import assignments, book_and_market
from crossmargin.cli.printing import at_work, output_console, write_file, write_json, write_text
from crossmargin.report.result import Result
from crossmargin.report.totals import silos


def margin(
    book: BookWord,
    /,
    *,
    market: MarketOption,
    recipe: RecipeOption = None,
    set: SetOption = (),  # noqa: A002 - the word of the command line
    json: Flag = False,
    csv: Flag = False,
    parquet: Path | None = None,
    html: Path | None = None,
    explain: Flag = False,
    moves: bool = True,
) -> int:
    """What every account has and needs, and how far it is from being closed.

    Exits with 2 when an account is to be liquidated, with 4 when a figure is unavailable.

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
        Exact figures as JSON instead of tables.
    csv
        Exact figures as CSV instead of tables.
    parquet
        Also write the figures to this Parquet file.
    html
        Also write one self-contained page to this file.
    explain
        Also print every account's component tree and the scenarios of its worst underlying.
    moves
        Search how far every asset may move until liquidation; the longest part of the work.
    """
    _refuse_contradictions(json=json, csv=csv, explain=explain)
    wanted = assignments(set)
    book_source, market_source = book_and_market(book, market)
    trees = explain or html is not None
    with at_work("Reading, pricing and adding up"):
        found = api.load_market(market_source)
        read = api.load_book(book_source, found)
        result = api.margin(read, found, recipe, wanted, explain=trees, liquidation=moves)
    if parquet is not None:
        from crossmargin.cli.parquet import parquet_bytes  # noqa: PLC0415 - loads a frame library

        write_file(parquet, parquet_bytes(result))
    if html is not None:
        from crossmargin.cli.page import page_of  # noqa: PLC0415 - what only a page needs

        with at_work("Drawing"):
            write_file(html, page_of(read, found, result).encode())
    if json:
        write_json(result.to_dict())
    elif csv:
        write_text(result.to_csv())
    else:
        _print(result, explain=explain)
    return margin_status(silos(result.statement))


def _refuse_contradictions(*, json: bool, csv: bool, explain: bool) -> None:
    if json + csv + explain > 1:
        message = "--json, --csv and --explain are three ways to print: choose one"
        refuse_if_any([Failure(Reason.CONTRADICTION, "margin", message)])


def _print(result: Result, *, explain: bool) -> None:
    from crossmargin.report.exhibit import Exhibit  # noqa: PLC0415 - loads rich, which --json spares
    from crossmargin.report.tables import statement_view  # noqa: PLC0415

    console = output_console()
    console.print(statement_view(Exhibit(statement=result.statement)))
    if not explain:
        return
    from crossmargin.report.heatmap import heatmap_view  # noqa: PLC0415
    from crossmargin.report.tree import account_tree  # noqa: PLC0415

    for row in silos(result.statement):
        console.print()
        console.print(account_tree(row))
    for heatmap in result.heatmaps:
        console.print(heatmap_view(heatmap))
