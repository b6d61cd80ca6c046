"""What the page's pictures are drawn from, as plain values; every text is made here, none in the
browser.
"""

from decimal import Decimal
from typing import Any

from crossmargin.report.amount_text import printable, short_amount, shown_amount, shown_move
from crossmargin.report.exhibit import CollateralRow, Exhibit, PayoffCurve
from crossmargin.report.heatmap import grid_of
from crossmargin.report.move_tables import JOINT, crossing_text, crossings_by_asset
from crossmargin.report.page.account_order import accounts_shown
from crossmargin.report.page.markup import column_number
from crossmargin.report.waterfall import waterfall
from crossmargin.rulebook.statement_types import (
    AccountFigures,
    Crossing,
    Heatmap,
    NodeFigures,
)


def chart_data(exhibit: Exhibit) -> dict[str, Any]:
    """Values of all pictures: of the book, and of each account that the page shows."""
    statement = exhibit.statement
    return {
        "columns": [
            {"label": column_number(number), **_amount("locked", column.locked)}
            for number, column in enumerate(statement.columns)
        ],
        "recipes": [
            {
                "name": printable(row.recipe),
                **_amount("locked", row.locked),
                **_amount("shortfall", row.shortfall),
            }
            for row in exhibit.recipes
            if row.locked is not None
        ],
        "accounts": [
            _account(exhibit, row, number) for number, row in enumerate(accounts_shown(statement))
        ],
    }


def _account(exhibit: Exhibit, row: AccountFigures, number: int) -> dict[str, Any]:
    here = row.account_id
    return {
        "number": number,
        "unit": printable(row.reporting),
        "waterfalls": [
            {"level": printable(level), "steps": steps}
            for level, (_, requirement) in row.trees.items()
            if (steps := _steps(requirement))
        ],
        "moves": [_moves(asset, down, up) for asset, (down, up) in crossings_by_asset(row).items()],
        "heatmaps": [_heatmap(each) for each in exhibit.heatmaps if each.account_id == here],
        "curves": [_curve(each, row) for each in exhibit.curves if each.account_id == here],
        "collateral": [
            _collateral(each)
            for each in exhibit.collateral
            if each.account_id == here and each.value is not None and each.credit is not None
        ],
    }


def _amount(name: str, amount: Decimal | None) -> dict[str, Any]:
    return {
        name: None if amount is None else float(amount),
        f"{name}_text": shown_amount(amount),
    }


def _steps(requirement: NodeFigures) -> list[dict[str, Any]]:
    steps = waterfall(requirement)
    if steps is None:
        return []
    return [
        {
            "name": printable(step.name),
            "driver": printable(step.driver or ""),
            **_amount("amount", step.amount),
        }
        for step in steps
    ]


def _moves(asset: str | None, down: Crossing | None, up: Crossing | None) -> dict[str, Any]:
    return {
        "asset": JOINT if asset is None else printable(asset),
        "down": None if down is None else down.move,
        "down_text": crossing_text(down).replace("\n", " "),
        "up": None if up is None else up.move,
        "up_text": crossing_text(up).replace("\n", " "),
    }


def _heatmap(heatmap: Heatmap) -> dict[str, Any]:
    grid = grid_of(heatmap)
    common = {
        "title": f"{printable(heatmap.underlying)}, {printable(heatmap.family)}",
        "worst_text": f"{printable(heatmap.labels[heatmap.worst])}: "
        f"{shown_amount(heatmap.profit[heatmap.worst])}",
    }
    if grid is None:
        order = sorted(range(len(heatmap.profit)), key=lambda s: (heatmap.profit[s], s))
        worst = [
            {"name": printable(heatmap.labels[s]), **_amount("amount", heatmap.profit[s])}
            for s in order[:12]
        ]
        return {**common, "ranking": worst}
    moves, vols = sorted(set(heatmap.price_moves)), sorted(set(heatmap.vol_moves))
    cells = [
        {
            "at": [moves.index(move), vols.index(vol)],
            "value": float(heatmap.profit[number]),
            "short": short_amount(float(heatmap.profit[number])),
            "text": f"{printable(heatmap.labels[number])}: {shown_amount(heatmap.profit[number])}",
            "worst": number == heatmap.worst,
        }
        for (move, vol), number in grid.items()
    ]
    return {
        **common,
        "prices": [shown_move(move) for move in moves],
        "vols": [f"vol {shown_move(vol)}" for vol in vols],
        "cells": cells,
    }


def _curve(curve: PayoffCurve, row: AccountFigures) -> dict[str, Any]:
    """The curve, and the prices below and above which its account is liquidated."""
    down, up = crossings_by_asset(row).get(curve.underlying, (None, None))
    return {
        "title": printable(curve.underlying),
        "unit": printable(curve.reporting),
        "now": curve.price_now,
        "prices": list(curve.prices),
        "today": list(curve.today),
        "at_expiry": list(curve.at_expiry),
        "liquidated_below": None if down is None else down.price,
        "liquidated_above": None if up is None else up.price,
    }


def _collateral(row: CollateralRow) -> dict[str, Any]:
    return {
        "name": f"{printable(row.asset)} at {printable(row.place)}",
        **_amount("value", row.value),
        **_amount("credit", row.credit),
    }
