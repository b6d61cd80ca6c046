"""A figure that a translation names, read out of the engine's answer."""

import math
from typing import Any, TypeAlias, assert_never

import numpy as np

from crossmargin.conformance.crossing_price import crossing_price
from crossmargin.conformance.translation import (
    CrossingFigure,
    CurrencyFigure,
    FactorFigure,
    Figure,
    GroupsFigure,
    LevelFigure,
    NodeFigure,
    ScenarioFigure,
    ShareFigure,
    SizeFigure,
    SufficientFigure,
    TruncatedFigure,
    WorthFigure,
)
from crossmargin.rulebook.assess import MarginColumns
from crossmargin.rulebook.charge.orders import OrderFill, filled_size
from crossmargin.rulebook.charge.scan import scan_ticks
from crossmargin.rulebook.charge.scan_loss import ScanLoss
from crossmargin.rulebook.context import ACCOUNT, Context
from crossmargin.rulebook.evaluate import Answer
from crossmargin.rulebook.group_label import group_label
from crossmargin.rulebook.node import Leaf, Scale
from crossmargin.rulebook.rate_value import rate_of
from crossmargin.rulebook.reduce import group_size, parent_groups

Read: TypeAlias = float | bool | str | list[float] | dict[str, float | None] | None
"""A figure in reporting units; None where it is unavailable."""


def read_figure(figure: Figure, columns: MarginColumns) -> Read:
    """The figure; KeyError when the recipe has no such level or node."""
    match figure:
        case LevelFigure():
            return _amount(_level(figure.level, figure.part, figure.account, columns), columns)
        case NodeFigure():
            ticks = _node_ticks(figure, columns)
            return _amount(-ticks + 0.0 if figure.negated else ticks, columns)
        case GroupsFigure():
            return _groups(figure, columns)
        case WorthFigure():
            worth = float(columns.net_liquidation[_row(columns, figure.account)])
            return _amount(worth, columns)
        case ShareFigure():
            return _share(figure, columns)
        case SizeFigure():
            return _size(figure, columns)
        case CurrencyFigure():
            return columns.reporting
        case FactorFigure():
            return _factor(figure, columns)
        case ScenarioFigure():
            return _scenarios(figure, columns)
        case SufficientFigure():
            buffers = [_level(figure.level, "buffer", name, columns) for name in figure.accounts]
            return None if any(math.isnan(b) for b in buffers) else min(buffers) >= 0.0
        case CrossingFigure():
            return crossing_price(figure, columns)
        case TruncatedFigure():
            read = read_figure(figure.of, columns)
            return None if read is None else float(math.trunc(_number(read)))
        case _:
            assert_never(figure)


def _row(columns: MarginColumns, account: str) -> int:
    return [str(name) for name in columns.account_ids].index(account)


def _level(level: str, part: str, account: str, columns: MarginColumns) -> float:
    ticks = getattr(columns.levels[level], part)
    return float(ticks[_row(columns, account)])


def _node_ticks(figure: NodeFigure, columns: MarginColumns) -> float:
    context, answer = _context(columns), _answer(figure.level, figure.node, columns)
    owner = parent_groups(context, answer.at, ACCOUNT)
    own = owner == _row(columns, figure.account)
    return float(answer.outcome.amount[own].sum())


def _groups(figure: GroupsFigure, columns: MarginColumns) -> dict[str, float | None]:
    context, answer = _context(columns), _answer(figure.level, figure.node, columns)
    owner = parent_groups(context, answer.at, ACCOUNT)
    own = np.flatnonzero(owner == _row(columns, figure.account))
    named = {group_label(context, answer.at, int(group)): int(group) for group in own}
    return {
        told: _amount(float(answer.outcome.amount[named[label]]), columns)
        for label, told in figure.labels.items()
        if label in named
    }


def _share(figure: ShareFigure, columns: MarginColumns) -> float | None:
    amount, base = read_figure(figure.of, columns), read_figure(figure.base, columns)
    return None if amount is None or not base else _number(amount) / _number(base)


def _size(figure: SizeFigure, columns: MarginColumns) -> float | None:
    context = _context(columns)
    if figure.orders is OrderFill.NONE:
        size = group_size(context, ACCOUNT, figure.amount, figure.of)
    else:
        size = filled_size(context, ACCOUNT, figure.amount, figure.of, figure.orders)
    own = float(size[_row(columns, figure.account)])
    return None if math.isnan(own) else own


def _factor(figure: FactorFigure, columns: MarginColumns) -> float | None:
    context, answer = _context(columns), _answer(figure.level, figure.node, columns)
    if not isinstance(answer.node, Scale) or answer.at != ACCOUNT:
        raise KeyError(f"{figure.node} is not a scale of whole accounts")
    rate = rate_of(answer.node.factor, context, ACCOUNT)
    own = float(rate[_row(columns, figure.account)])
    return None if math.isnan(own) else own


def _scenarios(figure: ScenarioFigure, columns: MarginColumns) -> list[float]:
    context = _context(columns)
    account = _row(columns, figure.account)
    gained: dict[str, np.ndarray[Any, np.dtype[np.float64]]] = {}
    for name, _ in figure.cells:
        if name not in gained:
            charge = _scan(_answer(figure.level, name, columns), name)
            scanned = scan_ticks(context, charge.scenarios, charge.groups, ACCOUNT)
            weight = context.run.scan(charge.scenarios).scenarios.loss_weight
            own = scanned.ticks[account] * weight
            gained[name] = np.where(scanned.unavailable[account], np.nan, own)
    cells = [gained[name][number] for name, number in figure.cells]
    return [float(np.ldexp(cell, columns.tick_exponent)) for cell in cells]


def _scan(answer: Answer, name: str) -> ScanLoss:
    if isinstance(answer.node, Leaf) and isinstance(answer.node.charge, ScanLoss):
        return answer.node.charge
    raise KeyError(f"{name} is no scan of scenarios")


def _answer(level: str, name: str, columns: MarginColumns) -> Answer:
    """The first answer of that name in the level's equity tree, then in its requirement tree."""
    todo = list(columns.answers[level])
    while todo:
        answer = todo.pop(0)
        if answer.node.name == name:
            return answer
        todo[:0] = answer.children
    raise KeyError(f"{level} of {columns.recipe.name} has no node called {name}")


def _amount(ticks: float, columns: MarginColumns) -> float | None:
    return None if math.isnan(ticks) else math.ldexp(ticks, columns.tick_exponent)


def _number(read: Read) -> float:
    if isinstance(read, float):
        return read
    raise TypeError("only an amount can be cut to whole units")


def _context(columns: MarginColumns) -> Context:
    if columns.context is None:
        raise ValueError("the columns were not asked to explain")
    return columns.context
