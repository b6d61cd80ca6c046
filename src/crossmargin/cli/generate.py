"""`crossmargin generate`: books made by a stated rule."""

import json
import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.types import PositiveInt

from crossmargin import api
from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.cli.input_words import MarketOption
from crossmargin.cli.inputs import STDIN, input_source
from crossmargin.cli.market_book import balance_rows, book_json, book_of_market, position_rows
from crossmargin.cli.parquet import parquet_bytes
from crossmargin.cli.printing import at_work, write_file, writing
from crossmargin.domain.columns import BookColumns
from crossmargin.wire.market import MarketInput

DEFAULT_RECIPE = "deribit-portfolio"
BUNDLED_MARKET = {
    "schema": "crossmargin/market/1",
    "as_of": "2026-08-08T00:00:00Z",
    "sequence": 1,
    "include": [
        {
            "chain": "package:deribit_option_chain_oi_iv_2026-08-08.csv",
            "format": "deribit-oi-iv",
            "venue": "deribit",
        }
    ],
}


def generate(
    what: Literal["market-book"],
    /,
    *,
    accounts: PositiveInt,
    out: Path = Path(STDIN),
    market: MarketOption | None = None,
    recipe: Annotated[str, Parameter(alias="-r")] = DEFAULT_RECIPE,
    seed: int = 0,
) -> None:
    """A book of the whole market's open interest, for tests at size.

    Parameters
    ----------
    what
        market-book: the open interest of the market's chains, allotted to accounts.
    accounts
        How many accounts.
    out
        FILE.json, a book that `margin` reads, or - for standard output; or FILE.parquet, its
        positions as a table, with its balances beside it in FILE.balances.parquet.
    market
        A market in JSON with option chains, or - for standard input; without one the bundled
        chain of 2026-08-08.
    recipe
        The rulebook that says how much cash each account needs.
    seed
        Another seed, another book.
    """
    if out != Path(STDIN) and out.suffix not in (".json", ".parquet"):
        failure = Failure(Reason.UNSUPPORTED, f"--out {out}", "ends neither in .json nor .parquet")
        raise InputRefused([failure])
    with at_work(f"Allotting {what} to {accounts} accounts"):
        source = input_source(market) if market else json.dumps(BUNDLED_MARKET).encode()
        found = api.load_market(source)
        book = book_of_market(found, accounts, recipe=recipe, seed=seed)
        _write(book, out, found, recipe)
    rows = len(book.positions.account)
    sys.stderr.write(f"{out}: {book.accounts_count} accounts, {rows} positions\n")


def _write(book: BookColumns, out: Path, market: MarketInput, recipe: str) -> None:
    if out.suffix == ".parquet":
        write_file(out, parquet_bytes(position_rows(book)))
        beside = out.with_suffix(".balances.parquet")
        write_file(beside, parquet_bytes(balance_rows(book)))
        return
    venue = next(iter(market.listings.values())).venue
    pieces = book_json(book, venue=venue, recipe=recipe)
    if out == Path(STDIN):
        sys.stdout.writelines(pieces)
        return
    with writing(out) as file:
        file.writelines(pieces)
