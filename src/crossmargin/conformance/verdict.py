"""What became of a vector: matched, differing, or not supported and why."""

from dataclasses import dataclass
from typing import Any, TypeAlias, final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One figure that does not agree. `figure` is the expected key, with `[i]` inside a list.

    `got` is None where ours is unavailable; `difference` is got - expected, None where either is no
    number.
    """

    figure: str
    expected: Any
    got: Any
    difference: float | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """Every expected figure agrees; `figures` of them were compared."""

    figures: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """At least one figure does not agree. `reasons` say why a figure of ours is unavailable."""

    differences: tuple[Difference, ...]
    reasons: tuple[str, ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported:
    """The vector was read and not run, for a written reason."""

    reason: str


Verdict: TypeAlias = Matched | Differing | Unsupported

ACTION = "needs the floor action (auctions, liquidations, bankruptcies, funds), which is not built"


def needs_action(what: str) -> Unsupported:
    """The verdict on a vector about what is done with an account rather than what it needs."""
    return Unsupported(reason=f"{what}: {ACTION}")
