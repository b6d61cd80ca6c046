"""`crossmargin greeks`: sensitivities of every account by underlying."""

from crossmargin import api
from crossmargin.cli.exit_status import ExitStatus
from crossmargin.cli.input_words import BookWord, Flag, MarketOption
from crossmargin.cli.inputs import book_and_market
from crossmargin.cli.printing import at_work, output_console, write_json
from crossmargin.report.greeks_table import greeks_rows, greeks_table, greeks_values
from crossmargin.risk.greek_sums import greek_sums


def greeks(
    book: BookWord,
    /,
    *,
    market: MarketOption,
    json: Flag = False,
) -> int:
    """Delta, gamma, vega, theta and rho of every account, by underlying.

    Exits with 4 when a figure is unavailable.

    Parameters
    ----------
    book
        A book in JSON, or - for standard input.
    market
        A market in JSON, or - for standard input.
    json
        The figures as JSON instead of a table.
    """
    book_source, market_source = book_and_market(book, market)
    with at_work("Reading and pricing"):
        found = api.load_market(market_source)
        prepared = api.prepare(api.load_book(book_source, found), found)
        sums = greek_sums(prepared.columns, prepared.priced.greeks())
    rows = greeks_rows(prepared.columns, sums)
    if json:
        write_json(greeks_values(rows))
    else:
        output_console().print(greeks_table(rows))
    known = all(None not in row.figures for row in rows)
    return ExitStatus.DONE if known else ExitStatus.UNAVAILABLE
