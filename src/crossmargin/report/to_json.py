"""The statement as plain values for JSON: amounts are decimal strings, null stands beside its
reason.
"""

from typing import Any

from crossmargin.base.instant import instant_text
from crossmargin.report.amount_text import decimal_text
from crossmargin.report.exhibit import RecipeRow
from crossmargin.report.totals import (
    PlaceTotal,
    entity_totals,
    netting_set_rows,
    silos,
    venue_totals,
)
from crossmargin.rulebook.statement_types import (
    AccountFigures,
    Column,
    Crossing,
    LevelFigures,
    Loss,
    NodeFigures,
    ReportedFigure,
    Statement,
)


def statement_values(statement: Statement) -> dict[str, Any]:
    """The whole statement. `accounts` are silos under their own rulebooks, the first of the
    columns.

    `recipe` is the one recipe of all accounts, or null with `recipe_reason` when they have several;
    each account names its own. Utilisations and moves are numbers, not amounts.
    """
    recipes = sorted({row.recipe for row in silos(statement)})
    return {
        "as_of": instant_text(statement.as_of_ns),
        "recipe": recipes[0] if len(recipes) == 1 else None,
        "recipe_reason": None if len(recipes) == 1 else "one_per_account",
        "inputs_hash": statement.inputs_hash,
        "tick": statement.tick,
        "reporting": statement.reporting,
        "accounts": [account_values(row) for row in silos(statement)],
        "venues": [_place_values(total) for total in venue_totals(statement)],
        "entities": [_place_values(total) for total in entity_totals(statement)],
        "netting_sets": [account_values(row) for row in netting_set_rows(statement)],
        "columns": {column.name: _column_values(column) for column in statement.columns},
        "differences": {
            "model_difference": decimal_text(statement.model_difference),
            "enforceable_benefit": decimal_text(statement.enforceable_benefit),
            "aspirational_benefit": decimal_text(statement.aspirational_benefit),
        },
        "losses": [_loss_values(loss) for loss in statement.losses],
        "assumed": [{"field": field, "reason": reason} for field, reason in statement.assumed],
    }


def account_values(row: AccountFigures) -> dict[str, Any]:
    """One account or pool under one recipe."""
    return {
        "id": row.account_id,
        "venue": row.venue,
        "entity": row.entity_id,
        "recipe": row.recipe,
        "reporting": row.reporting,
        "levels": {level.name: level_values(level) for level in row.levels},
        "liquidation_level": row.liquidation_level,
        "nlv": decimal_text(row.net_liquidation_value),
        "standing": row.standing.value,
        "reasons": list(row.reasons),
        "liquidation": [_crossing_values(crossing) for crossing in row.liquidation],
        "reported": [_reported_values(figure) for figure in row.reported],
    }


def level_values(level: LevelFigures) -> dict[str, Any]:
    """One level; `utilisation_reason` is there only where the utilisation is null."""
    values: dict[str, Any] = {
        "equity": decimal_text(level.equity),
        "requirement": decimal_text(level.requirement),
        "buffer": decimal_text(level.buffer),
        "utilisation": level.utilisation,
    }
    if level.utilisation is None:
        values["utilisation_reason"] = level.utilisation_reason
    return values


def node_values(node: NodeFigures) -> dict[str, Any]:
    """A tree in the shape of its recipe, with drivers, winners and the parts of every amount."""
    return {
        "name": node.name,
        "operation": node.operation,
        "group": node.group,
        "amount": decimal_text(node.amount),
        "driver": node.driver,
        "winner": node.winner,
        "parts": [
            {"holding": part.holding, "amount": decimal_text(part.amount)} for part in node.parts
        ],
        "children": [node_values(child) for child in node.children],
    }


def explained_values(row: AccountFigures) -> dict[str, Any]:
    """One account with the trees of its levels."""
    return {
        **account_values(row),
        "trees": {
            level: {"equity": node_values(equity), "requirement": node_values(requirement)}
            for level, (equity, requirement) in row.trees.items()
        },
    }


def recipe_values(row: RecipeRow) -> dict[str, Any]:
    """The book under one recipe, as `compare` prints it."""
    return {
        "recipe": row.recipe,
        "title": row.title,
        "status": row.status,
        "reason": row.reason,
        "reporting": row.reporting,
        "requirement": {level: decimal_text(amount) for level, amount in row.requirements},
        "buffer": decimal_text(row.buffer),
        "locked": decimal_text(row.locked),
        "shortfall": decimal_text(row.shortfall),
        "worst_standing": row.worst,
    }


def _crossing_values(crossing: Crossing) -> dict[str, Any]:
    return {
        "asset": crossing.asset,
        "direction": crossing.direction,
        "move": crossing.move,
        "price": crossing.price,
        "reason": crossing.reason,
        "non_monotone": crossing.non_monotone,
        "searched": list(crossing.searched),
        "vol_rule": crossing.vol_rule,
    }


def _reported_values(figure: ReportedFigure) -> dict[str, Any]:
    return {
        "name": figure.name,
        "ours": decimal_text(figure.ours),
        "reported": decimal_text(figure.reported),
        "difference": decimal_text(figure.difference),
        "tolerance": decimal_text(figure.tolerance),
        "within": figure.within,
    }


def _place_values(total: PlaceTotal) -> dict[str, Any]:
    return {
        "id": total.name,
        "reporting": total.reporting,
        "accounts": list(total.account_ids),
        "levels": {level.name: level_values(level) for level in total.levels},
        "nlv": decimal_text(total.net_liquidation_value),
        "shortfall": decimal_text(total.shortfall),
        "worst_standing": total.worst.value,
        "nearest": total.nearest,
    }


def _column_values(column: Column) -> dict[str, Any]:
    return {
        "label": column.label,
        "locked": decimal_text(column.locked),
        "shortfall": decimal_text(column.shortfall),
        "nearest": column.nearest,
        "rows": [account_values(row) for row in column.rows],
    }


def _loss_values(loss: Loss) -> dict[str, Any]:
    return {
        "kind": loss.kind,
        "name": loss.name,
        "credit_lost": decimal_text(loss.credit_lost),
        "shortfalls": {name: decimal_text(amount) for name, amount in loss.shortfalls.items()},
    }
