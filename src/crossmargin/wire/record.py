"""Records of our own formats: their fields as data, read strictly, and their JSON Schema."""

import difflib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, final

from crossmargin.base.failure import Failure, Reason
from crossmargin.wire.number import (
    kind_of,
    read_decimal,
    read_instant,
    read_integer,
    read_note,
    read_text,
)

DECIMAL_SCHEMA: Mapping[str, object] = {
    "type": ["string", "number"],
    "pattern": r"^-?(0|[1-9][0-9]{0,23})(\.[0-9]{1,30})?$",
}
DECIMALS_SCHEMA: Mapping[str, object] = {
    "type": "object",
    "additionalProperties": DECIMAL_SCHEMA,
}
_CODE = re.compile(r"[A-Za-z0-9]{1,24}\Z", re.ASCII)


@final
@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record: its strict reader, what a JSON Schema says of it, and what it is."""

    name: str
    read: Callable[[object, str], object]
    schema: Mapping[str, object]
    about: str
    required: bool = False


Fields = tuple[Field, ...]


def read_record(
    value: object, fields: Fields, where: str, failures: list[Failure]
) -> dict[str, Any]:
    """An object -> its valid fields by name; unknown, missing and wrong ones go to `failures`.

    A field that is absent or wrong is not in the answer: ask `failures` before you build on it.
    """
    if not isinstance(value, Mapping):
        failures.append(
            Failure(Reason.WRONG_TYPE, where, f"an object was expected, not {kind_of(value)}")
        )
        return {}
    known = {field.name: field for field in fields}
    found: dict[str, Any] = {}
    for name, item in value.items():
        field = known.get(name)
        if field is None:
            failures.append(_unknown(str(name), known, where))
            continue
        read = field.read(item, f"{where}.{name}")
        if isinstance(read, Failure):
            failures.append(read)
        else:
            found[name] = read
    failures += [
        Failure(Reason.MISSING_FIELD, f"{where}.{field.name}", f"required: {field.about}")
        for field in fields
        if field.required and field.name not in value
    ]
    return found


def read_records(
    rows: object, fields: Fields, where: str, failures: list[Failure], *, partly: bool = False
) -> Iterator[tuple[dict[str, Any], str]]:
    """A list of objects -> each faultless record with its path; faulty ones go to `failures`.

    With `partly` a faulty record is given too where it has all required fields, so that what it
    holds is read and its faults are found in the same run; the input is refused all the same.
    """
    if not isinstance(rows, list | tuple):
        failures.append(
            Failure(Reason.WRONG_TYPE, where, f"a list was expected, not {kind_of(rows)}")
        )
        return
    for index, row in enumerate(rows):
        place = f"{where}[{index}]"
        before = len(failures)
        record = read_record(row, fields, place, failures)
        whole = all(field.name in record for field in fields if field.required)
        if len(failures) == before or (partly and whole):
            yield record, place


def record_schema(fields: Fields) -> dict[str, object]:
    """The JSON Schema of a record."""
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [field.name for field in fields if field.required],
        "properties": {
            field.name: {**field.schema, "description": field.about} for field in fields
        },
    }


def text_field(name: str, about: str, *, required: bool = False) -> Field:
    """An identifier: printable ASCII."""
    return Field(name, read_text, {"type": "string", "maxLength": 128}, about, required)


def note_field(name: str, about: str, *, required: bool = False) -> Field:
    """Words for people, of any script."""
    return Field(name, read_note, {"type": "string", "maxLength": 512}, about, required)


def code_field(name: str, about: str, *, required: bool = False) -> Field:
    """The name of an asset."""

    def read(value: object, where: str) -> str | Failure:
        text = read_text(value, where)
        if isinstance(text, Failure) or _CODE.match(text):
            return text
        return Failure(Reason.UNKNOWN_ASSET, where, f"{text!r} is no name of an asset")

    return Field(name, read, {"type": "string", "pattern": "^[A-Za-z0-9]{1,24}$"}, about, required)


def choice_field(name: str, about: str, words: type[StrEnum], *, required: bool = False) -> Field:
    """One word of a closed list."""
    listed = [word.value for word in words]

    def read(value: object, where: str) -> StrEnum | Failure:
        if isinstance(value, str) and value in listed:
            return words(value)
        return Failure(Reason.OUT_OF_BOUNDS, where, f"one of {', '.join(listed)} was expected")

    return Field(name, read, {"enum": listed}, about, required)


def word_field(name: str, about: str, words: tuple[str, ...], *, required: bool = False) -> Field:
    """One text of a closed list."""

    def read(value: object, where: str) -> str | Failure:
        if isinstance(value, str) and value in words:
            return value
        return Failure(Reason.OUT_OF_BOUNDS, where, f"one of {', '.join(words)} was expected")

    return Field(name, read, {"enum": list(words)}, about, required)


def decimal_field(
    name: str, about: str, *, low: Decimal | None = None, required: bool = False
) -> Field:
    """An exact number, not below `low`."""

    def read(value: object, where: str) -> Decimal | Failure:
        exact = read_decimal(value, where)
        if isinstance(exact, Decimal) and low is not None and exact < low:
            return Failure(Reason.OUT_OF_BOUNDS, where, f"{exact} is below {low}")
        return exact

    return Field(name, read, DECIMAL_SCHEMA, about, required)


def amount_field(name: str, about: str, *, required: bool = False) -> Field:
    """An exact number above zero."""

    def read(value: object, where: str) -> Decimal | Failure:
        exact = read_decimal(value, where)
        if isinstance(exact, Decimal) and exact <= 0:
            return Failure(Reason.OUT_OF_BOUNDS, where, f"{exact} is not above zero")
        return exact

    return Field(name, read, DECIMAL_SCHEMA, about, required)


def integer_field(name: str, about: str, *, low: int, high: int, required: bool = False) -> Field:
    """A whole number from `low` to `high`."""

    def read(value: object, where: str) -> int | Failure:
        whole = read_integer(value, where)
        if isinstance(whole, int) and not low <= whole <= high:
            return Failure(Reason.OUT_OF_BOUNDS, where, f"{whole} is not from {low} to {high}")
        return whole

    schema = {"type": "integer", "minimum": low, "maximum": high}
    return Field(name, read, schema, about, required)


def flag_field(name: str, about: str, *, required: bool = False) -> Field:
    """True or false."""

    def read(value: object, where: str) -> bool | Failure:
        if isinstance(value, bool):
            return value
        return Failure(
            Reason.WRONG_TYPE, where, f"true or false was expected, not {kind_of(value)}"
        )

    return Field(name, read, {"type": "boolean"}, about, required)


def instant_field(name: str, about: str, *, required: bool = False) -> Field:
    """An instant as RFC 3339 text with a zone -> nanoseconds."""
    return Field(name, read_instant, {"type": "string", "format": "date-time"}, about, required)


def texts_field(name: str, about: str, *, required: bool = False) -> Field:
    """A list of identifiers, each once."""

    def read(value: object, where: str) -> tuple[str, ...] | Failure:
        if not isinstance(value, list | tuple):
            return Failure(Reason.WRONG_TYPE, where, f"a list was expected, not {kind_of(value)}")
        texts: list[str] = []
        for index, item in enumerate(value):
            text = read_text(item, f"{where}[{index}]")
            if isinstance(text, Failure):
                return text
            if text in texts:
                return Failure(Reason.DUPLICATE, f"{where}[{index}]", f"{text} stands twice")
            texts.append(text)
        return tuple(texts)

    schema = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
    return Field(name, read, schema, about, required)


def decimals_field(name: str, about: str, *, required: bool = False) -> Field:
    """An object of exact numbers by name."""
    return Field(name, _read_decimals, DECIMALS_SCHEMA, about, required)


def _read_decimals(value: object, where: str) -> dict[str, Decimal] | Failure:
    if not isinstance(value, Mapping):
        return Failure(Reason.WRONG_TYPE, where, f"an object was expected, not {kind_of(value)}")
    numbers: dict[str, Decimal] = {}
    for key, item in value.items():
        text = read_text(key, where)
        exact = read_decimal(item, f"{where}.{key}")
        if isinstance(text, Failure):
            return text
        if isinstance(exact, Failure):
            return exact
        numbers[text] = exact
    return numbers


def read_pair(text: str, where: str) -> tuple[str, str] | Failure:
    """Two names with a slash between them: "venue/asset"."""
    first, slash, second = text.partition("/")
    if not (first and slash and second):
        return Failure(Reason.WRONG_TYPE, where, "two names with a slash were expected")
    return first, second


def pairs_field(name: str, about: str, *, required: bool = False) -> Field:
    """An object of exact numbers by two names with a slash between them."""

    def read(value: object, where: str) -> dict[tuple[str, str], Decimal] | Failure:
        numbers = _read_decimals(value, where)
        if isinstance(numbers, Failure):
            return numbers
        found: dict[tuple[str, str], Decimal] = {}
        for key, number in numbers.items():
            pair = read_pair(key, f"{where}.{key}")
            if isinstance(pair, Failure):
                return pair
            found[pair] = number
        return found

    return Field(name, read, DECIMALS_SCHEMA, about, required)


def settings_field(name: str, about: str) -> Field:
    """An object of identifiers or exact numbers by name, kept as text."""

    def read(value: object, where: str) -> dict[str, str] | Failure:
        if not isinstance(value, Mapping):
            return Failure(
                Reason.WRONG_TYPE, where, f"an object was expected, not {kind_of(value)}"
            )
        settings: dict[str, str] = {}
        for key, item in value.items():
            exact = item if isinstance(item, str) else read_decimal(item, f"{where}.{key}")
            if isinstance(exact, Failure):
                return exact
            text = read_text(format(exact, "f") if isinstance(exact, Decimal) else exact, where)
            if isinstance(text, Failure):
                return text
            settings[str(key)] = text
        return settings

    schema = {"type": "object", "additionalProperties": {"type": ["string", "number"]}}
    return Field(name, read, schema, about)


def record_field(name: str, about: str, fields: Fields, *, required: bool = False) -> Field:
    """A nested object, handed on unread with its own fields."""
    return Field(name, lambda value, where: value, record_schema(fields), about, required)


def record_list_field(name: str, about: str, fields: Fields, *, required: bool = False) -> Field:
    """A list of nested objects, handed on unread with their own fields."""
    schema = {"type": "array", "items": record_schema(fields)}
    return Field(name, lambda value, where: value, schema, about, required)


def foreign_field(name: str, about: str, *, required: bool = False) -> Field:
    """Somebody else's message, verbatim."""
    return Field(name, lambda value, where: value, {}, about, required)


def _unknown(name: str, known: Mapping[str, Field], where: str) -> Failure:
    shown = name if name.isprintable() and len(name) <= 64 else ascii(name[:64])
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {near[0]}?" if near else f"; known: {', '.join(known)}"
    return Failure(Reason.UNKNOWN_FIELD, f"{where}.{shown}", f"no such field{hint}")
