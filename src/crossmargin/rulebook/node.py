"""The nodes of a recipe's trees: leaves are charges, inner nodes combine. Data only; `evaluate`
walks them.
"""

from dataclasses import dataclass
from typing import TypeAlias, final

from crossmargin.rulebook.charge.interface import Charge
from crossmargin.rulebook.rate import Rate


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Leaf:
    """A charge: the only node that reads positions, balances or orders."""

    name: str
    charge: Charge


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sum:
    """All parts added."""

    name: str
    parts: tuple["Node", ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Extreme:
    """The largest part, or the smallest; the first wins a tie."""

    name: str
    parts: tuple["Node", ...]
    largest: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scale:
    """The part times a rate."""

    name: str
    part: "Node"
    factor: Rate


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BySign:
    """The part times one rate where it is positive and another where it is negative."""

    name: str
    part: "Node"
    positive: Rate
    negative: Rate


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clamp:
    """The part, not below `low` and not above `high` (amounts in reporting units; either may be
    absent).
    """

    name: str
    part: "Node"
    low: Rate | None
    high: Rate | None


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoundTo:
    """The part to whole multiples of a unit of the reporting currency, up or down."""

    name: str
    part: "Node"
    unit: Rate
    up: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Share:
    """The part, which is in whole units, times a factor in whole parts `out_of` (1e6: millionths),
    to whole units up or down; exact.
    """

    name: str
    part: "Node"
    factor: Rate
    out_of: Rate
    unit: Rate
    up: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bracket:
    """The part's slices between the bounds, each times its own rate; `bounds` and `rates` name
    parameters.
    """

    name: str
    part: "Node"
    bounds: str
    rates: str


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Per:
    """The part evaluated in each group of a finer grouping, then added up."""

    name: str
    grouping: str
    part: "Node"


Node: TypeAlias = Leaf | Sum | Extreme | Scale | BySign | Clamp | RoundTo | Share | Bracket | Per


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below."""
    match node:
        case Leaf():
            return ()
        case Sum() | Extreme():
            return node.parts
        case Scale() | BySign() | Clamp() | RoundTo() | Share() | Bracket() | Per():
            return (node.part,)
