"""Amounts and names as a person reads them. Exact figures leave through `decimal_text`."""

import unicodedata
from decimal import Decimal

NOT_AVAILABLE = "n/a"

_MILLIONS_FROM = Decimal(100_000_000)
_WHOLE_FROM = Decimal(10_000)
_CENTS_FROM = Decimal(1)
_SHORT_STEPS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def decimal_text(amount: Decimal | None) -> str | None:
    """An exact decimal as text without an exponent and without needless zeros; None stays None."""
    if amount is None:
        return None
    if amount == 0:
        return "0"
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown_amount(amount: Decimal | None) -> str:
    """An amount rounded for the eye: whole from 10,000, cents from 1, four digits below.

    From 100 million in millions, so that a column of 11 characters holds a trillion. The
    sign survives the rounding, so that a buffer of minus a fraction never looks like zero.
    """
    if amount is None:
        return NOT_AVAILABLE
    size = abs(amount)
    if size >= _MILLIONS_FROM:
        return f"{amount / 1_000_000:,.2f}M"
    if size >= _WHOLE_FROM or size == 0:
        return f"{amount:,.0f}"
    if size >= _CENTS_FROM:
        return f"{amount:,.2f}"
    return f"{amount:.4g}" if size < Decimal("0.0001") else f"{amount:.4f}"


def short_amount(amount: float) -> str:
    """At most seven characters and a sign for a cell: -1.23M, 45.6k, 310."""
    for step, letter in _SHORT_STEPS:
        if abs(amount) >= step * 0.9995:
            scaled = amount / step
            places = 0 if abs(scaled) >= 99.95 else 1 if abs(scaled) >= 9.995 else 2
            return f"{scaled:.{places}f}{letter}"
    if abs(amount) >= 10 or amount == 0:
        return f"{amount:.0f}"
    return f"{amount:.2g}" if abs(amount) >= 0.01 else f"{amount:.0e}"


def shown_frac(fraction: float | None, places: int = 1) -> str:
    """A fraction as a percentage."""
    return NOT_AVAILABLE if fraction is None else f"{fraction:.{places}%}"


def shown_move(move: float) -> str:
    """A relative move as a percentage with its sign, with a decimal only where there is one."""
    places = 0 if abs(move * 100 - round(move * 100)) < 1e-6 else 1
    return f"{move:+.{places}%}" if move else "0%"


def printable(text: str) -> str:
    """The text with every control, format and surrogate character made visible as `?`.

    A name out of a book cannot steer a terminal or turn the direction of a line.
    """
    return "".join("?" if unicodedata.category(c).startswith("C") else c for c in text)
