"""What is answered: frozen figures of accounts, pools and the whole book. Amounts are exact
decimals.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import final

from crossmargin.rulebook.standing import Standing


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LevelFigures:
    """One level of one account: amounts in the reporting currency, None where unavailable.

    `utilisation` is requirement / equity, 0 without a requirement, None with `utilisation_reason`
    else.
    """

    name: str
    equity: Decimal | None
    requirement: Decimal | None
    buffer: Decimal | None
    utilisation: float | None
    utilisation_reason: str | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one holding contributes to a node; a hedge is negative."""

    holding: str
    amount: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFigures:
    """A node of an answer tree of one account.

    `operation` is the charge or the op; `group` names the group when the node lives below the
    account. `driver` says what decided a leaf; `winner` marks the chosen branch of a max or min.
    `parts` add up to `amount` exactly (a part named `rounding` holds the rest of an inner node).
    """

    name: str
    operation: str
    group: str | None
    amount: Decimal | None
    driver: str | None
    winner: bool
    parts: tuple[Part, ...]
    children: tuple["NodeFigures", ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """Where the liquidation level's buffer reaches zero along one move, or why it does not.

    `move` is the relative move of `asset` (or of all assets by their betas when `asset` is None),
    `price` the asset's price there. Without a move `reason` is `not_reachable` (within `searched`),
    `no_position` or `missing_mark`; an account that is below already has a move of 0 and the reason
    `already_below`.
    """

    asset: str | None
    direction: str
    move: float | None
    price: float | None
    reason: str | None
    non_monotone: bool
    searched: tuple[float, float]
    vol_rule: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedFigure:
    """A venue's own figure beside ours; never an input. `within` says whether they agree."""

    name: str
    ours: Decimal | None
    reported: Decimal
    difference: Decimal | None
    tolerance: Decimal
    within: bool | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFigures:
    """One account (or pool) under one recipe."""

    account_id: str
    venue: str
    entity_id: str
    recipe: str
    reporting: str
    levels: tuple[LevelFigures, ...]
    liquidation_level: str
    net_liquidation_value: Decimal | None
    standing: Standing
    reasons: tuple[str, ...]
    trees: Mapping[str, tuple[NodeFigures, NodeFigures]]
    liquidation: tuple[Crossing, ...]
    reported: tuple[ReportedFigure, ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One of the statement's four views: accounts or pools that may not be mixed with another
    column's.

    `locked` is net liquidation value less the liquidation level's buffer, summed: what the rulebook
    ties up, and the only sum that compares across rulebooks. `shortfall` is the sum of negative
    buffers, as a positive number.
    """

    name: str
    label: str
    rows: tuple[AccountFigures, ...]
    locked: Decimal | None
    shortfall: Decimal | None
    nearest: str | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """What happens when a place, an issuer, a family of them or a wrapped coin is lost: who falls
    short, by how much. `kind` is one of `PlaceKind`.
    """

    kind: str
    name: str
    credit_lost: Decimal | None
    shortfalls: Mapping[str, Decimal]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Heatmap:
    """Profit and loss of one account's holdings of one underlying in every scenario of a family."""

    account_id: str
    underlying: str
    family: str
    labels: tuple[str, ...]
    price_moves: tuple[float, ...]
    vol_moves: tuple[float, ...]
    profit: tuple[Decimal, ...]
    worst: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The four columns, the differences between them, what is lost with whom, and what it all rests
    on.

    `model_difference`, `enforceable_benefit` and `aspirational_benefit` are differences of `locked`
    between neighbouring columns.
    """

    as_of_ns: int
    inputs_hash: str
    tick: str
    reporting: str
    columns: tuple[Column, ...]
    model_difference: Decimal | None
    enforceable_benefit: Decimal | None
    aspirational_benefit: Decimal | None
    losses: tuple[Loss, ...]
    assumed: tuple[tuple[str, str], ...]
