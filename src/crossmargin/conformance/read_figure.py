"""A figure that a translation names, read out of the engine's answer."""

import math
from typing import Any, TypeAlias, assert_never

import numpy as np

from crossmargin.conformance.answer_tree import account_row, answer_of, context_of
from crossmargin.conformance.crossing_price import crossing_price
from crossmargin.conformance.read_scenario import read_scenario_figure
from crossmargin.conformance.translation import (
    CrossingFigure,
    CurrencyFigure,
    DriverFigure,
    FactorFigure,
    Figure,
    GroupsFigure,
    LevelFigure,
    ListFigure,
    NodeFigure,
    ScenarioFigure,
    ShareFigure,
    SizeFigure,
    SufficientFigure,
    TruncatedFigure,
    VolFigure,
    WorthFigure,
)
from crossmargin.rulebook.assess import MarginColumns
from crossmargin.rulebook.charge.orders import OrderFill, filled_size
from crossmargin.rulebook.context import ACCOUNT
from crossmargin.rulebook.group_label import group_label
from crossmargin.rulebook.node import Scale
from crossmargin.rulebook.rate_value import rate_of
from crossmargin.rulebook.reduce import group_size, parent_groups

Read: TypeAlias = float | bool | str | list[Any] | dict[str, float | None] | None
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
            worth = float(columns.net_liquidation[account_row(columns, figure.account)])
            return _amount(worth, columns)
        case ShareFigure():
            return _share(figure, columns)
        case SizeFigure():
            return _size(figure, columns)
        case CurrencyFigure():
            return columns.reporting
        case FactorFigure():
            return _factor(figure, columns)
        case ScenarioFigure() | DriverFigure() | VolFigure():
            return read_scenario_figure(figure, columns)
        case ListFigure():
            return [read_figure(each, columns) for each in figure.figures]
        case SufficientFigure():
            buffers = [_level(figure.level, "buffer", name, columns) for name in figure.accounts]
            return None if any(math.isnan(b) for b in buffers) else all(b >= 0.0 for b in buffers)
        case CrossingFigure():
            return crossing_price(figure, columns)
        case TruncatedFigure():
            read = read_figure(figure.of, columns)
            return None if read is None else float(math.trunc(_number(read)))
        case _:
            assert_never(figure)


def _level(level: str, part: str, account: str, columns: MarginColumns) -> float:
    ticks = getattr(columns.levels[level], part)
    return float(ticks[account_row(columns, account)])


def _node_ticks(figure: NodeFigure, columns: MarginColumns) -> float:
    context, answer = context_of(columns), answer_of(figure.level, figure.node, columns)
    owner = parent_groups(context, answer.at, ACCOUNT)
    own = owner == account_row(columns, figure.account)
    return float(answer.outcome.amount[own].sum())


def _groups(figure: GroupsFigure, columns: MarginColumns) -> dict[str, float | None]:
    context, answer = context_of(columns), answer_of(figure.level, figure.node, columns)
    owner = parent_groups(context, answer.at, ACCOUNT)
    own = np.flatnonzero(owner == account_row(columns, figure.account))
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
    context = context_of(columns)
    if figure.orders is OrderFill.NONE:
        size = group_size(context, ACCOUNT, figure.amount, figure.of)
    else:
        size = filled_size(context, ACCOUNT, figure.amount, figure.of, figure.orders)
    own = float(size[account_row(columns, figure.account)])
    return None if math.isnan(own) else own


def _factor(figure: FactorFigure, columns: MarginColumns) -> float | None:
    context, answer = context_of(columns), answer_of(figure.level, figure.node, columns)
    if not isinstance(answer.node, Scale) or answer.at != ACCOUNT:
        raise KeyError(f"{figure.node} is not a scale of whole accounts")
    rate = rate_of(answer.node.factor, context, ACCOUNT)
    own = float(rate[account_row(columns, figure.account)])
    return None if math.isnan(own) else own


def _amount(ticks: float, columns: MarginColumns) -> float | None:
    return None if math.isnan(ticks) else math.ldexp(ticks, columns.tick_exponent)


def _number(read: Read) -> float:
    if isinstance(read, float):
        return read
    raise TypeError("only an amount can be cut to whole units")
