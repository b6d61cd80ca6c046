"""Where a value of a vector stands that was refused by somebody who saw only the value."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from crossmargin.base.failure import Failure
from crossmargin.conformance.case import Case

UNPLACED = frozenset({"a number", "an amount"})
"""What a converter of units says that it was given: it knows no path."""


def placed(failure: Failure, case: Case) -> Failure:
    """The failure at every path that holds what its message begins with, if it has none of its
    own.
    """
    if failure.where not in UNPLACED:
        return failure
    tables = {"inputs": case.inputs, "params": case.params}
    paths = [p for p, value in _values(tables, "") if failure.message.startswith(f"{value!r} is ")]
    return replace(failure, where=" or ".join(paths)) if paths else failure


def _values(value: Any, at: str) -> Iterator[tuple[str, Any]]:
    """Paths and values of all that a table or a list holds, from the outside in."""
    if isinstance(value, dict):
        for key, inner in value.items():
            here = f"{at}.{key}" if at else str(key)
            yield here, inner
            yield from _values(inner, here)
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield f"{at}[{i}]", inner
            yield from _values(inner, f"{at}[{i}]")
