"""Grid tables: one family in the table itself, or several under `family`."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Reason
from crossmargin.base.instant import NS_PER_DAY
from crossmargin.scenario.build_vol import read_vol_moves
from crossmargin.scenario.grid import (
    GridFamily,
    VolMove,
    damping_beyond,
    same_vol,
    weight_beyond,
)
from crossmargin.scenario.table_reader import TableReader

F8 = NDArray[np.float64]

FAMILY_KEYS = frozenset(
    {
        "name",
        "price_move",
        "price_edge",
        "vol",
        "loss_weight",
        "standard_range",
        "dampened",
        "time_days",
    }
)
RANGE_OVER_MOVE = "range_over_move"
"""As a loss weight: standard_range / |price move|."""

DAYS_MAX = 3_650.0
LOSS_WEIGHT_MAX = 1_000.0
"""Most tails are damped (below 1); a rulebook may also count one more than once."""


def read_families(reader: TableReader, table: Mapping[str, Any], where: str) -> list[GridFamily]:
    """The families of a grid table.

    `price_move` is a list of moves, fractions of the price, or multiples of `price_edge` where that
    is given (a number or one per asset). `vol` lists names of `vol_move`, or `same`. `loss_weight`
    is a number, one per price move, or `range_over_move`; `dampened` sets the damping multiple;
    both of the latter measure the move against `standard_range`.
    """
    moves = read_vol_moves(reader, table.get("vol_move", {}), f"{where}.vol_move")
    if "family" not in table:
        reader.keys(table, FAMILY_KEYS | {"kind", "vol_move"}, where)
        alone = {key: value for key, value in table.items() if key in FAMILY_KEYS}
        return [_family(reader, {"name": "grid", **alone}, moves, where)]
    reader.keys(table, frozenset({"kind", "vol_move", "family"}), where)
    parts = table["family"]
    if not isinstance(parts, Sequence) or isinstance(parts, str) or not parts:
        reader.fail(Reason.WRONG_TYPE, f"{where}.family", "is a list of tables, at least one")
        return []
    families = []
    for i, part in enumerate(parts):
        path = f"{where}.family[{i}]"
        if isinstance(part, Mapping):
            reader.keys(part, FAMILY_KEYS, path)
            families.append(_family(reader, part, moves, path))
        else:
            reader.fail(Reason.WRONG_TYPE, path, "is a table with price_move and vol")
    return families


def _family(
    reader: TableReader, table: Mapping[str, Any], moves: Mapping[str, VolMove], where: str
) -> GridFamily:
    for key in ("name", "price_move", "vol"):
        if key not in table:
            reader.fail(Reason.MISSING_FIELD, f"{where}.{key}", "is needed")
    price_move = reader.numbers(table.get("price_move", [0.0]), f"{where}.price_move")
    standard = None
    if "standard_range" in table:
        path = f"{where}.standard_range"
        standard = reader.number(table["standard_range"], path, low=1e-9, high=10.0)
    damping = np.zeros(len(price_move))
    if reader.flag(table.get("dampened", False), f"{where}.dampened"):
        if standard is None:
            reader.fail(Reason.MISSING_FIELD, f"{where}.standard_range", "dampened needs it")
        else:
            damping = damping_beyond(price_move, standard)
    days = reader.number(table.get("time_days", 0.0), f"{where}.time_days", 0.0, DAYS_MAX)
    return GridFamily(
        name=reader.text(table.get("name", "grid"), f"{where}.name"),
        price_move=price_move,
        price_edge=reader.per_asset(table.get("price_edge", 1.0), f"{where}.price_edge"),
        vol=_chosen(reader, table.get("vol", ["same"]), moves, f"{where}.vol"),
        loss_weight=_weights(reader, table.get("loss_weight", 1.0), price_move, standard, where),
        damping_multiple=damping,
        time_ns=0 if days != days else round(days * NS_PER_DAY),
    )


def _chosen(
    reader: TableReader, value: Any, moves: Mapping[str, VolMove], where: str
) -> tuple[VolMove, ...]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        reader.fail(Reason.WRONG_TYPE, where, "is a list of names of vol moves, at least one")
        return (same_vol(len(reader.assets)),)
    chosen = []
    for name in value:
        if name in moves:
            chosen.append(moves[name])
        else:
            text = f"there is no vol move {name!r}; known are {', '.join(moves)}"
            reader.fail(Reason.UNKNOWN_FIELD, where, text)
    return tuple(chosen)


def _weights(
    reader: TableReader, value: Any, price_move: F8, standard: float | None, where: str
) -> F8:
    path = f"{where}.loss_weight"
    if value == RANGE_OVER_MOVE:
        if standard is None:
            reader.fail(Reason.MISSING_FIELD, f"{where}.standard_range", f"{value} needs it")
            return np.ones(len(price_move))
        return weight_beyond(price_move, standard)
    if isinstance(value, Sequence) and not isinstance(value, str):
        weights = reader.numbers(value, path)
        if len(weights) != len(price_move):
            text = f"{len(weights)} weights for {len(price_move)} price moves"
            reader.fail(Reason.CONTRADICTION, path, text)
        return weights
    return np.full(len(price_move), reader.number(value, path, low=0.0, high=LOSS_WEIGHT_MAX))
