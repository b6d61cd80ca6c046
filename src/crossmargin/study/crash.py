"""Crashes of the past: the days that a margin is looked at through."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.instant import NS_PER_DAY, parse_instant


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """A name, and its first and last day (UTC, both within it)."""

    name: str
    first: str
    last: str

    def holds(self, date_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(D,) which days lie in it."""
        begin, end = parse_instant(self.first), parse_instant(self.last)
        if begin is None or end is None:
            raise ValueError(f"{self.name} has no first and last day")
        return np.asarray((date_ns >= begin) & (date_ns < end + NS_PER_DAY))


CRASHES: tuple[Crash, ...] = (
    Crash(name="March 2020", first="2020-03-08", last="2020-03-19"),
    Crash(name="May 2021", first="2021-05-10", last="2021-05-30"),
    Crash(name="May 2022", first="2022-05-05", last="2022-05-19"),
    Crash(name="June 2022", first="2022-06-08", last="2022-06-24"),
    Crash(name="November 2022", first="2022-11-05", last="2022-11-19"),
    Crash(name="October 2025", first="2025-10-06", last="2025-10-20"),
)
