"""`crossmargin schema`: what a book and a market look like, for other programs."""

from typing import Literal

from crossmargin.cli.printing import write_json
from crossmargin.wire.schema import book_schema, market_schema


def schema(what: Literal["book", "market"] = "book", /) -> None:
    """The JSON Schema of a book or a market.

    Parameters
    ----------
    what
        book or market.
    """
    write_json(book_schema() if what == "book" else market_schema())
