"""Strict readers of single values: number, integer, text, instant; or what is wrong with it."""

import math
import re
import unicodedata
from decimal import Decimal

from crossmargin.base.exact import parse_decimal
from crossmargin.base.failure import Failure, Reason
from crossmargin.base.instant import parse_instant

TEXT_LENGTH_MAX = 128
NOTE_LENGTH_MAX = 512
DIGITS_BEFORE_POINT_MAX = 24
PLACES_MAX = 30

_JSON_NUMBER = re.compile(
    r"-?(?:0|[1-9][0-9]{0,59})(?:\.[0-9]{1,60})?(?:[eE][+-]?[0-9]{1,3})?\Z", re.ASCII
)
_WORD = re.compile(r"[+-]?(?:nan|inf|infinity|true|false|null|none)\Z", re.IGNORECASE | re.ASCII)


def number_of_json(text: str) -> Decimal | None:
    """The text of a JSON number -> Decimal, exactly, or None when it is out of bounds.

    At most 24 digits before the point and 30 after it, whether written with an exponent or
    without; negative zero becomes zero.
    """
    if len(text) > 130 or _JSON_NUMBER.match(text) is None:
        return None
    exact = Decimal(text)
    if len(text) <= DIGITS_BEFORE_POINT_MAX and "e" not in text and "E" not in text:
        return exact or Decimal(0)  # so short a text is inside the bounds
    return _bounded(exact)


def read_decimal(value: object, where: str) -> Decimal | Failure:
    """A JSON number, or plain decimal text without exponent -> Decimal, exactly.

    Refused: words, NaN, infinity, spaces, thousands separators, digits of another script, true and
    false, and more than 24 digits before or 30 after the point. A float counts as its shortest
    decimal form.
    """
    if isinstance(value, bool) or not isinstance(value, str | Decimal | int | float):
        return Failure(Reason.WRONG_TYPE, where, f"a number was expected, not {kind_of(value)}")
    if isinstance(value, str):
        return _decimal_of_text(value, where)
    if isinstance(value, float) and not math.isfinite(value):
        return Failure(Reason.NOT_A_NUMBER, where, "not a finite number")
    if isinstance(value, int) and abs(value) >= 10**DIGITS_BEFORE_POINT_MAX:
        return _too_long(where)
    exact = Decimal(repr(float(value))) if isinstance(value, float) else Decimal(value)
    if not exact.is_finite():
        return Failure(Reason.NOT_A_NUMBER, where, "not a finite number")
    bounded = _bounded(exact)
    return _too_long(where) if bounded is None else bounded


def read_integer(value: object, where: str) -> int | Failure:
    """A whole number, given as a JSON number or as plain decimal text -> int."""
    exact = read_decimal(value, where)
    if isinstance(exact, Failure):
        return exact
    if exact != exact.to_integral_value():
        return Failure(Reason.WRONG_TYPE, where, "a whole number was expected")
    return int(exact)


def read_text(value: object, where: str) -> str | Failure:
    """An identifier: 1 to 128 printable ASCII characters without spaces around -> itself.

    A letter of another script is refused as a look-alike: the Cyrillic U+0412, U+0422, U+0421
    print as BTC and are not.
    """
    if not isinstance(value, str):
        return Failure(Reason.WRONG_TYPE, where, f"text was expected, not {kind_of(value)}")
    if not 0 < len(value) <= TEXT_LENGTH_MAX:
        return Failure(
            Reason.OUT_OF_BOUNDS, where, f"text of 1 to {TEXT_LENGTH_MAX} characters was expected"
        )
    if value.isascii() and value.isprintable() and value[0] != " " != value[-1]:
        return value
    for character in value:
        if not character.isascii():
            return Failure(
                Reason.LOOK_ALIKE, where, f"{_named(character)} is not an ASCII character"
            )
        if not character.isprintable():
            return Failure(
                Reason.OUT_OF_BOUNDS, where, f"{_named(character)} is a control character"
            )
    return Failure(Reason.OUT_OF_BOUNDS, where, "text begins or ends with a space")


def read_note(value: object, where: str) -> str | Failure:
    """Words for people (a name, a reason, a source): 1 to 512 printable characters of any script.

    Control, format (writing direction), private and unassigned characters and lone surrogates are
    refused.
    """
    if not isinstance(value, str):
        return Failure(Reason.WRONG_TYPE, where, f"text was expected, not {kind_of(value)}")
    if not 0 < len(value) <= NOTE_LENGTH_MAX or not value.strip():
        return Failure(
            Reason.OUT_OF_BOUNDS, where, f"text of 1 to {NOTE_LENGTH_MAX} characters was expected"
        )
    for character in value:
        if unicodedata.category(character)[0] == "C":
            return Failure(
                Reason.OUT_OF_BOUNDS, where, f"{_named(character)} is a control character"
            )
    return value


def read_instant(value: object, where: str) -> int | Failure:
    """RFC 3339 text with a zone, or a bare date -> nanoseconds UTC.

    A bare number is refused: nobody can tell seconds, milliseconds and nanoseconds apart.
    """
    if not isinstance(value, str):
        return Failure(
            Reason.WRONG_TYPE, where, f"RFC 3339 text was expected, not {kind_of(value)}"
        )
    instant_ns = parse_instant(value) if len(value) <= TEXT_LENGTH_MAX else None
    if instant_ns is None:
        return Failure(
            Reason.OUT_OF_BOUNDS,
            where,
            "not an instant of 2009 to 2199 such as 2026-08-08T08:00:00Z (with its zone)",
        )
    return instant_ns


def kind_of(value: object) -> str:
    """What a decoded value is, in JSON's own words."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return "text"
        case int() | float() | Decimal():
            return "a number"
        case dict():
            return "an object"
        case list() | tuple():
            return "a list"
        case _:
            return type(value).__name__


def _decimal_of_text(text: str, where: str) -> Decimal | Failure:
    exact = parse_decimal(text)
    if exact is not None:
        return exact if exact else Decimal(0)
    if not text.isascii():
        odd = next(character for character in text if not character.isascii())
        return Failure(Reason.LOOK_ALIKE, where, f"{_named(odd)} is not an ASCII digit")
    if _WORD.match(text):
        return Failure(Reason.NOT_A_NUMBER, where, f"the word {text!r} is not a number")
    if text.lstrip("-").replace(".", "", 1).isdigit() and len(text) > DIGITS_BEFORE_POINT_MAX:
        return _too_long(where)
    shown = text if len(text) <= 40 else text[:37] + "..."
    return Failure(
        Reason.NOT_A_NUMBER, where, f"{shown!r} is not plain decimal text such as -12.50"
    )


def _bounded(exact: Decimal) -> Decimal | None:
    if not exact:
        return Decimal(0)
    exponent = exact.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -PLACES_MAX:
        return None
    return exact if exact.adjusted() < DIGITS_BEFORE_POINT_MAX else None


def _too_long(where: str) -> Failure:
    return Failure(
        Reason.OUT_OF_BOUNDS,
        where,
        f"more than {DIGITS_BEFORE_POINT_MAX} digits before the point or {PLACES_MAX} after it",
    )


def _named(character: str) -> str:
    return f"U+{ord(character):04X} ({unicodedata.name(character, 'no name')})"
