"""`crossmargin modes`: the same book isolated, cross, portfolio and hybrid."""

from crossmargin import api
from crossmargin.cli.exit_status import ExitStatus
from crossmargin.cli.input_words import BookWord, Flag, MarketOption
from crossmargin.cli.inputs import book_and_market
from crossmargin.cli.printing import at_work, output_console, write_json
from crossmargin.report.mode_table import modes_values, modes_view
from crossmargin.rulebook.modes import PoolScope


def modes(
    book: BookWord,
    /,
    *,
    market: MarketOption,
    portfolio: str = api.HOUSE,
    pool: PoolScope = PoolScope.ACCOUNT,
    json: Flag = False,
) -> int:
    """The same book isolated, cross, portfolio and hybrid, side by side.

    Exits with 4 when a mode lacks a figure.

    Parameters
    ----------
    book
        A book in JSON, or - for standard input.
    market
        A market in JSON, or - for standard input.
    portfolio
        The rulebook of the portfolio mode and of the hybrid's pools.
    pool
        What is pooled: an account with everything below it, or all accounts of an owner.
    json
        Exact figures as JSON instead of a table.
    """
    sources = book_and_market(book, market)
    with at_work("Margining in four modes"):
        rows = api.modes(sources[0], sources[1], portfolio=portfolio, pool=pool)
    if json:
        write_json(modes_values(rows))
    else:
        console = output_console()
        console.print(modes_view(rows))
        console.print("Only what is locked compares between rulebooks.")
    complete = all(row.reason is None for row in rows)
    return ExitStatus.DONE if complete else ExitStatus.UNAVAILABLE
