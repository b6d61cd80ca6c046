"""What an adapter answers with: a rulebook, a scene, and which expected figure is which of ours."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, final

from crossmargin.conformance.scene import Scene
from crossmargin.conformance.scene_lines import MAIN
from crossmargin.rulebook.amount import Amount
from crossmargin.rulebook.charge.orders import OrderFill


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LevelFigure:
    """A level's `equity`, `requirement` or `buffer` (equity less requirement)."""

    level: str
    part: str = "buffer"
    account: str = MAIN


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFigure:
    """The amount of a named node in a level's trees, added over its groups.

    `negated` where the source counts it as a loss and the tree as a requirement, or the other way.
    """

    level: str
    node: str
    negated: bool = False
    account: str = MAIN


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GroupsFigure:
    """The amounts of a named node in each of its groups, as a table by the groups' labels.

    `labels` says what the vector calls a group; a group that is not named has no place in it.
    """

    level: str
    node: str
    labels: Mapping[str, str]
    account: str = MAIN


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WorthFigure:
    """Net liquidation value: what all would be worth at its mark, whatever the rulebook."""

    account: str = MAIN


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ShareFigure:
    """One amount over another: a weight is what counts over what there is."""

    of: LevelFigure | NodeFigure
    base: "LevelFigure | NodeFigure | WorthFigure | SizeFigure"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SizeFigure:
    """An amount of the account's positions in a field (coins, contracts), open orders filled."""

    amount: Amount
    of: str
    orders: OrderFill = OrderFill.NONE
    account: str = MAIN


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyFigure:
    """The asset in which everything is reported."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FactorFigure:
    """The rate by which a named `scale` node multiplies."""

    level: str
    node: str
    account: str = MAIN


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioFigure:
    """What the account gains in each scenario, weighted: (scan node, number of the scenario)
    each. `negated` where the source counts losses.
    """

    level: str
    cells: tuple[tuple[str, int], ...]
    negated: bool = False
    account: str = MAIN


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DriverFigure:
    """The scenario that decided a charge, by what the vector calls it: `told` has one word or
    number for each scenario.
    """

    level: str
    node: str
    told: tuple[int | float | str, ...]
    account: str = MAIN


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class VolFigure:
    """What a scenario makes of the vol of a listing; with `factor` how much more its term moves."""

    scenarios: str
    number: int
    row: str
    factor: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ListFigure:
    """Several figures in the order in which a vector lists them."""

    figures: tuple["Figure", ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SufficientFigure:
    """Whether the buffers of a level are at least 0, in every account named."""

    level: str
    accounts: tuple[str, ...] = (MAIN,)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CrossingFigure:
    """The price of one listing at which a level's buffer is zero.

    With a `multiple` the account has that many times as much cash as the level needs at the mark,
    and nothing else; without one it has what the scene gives it.
    """

    level: str
    row: str
    multiple: float | None = None
    account: str = MAIN


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TruncatedFigure:
    """Another figure cut to whole units towards zero, as some sources print it."""

    of: LevelFigure | NodeFigure


Figure: TypeAlias = (
    LevelFigure
    | NodeFigure
    | GroupsFigure
    | WorthFigure
    | ShareFigure
    | SizeFigure
    | CurrencyFigure
    | FactorFigure
    | ScenarioFigure
    | DriverFigure
    | VolFigure
    | ListFigure
    | SufficientFigure
    | CrossingFigure
    | TruncatedFigure
)


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Translation:
    """A vector as a run of the engine.

    `overrides` replace parameters of the recipe, `scenarios` entries of its scenario tables,
    `definitions` nodes that the vector states instead of letting them be computed, `stated_fields`
    the field that a node reads in place of its own, which the scene then states.
    `figures` has one entry for each expected key. `tick_exponent` is None for the finest tick that
    cannot overflow; a rulebook in whole units names its own, or the coarsest at which units are
    whole. `whole_exposures` says that its leaves are contracts times marks and nothing else: where
    both are whole, a tick of one unit loses nothing.
    """

    recipe: str
    scene: Scene
    figures: Mapping[str, Figure]
    overrides: Mapping[str, Any] = field(default_factory=dict)
    scenarios: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    definitions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    stated_fields: Mapping[str, str] = field(default_factory=dict)
    reporting: str | None = None
    tick_exponent: int | None = None
    coarsest_exponent: int | None = None
    whole_exposures: bool = False
