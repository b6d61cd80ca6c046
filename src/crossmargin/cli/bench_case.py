"""A figure of `crossmargin bench`: ours, a peer or a limit of the machine, and how far apart."""

import importlib
import importlib.util
import statistics
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final, final

from crossmargin.kernels.native import LIBRARY

Work = Callable[[], object]
ROUNDS_MIN: Final = 3


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a ratio has to be: at most (`ceiling`) or at least `must`, better `aim`."""

    must: float
    aim: float
    ceiling: bool = False

    def is_met(self, ratio: float) -> bool:
        """Whether the least accepted is reached."""
        return ratio <= self.must if self.ceiling else ratio >= self.must


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One line: `ours` and `reference` in `unit`; None where this machine has no reference."""

    name: str
    ours: float | None
    reference: float | None
    unit: str
    ratio: float | None
    target: Target

    def row(self) -> dict[str, Any]:
        """The line as `--json` prints it; `met` is null where nothing could be compared."""
        return {
            "name": self.name,
            "ours": self.ours,
            "reference": self.reference,
            "unit": self.unit,
            "ratio": self.ratio,
            "must": self.target.must,
            "aim": self.target.aim,
            "met": None if self.ratio is None else self.target.is_met(self.ratio),
        }


def compared(
    name: str, unit: str, target: Target, ours: float | None, reference: float | None
) -> Measured:
    """Ours over the reference where less is better than `must`, else the reference over ours."""
    ratio = None
    if ours is not None and reference is not None:
        ratio = ours / reference if target.ceiling else reference / ours
    return Measured(
        name=name, ours=ours, reference=reference, unit=unit, ratio=ratio, target=target
    )


def share_of(
    name: str, unit: str, target: Target, ours: float, reference: float | None
) -> Measured:
    """Ours over a limit, where more is better."""
    ratio = None if reference is None else ours / reference
    return Measured(
        name=name, ours=ours, reference=reference, unit=unit, ratio=ratio, target=target
    )


def medians(
    variants: Mapping[str, Work],
    rounds: int,
    budget_seconds: float,
    clock: Callable[[], float] = perf_counter,
) -> dict[str, float]:
    """Seconds of each variant, median over rounds in which all run in turn.

    Other load then hits all of them alike. Ends early, after three rounds, when the budget is used.
    What runs on one core is best timed by `time.thread_time`: a long run is interrupted more often
    than a short one on a busy machine, and waiting is no work.
    """
    taken: dict[str, list[float]] = {name: [] for name in variants}
    for work in variants.values():
        work()
    begun = perf_counter()
    for done in range(rounds):
        if done >= ROUNDS_MIN and perf_counter() - begun > budget_seconds:
            break
        for name, work in variants.items():
            start = clock()
            work()
            taken[name].append(clock() - start)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def peer(name: str) -> Any | None:
    """A library that is only compared with, None where it is not installed."""
    if importlib.util.find_spec(name.partition(".")[0]) is None:
        return None
    return importlib.import_module(name)


@contextmanager
def one_core() -> Iterator[None]:
    """Native kernels on one thread, as every peer that has only one; the twin has one anyway."""
    if LIBRARY is None:
        yield
        return
    before = LIBRARY.threads()
    LIBRARY.use_threads(1)
    try:
        yield
    finally:
        LIBRARY.use_threads(before)
