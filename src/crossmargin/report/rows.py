"""The statement as flat rows, one per column, account and level: for CSV, Parquet and frames."""

from decimal import Decimal
from typing import TypeAlias

from crossmargin.base.instant import instant_text
from crossmargin.rulebook.statement_types import AccountFigures, Column, LevelFigures, Statement

Value: TypeAlias = str | Decimal | float | bool | None

ROW_FIELDS = (
    "as_of",
    "column",
    "account",
    "venue",
    "entity",
    "recipe",
    "reporting",
    "level",
    "equity",
    "requirement",
    "buffer",
    "utilisation",
    "liquidation_level",
    "net_liquidation_value",
    "standing",
)

AMOUNT_FIELDS = ("equity", "requirement", "buffer", "net_liquidation_value")


def flat_rows(statement: Statement) -> list[dict[str, Value]]:
    """Rows with the fields `ROW_FIELDS`; amounts are exact decimals in `reporting`, None
    unavailable.
    """
    as_of = instant_text(statement.as_of_ns)
    return [
        {"as_of": as_of, **_row(column, row, level)}
        for column in statement.columns
        for row in column.rows
        for level in row.levels
    ]


def _row(column: Column, row: AccountFigures, level: LevelFigures) -> dict[str, Value]:
    return {
        "column": column.name,
        "account": row.account_id,
        "venue": row.venue,
        "entity": row.entity_id,
        "recipe": row.recipe,
        "reporting": row.reporting,
        "level": level.name,
        "equity": level.equity,
        "requirement": level.requirement,
        "buffer": level.buffer,
        "utilisation": level.utilisation,
        "liquidation_level": level.name == row.liquidation_level,
        "net_liquidation_value": row.net_liquidation_value,
        "standing": row.standing.value,
    }
