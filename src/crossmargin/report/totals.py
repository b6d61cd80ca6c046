"""Sums over places that cannot help each other: they have no standing of their own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import final

from crossmargin.rulebook.standing import STANDINGS, Standing
from crossmargin.rulebook.statement_types import AccountFigures, LevelFigures, Statement


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceTotal:
    """The silos of one venue or entity added up, in one reporting currency.

    `levels` are sums of the figures of that name; None where a member's figure is unavailable.
    `shortfall` is the sum of the liquidation levels' negative buffers as a positive number: what is
    missing, since no silo's surplus pays for another. `worst` is the worst standing of a member.
    `nearest` is the member with the highest utilisation at its liquidation level.
    """

    name: str
    reporting: str
    account_ids: tuple[str, ...]
    levels: tuple[LevelFigures, ...]
    net_liquidation_value: Decimal | None
    shortfall: Decimal | None
    worst: Standing
    nearest: str | None


def venue_totals(statement: Statement) -> tuple[PlaceTotal, ...]:
    """Silos by venue, in the order of the statement."""
    return _totals(silos(statement), lambda row: row.venue)


def entity_totals(statement: Statement) -> tuple[PlaceTotal, ...]:
    """Silos by entity, in the order of the statement."""
    return _totals(silos(statement), lambda row: row.entity_id)


def silos(statement: Statement) -> tuple[AccountFigures, ...]:
    """The accounts under their venues' own rulebooks: the first column."""
    return statement.columns[0].rows if statement.columns else ()


def netting_set_rows(statement: Statement) -> tuple[AccountFigures, ...]:
    """The pools of the third column; accounts that pool with nobody are left out."""
    if len(statement.columns) < 3:
        return ()
    alone = {row.account_id for row in statement.columns[1].rows}
    return tuple(row for row in statement.columns[2].rows if row.account_id not in alone)


def liquidation_figures(row: AccountFigures) -> LevelFigures | None:
    """The level at which the row is liquidated."""
    return next((level for level in row.levels if level.name == row.liquidation_level), None)


def urgency(row: AccountFigures) -> float:
    """How near a row is to its liquidation: its utilisation, infinite with a requirement and no
    equity.
    """
    figures = liquidation_figures(row)
    if figures is None or figures.requirement is None:
        return -1.0
    if figures.utilisation is None:
        return float("inf") if figures.utilisation_reason == "no_equity" else -1.0
    return figures.utilisation


def nearest_row(rows: Iterable[AccountFigures]) -> AccountFigures | None:
    """The row nearest to its liquidation, the first on a tie; None without any known figure."""
    known = [row for row in rows if urgency(row) >= 0.0]
    return max(known, key=urgency) if known else None


def _totals(
    rows: tuple[AccountFigures, ...], place_of: Callable[[AccountFigures], str]
) -> tuple[PlaceTotal, ...]:
    gathered: dict[tuple[str, str], list[AccountFigures]] = {}
    for row in rows:
        gathered.setdefault((place_of(row), row.reporting), []).append(row)
    return tuple(_total(name, unit, members) for (name, unit), members in gathered.items())


def _total(name: str, reporting: str, members: list[AccountFigures]) -> PlaceTotal:
    level_names = dict.fromkeys(level.name for row in members for level in row.levels)
    nearest = nearest_row(members)
    return PlaceTotal(
        name=name,
        reporting=reporting,
        account_ids=tuple(row.account_id for row in members),
        levels=tuple(_level_sum(level, members) for level in level_names),
        net_liquidation_value=_sum(row.net_liquidation_value for row in members),
        shortfall=_shortfall(members),
        worst=max((row.standing for row in members), key=STANDINGS.index),
        nearest=nearest.account_id if nearest else None,
    )


def _level_sum(name: str, members: list[AccountFigures]) -> LevelFigures:
    levels = [level for row in members for level in row.levels if level.name == name]
    return LevelFigures(
        name=name,
        equity=_sum(level.equity for level in levels),
        requirement=_sum(level.requirement for level in levels),
        buffer=_sum(level.buffer for level in levels),
        utilisation=None,
        utilisation_reason="sum_of_silos",
    )


def _shortfall(members: list[AccountFigures]) -> Decimal | None:
    buffers = [figures.buffer for row in members if (figures := liquidation_figures(row))]
    return _sum(None if buffer is None else max(-buffer, Decimal(0)) for buffer in buffers)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The exact sum, None when one amount is unavailable: a part is never printed as the whole."""
    total = Decimal(0)
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total
