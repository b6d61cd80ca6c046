"""The modes of one book side by side, as a table and as plain values."""

from collections.abc import Sequence
from typing import Any

from rich.console import Group
from rich.text import Text

from crossmargin.report.amount_text import (
    NOT_AVAILABLE,
    decimal_text,
    printable,
    shown_amount,
    shown_move,
)
from crossmargin.report.plain_table import cell, named, plain_table
from crossmargin.rulebook.modes import ModeFigures


def modes_view(rows: Sequence[ModeFigures]) -> Group:
    """What each mode takes, then how near it is and how much hangs on one account.

    Only what is locked compares between rulebooks.
    """
    unit = printable(rows[0].reporting)
    needs = plain_table(
        f"One book in {len(rows)} modes, in {unit}",
        *("view", "level", "requirement", "locked", "shortfall"),
    )
    risks = plain_table(
        "Nearest to liquidation, and the most that one account can lose",
        *("view", "nearest", "move", "account", "at most"),
    )
    for row in rows:
        who = named(row.mode)
        for line in [*row.recipes, f"{row.accounts_count} alone", *_reasons(row)]:
            who.append(f"\n{printable(line)}", style="dim")
        needs.add_row(
            who,
            Text("\n".join(printable(level) for level in row.requirement)),
            cell("\n".join(shown_amount(amount) for amount in row.requirement.values())),
            cell(shown_amount(row.locked)),
            cell(shown_amount(row.shortfall)),
        )
        risks.add_row(named(row.mode), *_nearest_cells(row), *_loss_cells(row))
    return Group(needs, risks)


def modes_values(rows: Sequence[ModeFigures]) -> list[dict[str, Any]]:
    """Exact amounts as decimal strings; null stands beside its reason."""
    return [_values(row) for row in rows]


def _values(row: ModeFigures) -> dict[str, Any]:
    nearest, loss = row.nearest, row.worst_loss
    return {
        "mode": row.mode,
        "recipes": list(row.recipes),
        "reporting": row.reporting,
        "accounts": row.accounts_count,
        "requirement": {level: decimal_text(own) for level, own in row.requirement.items()},
        "buffer": decimal_text(row.buffer),
        "locked": decimal_text(row.locked),
        "shortfall": decimal_text(row.shortfall),
        "nearest": None
        if nearest is None
        else {
            "account": nearest.account_id,
            "asset": nearest.asset,
            "move": nearest.move,
            "price": nearest.price,
        },
        "nearest_reason": row.nearest_reason,
        "worst_loss": None
        if loss is None
        else {"account": loss.account_id, "amount": decimal_text(loss.amount)},
        "reason": row.reason,
    }


def _reasons(row: ModeFigures) -> list[str]:
    return [] if row.reason is None else [row.reason]


def _nearest_cells(row: ModeFigures) -> tuple[Text, Text]:
    if row.nearest is None:
        return Text(printable(row.nearest_reason or NOT_AVAILABLE)), cell("")
    move = f"{row.nearest.asset or 'all'} {shown_move(row.nearest.move)}"
    return Text(printable(row.nearest.account_id)), cell(printable(move))


def _loss_cells(row: ModeFigures) -> tuple[Text, Text]:
    loss = row.worst_loss
    if loss is None:
        return Text(NOT_AVAILABLE), cell(NOT_AVAILABLE)
    return Text(printable(loss.account_id)), cell(shown_amount(loss.amount))
