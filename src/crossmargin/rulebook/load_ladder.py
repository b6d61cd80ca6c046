"""Reads the ladder of standings of a recipe file, or makes the default one."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from crossmargin.base.failure import Failure, Reason
from crossmargin.rulebook.read import read_dataclass
from crossmargin.rulebook.standing import (
    STANDINGS,
    Ladder,
    Measured,
    Rung,
    Standing,
    default_ladder,
)

NOT_REACHED = (Standing.HEALTHY, Standing.UNAVAILABLE)
"""Standings that no rung gives: where an account stands without any, and where nobody can tell."""


def read_ladder(tables: Mapping[str, Any], levels: list[str], failures: list[Failure]) -> Ladder:
    """`[[ladder]]` rungs from best to worst; without any, the default over the recipe's levels."""
    name = str(tables["name"])
    at_zero = tables.get("liquidation_at_zero", False)
    if not isinstance(at_zero, bool):
        message = f"{at_zero!r} is not true or false"
        failures.append(Failure(Reason.WRONG_TYPE, f"{name}.liquidation_at_zero", message))
    written = tables.get("ladder")
    if written is None:
        first = "initial" if "initial" in levels else levels[0]
        liquidation = str(tables.get("liquidation", "maintenance"))
        return default_ladder(first, liquidation, or_at=at_zero is True)
    if "liquidation_at_zero" in tables:
        message = "a ladder says itself which rungs are reached at equality: or_at"
        failures.append(Failure(Reason.CONTRADICTION, f"{name}.liquidation_at_zero", message))
    if not isinstance(written, list) or not all(isinstance(row, Mapping) for row in written):
        message = "is a list of tables, one per rung"
        failures.append(Failure(Reason.WRONG_TYPE, f"{name}.ladder", message))
        return Ladder(rungs=())
    rungs = []
    for i, table in enumerate(written):
        where = f"{name}.ladder[{i}]"
        rung = read_dataclass(Rung, table, where, failures, {}, {})
        if rung is not None:
            failures.extend(_wrong(rung, levels, where))
            rungs.append(rung)
    failures.extend(_disorder(rungs, f"{name}.ladder"))
    return Ladder(rungs=tuple(rungs))


def _wrong(rung: Rung, levels: list[str], where: str) -> Iterator[Failure]:
    if rung.standing in NOT_REACHED:
        message = f"no rung leads to {rung.standing.value}"
        yield Failure(Reason.OUT_OF_BOUNDS, f"{where}.standing", message)
    if rung.measured is Measured.NET_LIQUIDATION_VALUE:
        if rung.level is not None:
            message = "net liquidation value has no level: no rulebook changes it"
            yield Failure(Reason.CONTRADICTION, f"{where}.level", message)
    elif rung.level not in levels:
        there = ", ".join(levels)
        message = (
            f"{rung.level!r} is no level" if rung.level else f"{rung.measured.value} needs one"
        )
        yield Failure(Reason.OUT_OF_BOUNDS, f"{where}.level", f"{message}; there are {there}")


def _disorder(rungs: list[Rung], where: str) -> Iterator[Failure]:
    for better, worse in pairwise(rungs):
        if STANDINGS.index(better.standing) > STANDINGS.index(worse.standing):
            message = f"{worse.standing.value} stands below {better.standing.value}: best first"
            yield Failure(Reason.CONTRADICTION, where, message)
