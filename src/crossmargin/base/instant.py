"""Time is nanoseconds UTC inside; RFC 3339 text at the edges. Nothing here reads a clock."""

import re
from datetime import UTC, datetime

NS_PER_SECOND = 1_000_000_000
NS_PER_DAY = 86_400 * NS_PER_SECOND
NS_PER_YEAR = 365 * NS_PER_DAY
"""Actual/365: the day count of every formula."""

_EARLIEST = datetime(2009, 1, 3, tzinfo=UTC)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_TEXT = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2}))?\Z",
    re.ASCII,
)


def parse_instant(text: str) -> int | None:
    """RFC 3339 text (or a bare date: midnight UTC) -> nanoseconds, or None.

    A time without a zone, and anything before 2009 or after 2199, is refused: it is most often
    seconds, milliseconds and nanoseconds confused.
    """
    match = _TEXT.match(text)
    if match is None:
        return None
    date, clock, fraction, zone = match.groups()
    try:
        moment = datetime.fromisoformat(
            f"{date}T{clock or '00:00:00'}{(zone or 'Z').replace('Z', '+00:00')}"
        )
    except ValueError:
        return None
    if not _EARLIEST <= moment < _LATEST:
        return None
    seconds = int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    return seconds * NS_PER_SECOND + int((fraction or "0").ljust(9, "0"))


def instant_text(instant_ns: int) -> str:
    """Nanoseconds -> RFC 3339 text in UTC, with a fraction only where there is one."""
    seconds, rest = divmod(instant_ns, NS_PER_SECOND)
    text = datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{rest:09d}".rstrip("0") if rest else "") + "Z"


def years_between(from_ns: int, to_ns: int) -> float:
    """Actual/365 years, negative when `to_ns` lies before."""
    return (to_ns - from_ns) / NS_PER_YEAR
