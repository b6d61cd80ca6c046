"""The statement as a piece of HTML for a notebook: no script, no reference, every text escaped."""

from crossmargin.base.instant import instant_text
from crossmargin.report.amount_text import NOT_AVAILABLE, shown_amount, shown_frac
from crossmargin.report.page.markup import chip, text
from crossmargin.report.totals import silos
from crossmargin.rulebook.statement_types import AccountFigures, LevelFigures, Statement

ROWS_SHOWN = 50

_HEADS = ("account", "venue", "recipe", "level", "equity", "requirement", "buffer", "used", "")


def notebook_html(statement: Statement) -> str:
    """The headline and every level of at most `ROWS_SHOWN` silos, as a table."""
    rows = silos(statement)
    head = "".join(f"<th>{name}</th>" for name in _HEADS)
    body = "".join(_line(row, level) for row in rows[:ROWS_SHOWN] for level in row.levels)
    shortfall = statement.columns[0].shortfall if statement.columns else None
    hidden = len(rows) - ROWS_SHOWN
    more = f"<p>{hidden} more accounts</p>" if hidden > 0 else ""
    return (
        f"<div><p><b>Margin as of {text(instant_text(statement.as_of_ns))}</b>, "
        f"shortfall of the silos {text(shown_amount(shortfall))} {text(statement.reporting)}, "
        f"{len(statement.assumed)} assumed fields</p>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}</div>"
    )


def _line(row: AccountFigures, level: LevelFigures) -> str:
    used = NOT_AVAILABLE if level.utilisation is None else shown_frac(level.utilisation)
    cells = (
        row.account_id,
        row.venue,
        row.recipe,
        level.name,
        shown_amount(level.equity),
        shown_amount(level.requirement),
        shown_amount(level.buffer),
        used,
    )
    return (
        "<tr>"
        + "".join(f"<td>{text(cell)}</td>" for cell in cells)
        + f"<td>{chip(row.standing)}</td></tr>"
    )
