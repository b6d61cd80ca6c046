"""From a table of a recipe file to a frozen dataclass, by the types of its fields. All failures
collected.
"""

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from enum import StrEnum
from functools import reduce
from operator import or_
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from crossmargin.base.failure import Failure, Reason

Made = TypeVar("Made")
Reader = Callable[[Any, str, "list[Failure]"], Any]

WRITTEN = {"selection": "select", "grouping": "per"}
"""Where a field is called something else in a recipe file, because the file reads better so."""


def read_dataclass(
    made: type[Made],
    table: Mapping[str, Any],
    where: str,
    failures: list[Failure],
    readers: Mapping[Any, Reader],
    given: Mapping[str, Any],
) -> Made | None:
    """`table` as a `made`; None when something is wrong, with the reasons added to `failures`.

    `readers` read the types that are not plain; `given` are fields that the file does not write.
    """
    hints = get_type_hints(made)
    values: dict[str, Any] = dict(given)
    before = len(failures)
    own = [f for f in fields(made) if f.name not in given]  # type: ignore[arg-type]
    known = {WRITTEN.get(f.name, f.name) for f in own}
    for key in table:
        if key not in known:
            message = f"no such field; this table has {', '.join(sorted(known)) or 'none'}"
            failures.append(Failure(Reason.UNKNOWN_FIELD, f"{where}.{key}", message))
    for f in own:
        key = WRITTEN.get(f.name, f.name)
        if key in table:
            values[f.name] = read_value(
                hints[f.name], table[key], f"{where}.{key}", failures, readers
            )
        elif f.default is MISSING and f.default_factory is MISSING:
            failures.append(Failure(Reason.MISSING_FIELD, f"{where}.{key}", "is required"))
    if len(failures) > before:
        return None
    return made(**values)


def read_value(
    hint: Any, value: Any, where: str, failures: list[Failure], readers: Mapping[Any, Reader]
) -> Any:
    """One value as the type `hint`; a failure is added and None returned when it is not one."""
    if hint in readers:
        return readers[hint](value, where, failures)
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        inner = [arm for arm in get_args(hint) if arm is not type(None)]
        if len(inner) < len(get_args(hint)):
            return read_value(reduce(or_, inner), value, where, failures, readers)
    if origin is tuple:
        if not isinstance(value, list):
            return _wrong(value, "a list", where, failures)
        item = get_args(hint)[0]
        return tuple(
            read_value(item, each, f"{where}[{i}]", failures, readers)
            for i, each in enumerate(value)
        )
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        names = [member.value for member in hint]
        return hint(value) if value in names else _wrong(value, " or ".join(names), where, failures)
    if hint is bool:
        return value if isinstance(value, bool) else _wrong(value, "true or false", where, failures)
    if hint is float:
        return read_number(value, where, failures)
    if hint is str:
        return value if isinstance(value, str) else _wrong(value, "text", where, failures)
    raise TypeError(f"{where}: recipes cannot write a {hint}")


def read_number(value: Any, where: str, failures: list[Failure]) -> float | None:
    """A finite number, or a failure."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        _wrong(value, "a number", where, failures)
        return None
    if value != value or abs(value) == float("inf"):
        failures.append(Failure(Reason.NOT_A_NUMBER, where, f"{value} is not a finite number"))
        return None
    return float(value)


def _wrong(value: Any, wanted: str, where: str, failures: list[Failure]) -> None:
    failures.append(Failure(Reason.WRONG_TYPE, where, f"{value!r} is not {wanted}"))
