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
        "floor_at_rest",
        "cap_base",
        "cap_per_sqrt_year",
        "width_least",
        "width_scale",
        "width_base",
        "width_per_sqrt_year",
    }
)
MOVE_KEYS = RULE_KEYS | {"move"}
SAME = "same"
"""The vol move that every grid knows without defining it."""

_LIMITS: Mapping[str, tuple[float, float]] = {
    "power_short": (0.0, 10.0),
    "power_long": (0.0, 10.0),
    "reference_days": (1e-6, 36_500.0),
    "days_floor": (0.0, 3_650.0),
    "vol_floor": (0.0, 50.0),
    "skew_per_log_moneyness": (-100.0, 100.0),
    "parallel": (0.0, 1.0),
    "cap_base": (0.0, 10.0),
    "cap_per_sqrt_year": (-10.0, 10.0),
    "width_least": (0.0, 10.0),
    "width_scale": (0.0, 10.0),
    "width_base": (0.0, 10.0),
    "width_per_sqrt_year": (-20.0, 20.0),
}


def read_rule(reader: TableReader, table: Any, where: str, known: frozenset[str]) -> VolRule:
    """The vol rule of a table: `shock` is relative or points and must be said, the rest may be."""
    if not isinstance(table, Mapping):
        reader.fail(Reason.WRONG_TYPE, where, "is a table with shock and its figures")
        return NO_VOL_MOVE
    reader.keys(table, known, where)
    shock = table.get("shock")
    words = [each.value for each in VolShock if each is not VolShock.NONE]
    if shock not in words:
        message = f"{shock!r} is none of {', '.join(words)}"
        reader.fail(Reason.UNSUPPORTED, f"{where}.shock", message)
        return NO_VOL_MOVE
    figures = {
        key: reader.number(table[key], f"{where}.{key}", *limits)
        for key, limits in _LIMITS.items()
        if key in table
    }
    short, at_rest = (
        reader.flag(table.get(key, False), f"{where}.{key}")
        for key in ("reference_is_short", "floor_at_rest")
    )
    return VolRule(
        shock=VolShock(shock), reference_is_short=short, floor_at_rest=at_rest, **figures
    )


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
