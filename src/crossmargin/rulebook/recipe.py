"""A rulebook as data: its terms, its levels of two trees each, and its ladder of standings."""

from dataclasses import dataclass
from typing import final

from crossmargin.rulebook.node import Node
from crossmargin.rulebook.standing import Ladder
from crossmargin.rulebook.terms import Terms


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Level:
    """One level of a rulebook: what an account has, and what it needs."""

    name: str
    equity: Node
    requirement: Node


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CallWindow:
    """How long an account that is short may stay so, in days: until that is noticed, until notice
    is served, and until it must be cured.
    """

    detection_days: float
    notice_days: float
    cure_days: float

    @property
    def days(self) -> float:
        """All of it."""
        return self.detection_days + self.notice_days + self.cure_days


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recipe:
    """One version of a rulebook.

    `liquidation_level` names the level whose negative buffer makes an account liquidatable. `call`
    is None where the rulebook calls nobody.
    """

    terms: Terms
    levels: tuple[Level, ...]
    liquidation_level: str
    ladder: Ladder
    call: CallWindow | None = None

    @property
    def name(self) -> str:
        """The recipe's name."""
        return self.terms.name

    def level(self, name: str) -> Level:
        """The level of that name; KeyError when the recipe has none."""
        for level in self.levels:
            if level.name == name:
                return level
        raise KeyError(name)
