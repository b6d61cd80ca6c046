"""Vectors made by tests, and the verdict of the engine on them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crossmargin.conformance.case import Case, read_cases
from crossmargin.conformance.runner import verdict_of
from crossmargin.conformance.verdict import Matched, Verdict

DATA = Path(__file__).parent / "data"


def published(name: str) -> tuple[Case, ...]:
    """The literal vectors of `data/<name>.json`."""
    return read_cases((DATA / f"{name}.json").read_bytes(), name)


def verdict(
    system: str,
    inputs: Mapping[str, Any],
    params: Mapping[str, Any],
    expected: Mapping[str, Any],
    tolerance: Any = None,
) -> Verdict:
    """The verdict on a vector with these tables."""
    return verdict_of(
        Case(
            system=system,
            name="made",
            inputs=inputs,
            params=params,
            expected=expected,
            tolerance=tolerance,
            source="",
            note="",
            suspect=False,
        )
    )


def agrees(system: str, inputs: dict[str, Any], expected: dict[str, Any], tolerance: Any) -> None:
    """Fails unless every figure of the vector with these tables agrees."""
    found = verdict(system, inputs, {}, expected, tolerance)
    assert found == Matched(figures=figures_in(expected)), found


def figures_in(expected: Any) -> int:
    """How many figures a table of expected ones has, lists and tables opened."""
    if isinstance(expected, dict | list):
        inner = expected.values() if isinstance(expected, dict) else expected
        return sum(figures_in(each) for each in inner)
    return 1
