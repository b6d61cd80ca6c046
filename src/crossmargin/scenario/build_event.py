"""Stress tables: a list of named events."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from crossmargin.base.failure import Reason
from crossmargin.base.instant import NS_PER_DAY
from crossmargin.scenario.build_grid import DAYS_MAX
from crossmargin.scenario.build_vol import RULE_KEYS, read_rule
from crossmargin.scenario.scenario_set import NO_VOL_MOVE
from crossmargin.scenario.stress import StressEvent
from crossmargin.scenario.table_reader import TableReader

EVENT_KEYS = frozenset(
    {
        "name",
        "price_move",
        "discount",
        "vol_move",
        "vol_rule",
        "venue_move",
        "time_days",
        "loss_weight",
    }
)


def read_events(reader: TableReader, table: Mapping[str, Any], where: str) -> list[StressEvent]:
    """The events of a stress table, under `event`.

    `price_move` and `discount` are figures per asset; what an event does not name stays where it
    is. A vol move needs its `vol_rule`; `venue_move` names venues.
    """
    reader.keys(table, frozenset({"kind", "event", "equally_likely"}), where)
    parts = table.get("event")
    if not isinstance(parts, Sequence) or isinstance(parts, str) or not parts:
        reader.fail(Reason.WRONG_TYPE, f"{where}.event", "is a list of tables, at least one")
        return []
    events = []
    for i, part in enumerate(parts):
        path = f"{where}.event[{i}]"
        if isinstance(part, Mapping):
            reader.keys(part, EVENT_KEYS, path)
            events.append(_event(reader, part, path))
        else:
            reader.fail(Reason.WRONG_TYPE, path, "is a table with a name and its moves")
    return events


def _event(reader: TableReader, table: Mapping[str, Any], where: str) -> StressEvent:
    if "name" not in table:
        reader.fail(Reason.MISSING_FIELD, f"{where}.name", "is needed")
    if ("vol_move" in table) != ("vol_rule" in table):
        text = "vol_move and vol_rule go together"
        reader.fail(Reason.MISSING_FIELD, where, text)
    rule = NO_VOL_MOVE
    if "vol_rule" in table:
        rule = read_rule(reader, table["vol_rule"], f"{where}.vol_rule", RULE_KEYS)
    venue_move = np.zeros(len(reader.venues))
    if "venue_move" in table:
        moves = reader.per_venue(table["venue_move"], f"{where}.venue_move")
        venue_move = np.array(list(moves.values()))
    days = reader.number(table.get("time_days", 0.0), f"{where}.time_days", 0.0, DAYS_MAX)
    none: Mapping[str, float] = {}
    return StressEvent(
        name=reader.text(table.get("name", "event"), f"{where}.name"),
        price_move=reader.per_asset(
            table.get("price_move", none), f"{where}.price_move", unnamed=0.0
        ),
        discount=reader.per_asset(table.get("discount", none), f"{where}.discount", unnamed=0.0),
        vol_move=reader.per_asset(table.get("vol_move", none), f"{where}.vol_move", unnamed=0.0),
        vol_rule=rule,
        venue_move=venue_move,
        time_ns=0 if days != days else round(days * NS_PER_DAY),
        loss_weight=reader.number(
            table.get("loss_weight", 1.0), f"{where}.loss_weight", low=0.0, high=1.0
        ),
    )
