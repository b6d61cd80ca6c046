"""Reads the `[call]` table of a recipe file: how long who is short may stay so."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from crossmargin.base.failure import Failure, Reason
from crossmargin.rulebook.read import read_number
from crossmargin.rulebook.recipe import CallWindow
from crossmargin.rulebook.terms import Parameter

KEYS = tuple(field.name for field in fields(CallWindow))


def read_call(
    table: Any, where: str, parameters: Mapping[str, Parameter], failures: list[Failure]
) -> CallWindow | None:
    """Days as numbers or the names of parameters that are one number; all three, none negative.

    None while a parameter among them still lacks its figure.
    """
    if not isinstance(table, Mapping):
        failures.append(Failure(Reason.WRONG_TYPE, where, "is not a table"))
        return None
    before = len(failures)
    for key in table:
        if key not in KEYS:
            message = f"a call has {', '.join(KEYS)}"
            failures.append(Failure(Reason.UNKNOWN_FIELD, f"{where}.{key}", message))
    days = {}
    for key in KEYS:
        if key not in table:
            failures.append(Failure(Reason.MISSING_FIELD, f"{where}.{key}", "is required"))
            continue
        found = plain_number(table[key], f"{where}.{key}", parameters, failures)
        if found is not None and found < 0.0:
            message = f"{found:g} days are negative"
            failures.append(Failure(Reason.OUT_OF_BOUNDS, f"{where}.{key}", message))
        if found is not None:
            days[key] = found
    return CallWindow(**days) if len(days) == len(KEYS) and len(failures) == before else None


def plain_number(
    written: Any, where: str, parameters: Mapping[str, Parameter], failures: list[Failure]
) -> float | None:
    """A number, or the value of the parameter "$name" where that is one number; None without it."""
    if isinstance(written, str) and written.startswith("$"):
        parameter = parameters.get(written[1:])
        if parameter is not None and parameter.value is None:
            return None
        if parameter is not None and isinstance(parameter.value, int | float):
            return float(parameter.value)
        message = f"{written} is no parameter that is one number"
        failures.append(Failure(Reason.WRONG_TYPE, where, message))
        return None
    return read_number(written, where, failures)
