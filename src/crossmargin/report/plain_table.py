"""The one look of our tables: narrow, no frame, and whatever comes from a book as plain text."""

from rich.box import Box
from rich.table import Table
from rich.text import Text

from crossmargin.report.amount_text import printable
from crossmargin.rulebook.standing import Standing

# A rule below the head and between rows, in ASCII: it looks the same in a pipe and in a dumb
# terminal.
_RULES = Box("    \n    \n -- \n    \n -- \n    \n    \n    \n", ascii=True)

_MARKS = {
    Standing.HEALTHY: ("[ok]", "green"),
    Standing.WARNED: ("[!]", "yellow"),
    Standing.CALLED: ("[!!]", "yellow"),
    Standing.REDUCE_ONLY: ("[!!]", "yellow"),
    Standing.LIQUIDATING: ("[XX]", "bold red"),
    Standing.BANKRUPT: ("[XX]", "bold red"),
    Standing.UNAVAILABLE: ("[?]", "magenta"),
}

_TEXT_COLUMNS = {
    "account",
    "sum of silos",
    "view",
    "recipe",
    "reason",
    "nearest",
    "level",
    "vol",
    "what",
}


def plain_table(title: str, *heads: str, lines: bool = True) -> Table:
    """An empty table; words stand on the left, figures on the right.

    `lines` draws a rule below every row, else only where a section ends.
    """
    table = Table(
        title=Text(f"\n{title}", style="bold"),
        title_justify="left",
        box=_RULES,
        show_edge=False,
        show_lines=lines,
        padding=(0, 1, 0, 0),
        pad_edge=False,
        header_style="bold",
        border_style="dim",
    )
    for head in heads:
        words = head in _TEXT_COLUMNS
        table.add_column(
            head,
            justify="left" if words else "right",
            # Never cut off: where there is no room at all, even a figure goes on in the next line.
            overflow="fold",
            no_wrap=head in {"level", "vol"},
        )
    return table


def named(name: str) -> Text:
    """A name out of the book, bold, with nothing in it understood as markup or control."""
    return Text(printable(name), style="bold")


def cell(text: str) -> Text:
    """A figure."""
    return Text(text, justify="right")


def standing_text(standing: Standing) -> Text:
    """The standing as mark, word and colour, so that none of them is needed alone."""
    mark, style = _MARKS[standing]
    return Text(f"{mark} {standing.value.replace('_', ' ')}", style=style)
