"""Which accounts a page shows, and in which order: the nearest to liquidation first."""

from crossmargin.report.totals import silos, urgency
from crossmargin.rulebook.standing import STANDINGS, Standing
from crossmargin.rulebook.statement_types import AccountFigures, Statement

ACCOUNTS_SHOWN = 100

_NEEDS_EYES = {Standing.UNAVAILABLE: STANDINGS.index(Standing.CALLED)}


def accounts_shown(statement: Statement) -> tuple[AccountFigures, ...]:
    """At most `ACCOUNTS_SHOWN` silos, worst standing first, then highest utilisation.

    An account whose standing cannot be told comes right after those that are to be closed.
    """
    return tuple(sorted(silos(statement), key=_rank)[:ACCOUNTS_SHOWN])


def _rank(row: AccountFigures) -> tuple[int, float]:
    severity = _NEEDS_EYES.get(row.standing, STANDINGS.index(row.standing))
    return (-severity, -urgency(row))
