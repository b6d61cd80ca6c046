"""A figure and where it is from. `assumed` is a source, and it says why."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import final


@final
class SourceKind(StrEnum):
    """How a figure came to be."""

    GIVEN = "given"
    DERIVED = "derived"
    ASSUMED = "assumed"


@final
@dataclass(frozen=True, slots=True)
class Source:
    """GIVEN: who says so. DERIVED: from what, and how. ASSUMED: the reason."""

    kind: SourceKind
    text: str


@final
@dataclass(frozen=True, slots=True)
class Quoted:
    """A finite figure with its source."""

    value: float
    source: Source

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"a quoted figure must be finite, was {self.value}")


def given(value: float, text: str) -> Quoted:
    """A figure as somebody published it."""
    return Quoted(value, Source(SourceKind.GIVEN, text))


def derived(value: float, text: str) -> Quoted:
    """A figure computed from given ones."""
    return Quoted(value, Source(SourceKind.DERIVED, text))


def assumed(value: float, reason: str) -> Quoted:
    """A figure that the data lack."""
    return Quoted(value, Source(SourceKind.ASSUMED, reason))


def derived_from(value: float, text: str, *inputs: Quoted) -> Quoted:
    """A figure computed from `inputs`; it is assumed as soon as one of them is."""
    for quoted in inputs:
        if quoted.source.kind is SourceKind.ASSUMED:
            return assumed(value, f"{text}; {quoted.source.text}")
    return derived(value, text)
