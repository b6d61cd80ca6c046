"""Reads the ladder of standings of a recipe file, or makes the default one."""

from collections.abc import Mapping
from typing import Any

from crossmargin.base.failure import Failure, Reason
from crossmargin.rulebook.read import read_dataclass
from crossmargin.rulebook.standing import Ladder, Rung, default_ladder


def read_ladder(tables: Mapping[str, Any], levels: list[str], failures: list[Failure]) -> Ladder:
    """`[[ladder]]` rungs from best to worst; without any, the default over the recipe's levels."""
    name = str(tables["name"])
    written = tables.get("ladder")
    liquidation = str(tables.get("liquidation", "maintenance"))
    if written is None:
        first = "initial" if "initial" in levels else levels[0]
        return default_ladder(
            first, liquidation, or_at=bool(tables.get("liquidation_at_zero", False))
        )
    rungs = []
    for i, table in enumerate(written):
        where = f"{name}.ladder[{i}]"
        rung = read_dataclass(Rung, table, where, failures, {}, {})
        if rung is not None and rung.level is not None and rung.level not in levels:
            message = f"{rung.level!r} is no level; there are {', '.join(levels)}"
            failures.append(Failure(Reason.OUT_OF_BOUNDS, f"{where}.level", message))
        if rung is not None:
            rungs.append(rung)
    return Ladder(rungs=tuple(rungs))
