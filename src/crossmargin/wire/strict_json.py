"""JSON read strictly: numbers exactly, each key once, no NaN; all faults with their path."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, final

from crossmargin.base.failure import Failure, InputRefused, Reason, refuse_if_any
from crossmargin.wire.number import kind_of, number_of_json, read_decimal

DEPTH_MAX = 32


@final
@dataclass(frozen=True, slots=True)
class _Pairs:
    """An object as it stood in the text, with keys that may repeat."""

    items: list[tuple[str, Any]]


@final
@dataclass(frozen=True, slots=True)
class _OddNumber:
    """A number, or NaN or Infinity, that no Decimal within bounds holds."""

    text: str


def strict_json(data: bytes, where: str, failures: list[Failure] | None = None) -> object:
    """UTF-8 bytes -> None, bool, str, Decimal, list and dict; every number is an exact Decimal.

    Raises `InputRefused` with all faults at once, each with the path below `where`: a key that
    stands twice, NaN and infinity, a number beyond the bounds of `number_of_json` (1e999), nesting
    deeper than 32. With `failures` they are added there instead, each faulty value is None, and
    only what is no JSON at all is raised: a reader can then go on and find the other faults too.
    """
    try:
        text = data.decode("utf-8")
        decoded = json.loads(
            text,
            object_pairs_hook=_Pairs,
            parse_float=_number,
            parse_int=_number,
            parse_constant=_OddNumber,
        )
    except UnicodeDecodeError as error:
        raise InputRefused(
            [Failure(Reason.WRONG_TYPE, where, f"not UTF-8 text at byte {error.start}")]
        ) from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise InputRefused(
            [Failure(Reason.WRONG_TYPE, where, f"not JSON at {place}: {error.msg}")]
        ) from None
    except RecursionError:
        raise InputRefused([_too_deep(where)]) from None
    return strict_value(decoded, where, failures)


def strict_value(value: object, where: str, failures: list[Failure] | None = None) -> object:
    """Python data decoded elsewhere -> the same form as `strict_json` gives, or `InputRefused`.

    Takes mappings with text keys, lists, tuples, text, bool, None, int, float and Decimal.
    """
    found: list[Failure] = [] if failures is None else failures
    plain = _plain(value, where, 0, found)
    if failures is None:
        refuse_if_any(found)
    return plain


@contextmanager
def with_faults(faults: list[Failure]) -> Iterator[None]:
    """Whatever is refused inside is refused together with `faults`, once each.

    A faulty value is None to who reads on: what that reader says of it, or of what holds it, is
    left out.
    """
    try:
        yield
    except InputRefused as refused:
        others = [each for each in refused.failures if not _follows(each, faults)]
        raise InputRefused([*faults, *others]) from None
    refuse_if_any(faults)


def _follows(failure: Failure, faults: list[Failure]) -> bool:
    """Whether a failure only says that a value is none, of which a fault has said why."""
    emptied = failure.reason in (Reason.WRONG_TYPE, Reason.MISSING_FIELD)
    return any(
        failure.where == fault.where or (emptied and fault.where.startswith(f"{failure.where}."))
        for fault in faults
    )


def _number(text: str) -> Decimal | _OddNumber:
    exact = number_of_json(text)
    return _OddNumber(text) if exact is None else exact


def _plain(value: object, where: str, depth: int, failures: list[Failure]) -> object:
    if depth == DEPTH_MAX and isinstance(value, _Pairs | Mapping | list | tuple):
        failures.append(_too_deep(where))
        return None
    match value:
        case None | bool():
            return value
        case str():
            return _checked_text(value, where, failures)
        case Decimal() | int() | float():
            return _checked_number(value, where, failures)
        case _OddNumber(text):
            failures.append(_odd_number(text, where))
        case _Pairs(items):
            return _object(items, where, depth, failures)
        case Mapping():
            return _object(list(value.items()), where, depth, failures)
        case list() | tuple():
            return [_plain(x, f"{where}[{i}]", depth + 1, failures) for i, x in enumerate(value)]
        case _:
            failures.append(
                Failure(Reason.WRONG_TYPE, where, f"{kind_of(value)} has no place in plain data")
            )
    return None


def _object(
    items: list[tuple[Any, Any]], where: str, depth: int, failures: list[Failure]
) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, item in items:
        if not isinstance(key, str):
            failures.append(Failure(Reason.WRONG_TYPE, where, "a key that is not text"))
            continue
        path = f"{where}.{_shown_key(key)}"
        if key in found:
            failures.append(Failure(Reason.DUPLICATE, path, "the key stands twice in one object"))
        found[key] = _plain(item, path, depth + 1, failures)
    return found


def _checked_text(text: str, where: str, failures: list[Failure]) -> str:
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        failures.append(Failure(Reason.WRONG_TYPE, where, "text with half of a surrogate pair"))
    return text


def _checked_number(value: Decimal | float, where: str, failures: list[Failure]) -> object:
    exact = read_decimal(value, where)
    if isinstance(exact, Failure):
        failures.append(exact)
        return None
    return exact


def _odd_number(text: str, where: str) -> Failure:
    if text.lstrip("-")[:1].isdigit():
        shown = text if len(text) <= 40 else f"{text[:20]}... ({len(text)} characters)"
        return Failure(
            Reason.OUT_OF_BOUNDS,
            where,
            f"{shown} has more than 24 digits before the point or 30 after it",
        )
    return Failure(Reason.NOT_A_NUMBER, where, f"{text} is not a number")


def _shown_key(key: str) -> str:
    shown = key if len(key) <= 64 else key[:61] + "..."
    return shown if shown.isprintable() else ascii(shown)


def _too_deep(where: str) -> Failure:
    return Failure(Reason.OUT_OF_BOUNDS, where, f"nested deeper than {DEPTH_MAX} levels")
