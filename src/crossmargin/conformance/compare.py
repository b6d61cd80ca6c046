"""Expected figures against ours, one by one."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from crossmargin.base.failure import InputRefused
from crossmargin.conformance.read_figure import Read
from crossmargin.conformance.tolerance import Tolerance
from crossmargin.conformance.verdict import Difference
from crossmargin.wire.units import decimal_of


def differences(
    expected: Mapping[str, Any], got: Mapping[str, Read], tolerance: Tolerance, ticks: float
) -> tuple[tuple[Difference, ...], int]:
    """What does not agree, and how many figures were compared. `ticks`: one tick per position."""
    found: list[Difference] = []
    count = 0
    for name, value in expected.items():
        for figure, wanted, ours in _paired(name, value, got[name]):
            count += 1
            wrong = _difference(figure, wanted, ours, tolerance, ticks)
            if wrong is not None:
                found.append(wrong)
    return tuple(found), count


def _paired(name: str, wanted: Any, ours: Any) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(wanted, Mapping) and isinstance(ours, Mapping):
        for key, each in wanted.items():
            yield from _paired(f"{name}.{key}", each, ours.get(key))
        return
    if not isinstance(wanted, list):
        yield name, wanted, ours
        return
    if not isinstance(ours, list) or len(ours) != len(wanted):
        yield name, wanted, ours
        return
    for i, (a, b) in enumerate(zip(wanted, ours, strict=True)):
        yield from _paired(f"{name}[{i}]", a, b)


def _difference(
    figure: str, wanted: Any, ours: Any, tolerance: Tolerance, ticks: float
) -> Difference | None:
    if isinstance(wanted, bool) or isinstance(ours, bool | str | list | dict) or ours is None:
        same = wanted == ours if isinstance(ours, str) else wanted is ours
        return (
            None if same else Difference(figure=figure, expected=wanted, got=ours, difference=None)
        )
    number = _number(wanted)
    if number is None:
        return Difference(figure=figure, expected=wanted, got=ours, difference=None)
    if not math.isfinite(ours):
        return Difference(figure=figure, expected=wanted, got=None, difference=None)
    away = float(ours - number)
    if abs(away) <= tolerance.allowed(figure, number, ticks):
        return None
    return Difference(figure=figure, expected=wanted, got=ours, difference=away)


def _number(wanted: Any) -> int | float | None:
    """A published number; large integers are published as text, and stay exact."""
    if not isinstance(wanted, str):
        return wanted if isinstance(wanted, int | float) else None
    try:
        made = decimal_of(wanted)
    except InputRefused:
        return None
    return int(made) if made == made.to_integral_value() else float(made)
