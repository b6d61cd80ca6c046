"""How a command ends, as a number that a script can ask for."""

from collections.abc import Iterable
from enum import IntEnum
from typing import final

from crossmargin.rulebook.standing import Standing
from crossmargin.rulebook.statement_types import AccountFigures


@final
class ExitStatus(IntEnum):
    """The status of the process. Where several hold, the first of 1, 2, 4 counts."""

    DONE = 0
    INPUT_REFUSED = 1
    LIQUIDATABLE = 2
    CHECK_FAILED = 3
    UNAVAILABLE = 4
    USAGE = 64


def margin_status(rows: Iterable[AccountFigures]) -> ExitStatus:
    """2 when an account is to be liquidated, else 4 when a figure of one is unavailable, else 0."""
    known = tuple(rows)
    if any(row.standing in (Standing.LIQUIDATING, Standing.BANKRUPT) for row in known):
        return ExitStatus.LIQUIDATABLE
    return figures_status(known)


def figures_status(rows: Iterable[AccountFigures]) -> ExitStatus:
    """4 when a figure of an account is unavailable, else 0."""
    return ExitStatus.UNAVAILABLE if any(map(_lacks_a_figure, rows)) else ExitStatus.DONE


def _lacks_a_figure(row: AccountFigures) -> bool:
    figures = [row.net_liquidation_value, *(level.buffer for level in row.levels)]
    return row.standing is Standing.UNAVAILABLE or None in figures
