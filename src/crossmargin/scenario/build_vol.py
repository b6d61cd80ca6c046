"""Vol rules as tables: shock, size, term powers, floor and skew."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from crossmargin.base.failure import Reason
from crossmargin.scenario.grid import VolMove, same_vol
from crossmargin.scenario.scenario_set import NO_VOL_MOVE, VolRule, VolShock
from crossmargin.scenario.table_reader import TableReader

RULE_KEYS = frozenset(
    {
        "shock",
        "power_short",
        "power_long",
        "reference_days",
        "reference_is_short",
        "days_floor",
        "vol_floor",
        "skew_per_log_moneyness",
        "parallel",
    }
)
MOVE_KEYS = RULE_KEYS | {"move"}
SAME = "same"
"""The vol move that every grid knows without defining it."""

_LIMITS: Mapping[str, tuple[float, float]] = {
    "power_short": (0.0, 2.0),
    "power_long": (0.0, 2.0),
    "reference_days": (1e-6, 36_500.0),
    "days_floor": (0.0, 3_650.0),
    "vol_floor": (0.0, 50.0),
    "skew_per_log_moneyness": (-100.0, 100.0),
    "parallel": (0.0, 1.0),
}


def read_rule(reader: TableReader, table: Any, where: str, known: frozenset[str]) -> VolRule:
    """The vol rule of a table: `shock` is relative or points and must be said, the rest may be."""
    if not isinstance(table, Mapping):
        reader.fail(Reason.WRONG_TYPE, where, "is a table with shock and its figures")
        return NO_VOL_MOVE
    reader.keys(table, known, where)
    shock = table.get("shock")
    if shock not in (VolShock.RELATIVE.value, VolShock.POINTS.value):
        reader.fail(
            Reason.UNSUPPORTED, f"{where}.shock", f"{shock!r} is neither relative nor points"
        )
        return NO_VOL_MOVE
    figures = {
        key: reader.number(table[key], f"{where}.{key}", *limits)
        for key, limits in _LIMITS.items()
        if key in table
    }
    short = reader.flag(table.get("reference_is_short", False), f"{where}.reference_is_short")
    return VolRule(shock=VolShock(shock), reference_is_short=short, **figures)


def read_vol_moves(reader: TableReader, table: Any, where: str) -> dict[str, VolMove]:
    """The named vol moves of a grid, with `same` added."""
    moves = {SAME: same_vol(len(reader.assets))}
    if not isinstance(table, Mapping):
        reader.fail(Reason.WRONG_TYPE, where, "is a table of named vol moves")
        return moves
    for name, part in table.items():
        path = f"{where}.{name}"
        if name == SAME:
            reader.fail(Reason.DUPLICATE, path, "same is there without being defined")
            continue
        rule = read_rule(reader, part, path, MOVE_KEYS)
        size = np.zeros(len(reader.assets))
        if isinstance(part, Mapping) and "move" in part:
            size = reader.per_asset(part["move"], f"{path}.move")
        else:
            reader.fail(
                Reason.MISSING_FIELD, f"{path}.move", "says how far vol moves; it is needed"
            )
        moves[name] = VolMove(name=name, rule=rule, size=size)
    return moves
