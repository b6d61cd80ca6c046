"""Exact decimals at the edges: text in, text out, and the bounds that keep them small."""

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

DECIMAL_PATTERN = re.compile(r"-?(0|[1-9][0-9]{0,23})(\.[0-9]{1,30})?\Z", re.ASCII)
PRECISE = Context(prec=60, rounding=ROUND_HALF_EVEN)
_ONE = Decimal(1)


def parse_decimal(text: str) -> Decimal | None:
    """Plain decimal text -> Decimal, or None when it is anything else.

    At most 24 digits before and 30 after the point; no exponent, no spaces, ASCII digits only, so
    neither a 5,000-digit integer nor a digit of another script gets in.
    """
    if len(text) > 60 or DECIMAL_PATTERN.match(text) is None:
        return None
    return Decimal(text)


def decimal_text(value: Fraction | Decimal | int, places: int | None = None) -> str:
    """An exact number as plain decimal text; with `places`, exactly so many digits after the point.

    A fraction whose denominator has other primes than 2 and 5 needs `places` (rounded half to
    even).
    """
    if isinstance(value, Decimal):
        value = Fraction(value)
    value = Fraction(value)
    if places is None:
        places = _places_needed(value.denominator)
    scaled = round(value * 10**places)
    sign = "-" if scaled < 0 else ""
    digits = str(abs(scaled)).rjust(places + 1, "0")
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def shortest(value: Decimal) -> Decimal:
    """The same number without zeros behind the point: what its plain text reads as."""
    plain = value.normalize(PRECISE) if value else Decimal(0)
    exponent = plain.as_tuple().exponent
    return (
        plain.quantize(_ONE, context=PRECISE)
        if isinstance(exponent, int) and exponent > 0
        else plain
    )


def _places_needed(denominator: int) -> int:
    places = 0
    while 10**places % denominator:
        places += 1
        if places > 200:
            raise ValueError("the number has no finite decimal form: say how many places")
    return places
