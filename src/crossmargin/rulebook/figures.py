"""From columns of ticks to the exact figures of one account, with the tree that explains them."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.exact import PRECISE, decimal_text, shortest
from crossmargin.risk.attribution import largest_remainder
from crossmargin.rulebook.assess import LevelColumns, MarginColumns
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.evaluate import Answer
from crossmargin.rulebook.group_label import group_label
from crossmargin.rulebook.node import (
    Bracket,
    BySign,
    Clamp,
    Extreme,
    Leaf,
    Node,
    Per,
    RoundTo,
    Scale,
    Share,
    Sum,
)
from crossmargin.rulebook.reduce import parent_groups
from crossmargin.rulebook.statement_types import LevelFigures, NodeFigures, Part

F8 = NDArray[np.float64]


@final
class Unit:
    """The unit that amounts are shown in: the recipe's rounding unit, else the tick."""

    __slots__ = ("_per_unit", "_unit", "per_unit", "unit")

    def __init__(self, unit: Fraction | None, tick_exponent: int) -> None:
        tick = Fraction(2) ** tick_exponent
        self.unit = unit or tick
        self.per_unit = self.unit / tick
        self._per_unit = self.per_unit.as_integer_ratio()
        self._unit = Decimal(decimal_text(self.unit))

    def whole(self, ticks: float) -> int:
        """Ticks -> the nearest whole number of units, ties to even."""
        over, under = ticks.as_integer_ratio()
        high, low = self._per_unit
        whole, rest = divmod(over * low, under * high)
        twice = 2 * rest - under * high
        return whole + (twice > 0 or (twice == 0 and whole % 2 == 1))

    def decimal(self, units: int) -> Decimal:
        """Whole units as an exact decimal."""
        return shortest(PRECISE.multiply(self._unit, units))

    def amount(self, ticks: float) -> Decimal | None:
        """Ticks as an exact decimal of whole units, None for NaN."""
        return None if ticks != ticks else self.decimal(self.whole(ticks))


def unit_of(columns: MarginColumns) -> Unit:
    """The unit of a recipe's answer."""
    return Unit(columns.recipe.terms.rounding_unit or columns.shown_unit, columns.tick_exponent)


def level_figures(
    columns: MarginColumns, level: LevelColumns, account: int, unit: Unit | None = None
) -> LevelFigures:
    """One level of one account. Requirement and equity were rounded outward; the buffer is their
    difference. `unit` is that of the columns, where it is known already.
    """
    unit = unit or unit_of(columns)
    has, needs = float(level.equity[account]), float(level.requirement[account])
    equity, requirement = unit.amount(has), unit.amount(needs)
    buffer = None
    if equity is not None and requirement is not None:
        # In whole units: decimals of many digits would be rounded when subtracted.
        buffer = unit.decimal(unit.whole(has) - unit.whole(needs))
    utilisation, reason = _utilisation(equity, requirement)
    return LevelFigures(
        name=level.name,
        equity=equity,
        requirement=requirement,
        buffer=buffer,
        utilisation=utilisation,
        utilisation_reason=reason,
    )


def _utilisation(
    equity: Decimal | None, requirement: Decimal | None
) -> tuple[float | None, str | None]:
    if requirement is not None and requirement <= 0:
        return 0.0, None
    if equity is None or requirement is None:
        return None, "unavailable"
    if equity <= 0:
        return None, "no_equity"
    return float(requirement / equity), None


def account_trees(
    columns: MarginColumns, account: int
) -> Mapping[str, tuple[NodeFigures, NodeFigures]]:
    """Level -> (equity tree, requirement tree) of one account; empty unless the columns explain."""
    if columns.context is None:
        return {}
    trees = {}
    for name, (equity, requirement) in columns.answers.items():
        level = columns.levels[name]
        trees[name] = (
            _node(columns, equity, account, account, root=float(level.equity[account])),
            _node(columns, requirement, account, account, root=float(level.requirement[account])),
        )
    return trees


def _node(
    columns: MarginColumns,
    answer: Answer,
    account: int,
    group: int,
    *,
    root: float | None = None,
    winner: bool = True,
) -> NodeFigures:
    unit, context = unit_of(columns), _context(columns)
    ticks = float(answer.outcome.amount[group]) if root is None else root
    amount = unit.amount(ticks)
    children = _children(columns, answer, account, group)
    parts = () if amount is None else _shown_parts(columns, answer, group, unit.whole(ticks))
    outcome = answer.outcome
    driver = None
    if outcome.driver is not None and outcome.driver[group] >= 0:
        driver = outcome.driver_names[int(outcome.driver[group])]
    return NodeFigures(
        name=answer.node.name,
        operation=operation_name(answer.node),
        group=group_label(context, answer.at, group),
        amount=amount,
        driver=driver,
        winner=winner,
        parts=parts,
        children=children,
    )


def _children(
    columns: MarginColumns, answer: Answer, account: int, group: int
) -> tuple[NodeFigures, ...]:
    context = _context(columns)
    if isinstance(answer.node, Per):
        below = answer.children[0]
        inner = np.flatnonzero(_groups_inside(context, below.at, answer.at, group))
        return tuple(_node(columns, below, account, int(each)) for each in inner)
    chosen = None if answer.winner is None else int(answer.winner[group])
    return tuple(
        _node(columns, child, account, group, winner=chosen is None or chosen == i)
        for i, child in enumerate(answer.children)
    )


def _groups_inside(context: Context, fine: str, coarse: str, group: int) -> NDArray[np.bool_]:
    return np.asarray(parent_groups(context, fine, coarse) == group)


def _shown_parts(
    columns: MarginColumns, answer: Answer, group: int, units: int
) -> tuple[Part, ...]:
    """The rows of one group and what each adds, adding up exactly to `units`.

    Largest remainder, ties to the lowest row. What no row explains (a floor, an outward rounding
    without rows) is a part named `rounding`.
    """
    context, unit = _context(columns), unit_of(columns)
    parts = answer.outcome.parts
    if parts is None:
        return ()
    names: list[str] = []
    ticks: list[float] = []
    for block, values in (("positions", parts.positions), ("balances", parts.balances)):
        rows = np.flatnonzero(context.groups(answer.at).rows[block].row_group == group)
        for row in rows:
            if values[row] != 0.0:
                names.append(
                    context.run.universe.name_of(int(context.block(block).instrument[row]))
                )
                ticks.append(float(values[row]))
    if not names:
        return () if units == 0 else (Part(holding="rounding", amount=unit.decimal(units)),)
    wanted = np.array(ticks) / float(unit.per_unit)
    rest = units - round(float(wanted.sum()))
    whole = largest_remainder(
        wanted, float(units - rest) if abs(rest) > len(names) else float(units)
    )
    shown = [
        Part(holding=name, amount=unit.decimal(int(value)))
        for name, value in zip(names, whole, strict=True)
    ]
    if abs(rest) > len(names):
        shown.append(Part(holding="rounding", amount=unit.decimal(rest)))
    return tuple(shown)


def _context(columns: MarginColumns) -> Context:
    if columns.context is None:
        raise ValueError("the columns were not asked to explain")
    return columns.context


def operation_name(node: Node) -> str:
    """What a node does, in the recipe's own word."""
    match node:
        case Leaf():
            return _words(type(node.charge).__name__)
        case Sum():
            return "sum"
        case Extreme():
            return "max" if node.largest else "min"
        case Scale():
            return "scale"
        case BySign():
            return "by_sign"
        case Clamp():
            return "clamp"
        case RoundTo():
            return "round_up" if node.up else "round_down"
        case Share():
            return "share_up" if node.up else "share_down"
        case Bracket():
            return "brackets"
        case Per():
            return f"per {node.grouping}"


def _words(camel: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in camel).lstrip("_")
