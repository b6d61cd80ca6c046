"""Positions of single accounts as columns, kept from event to event: a fill changes one row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from crossmargin.domain.columns import PositionColumns
from crossmargin.domain.flatten import position_columns
from crossmargin.domain.holding import Position
from crossmargin.domain.universe import Universe

KEPT_MOST: Final = 4_096
CHANGED_MOST: Final = 8
"""With more positions changed the columns are made anew."""


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AccountRows:
    """Columns of one account, numbered 0, and the positions that they were made of."""

    positions: Mapping[str, Position]
    columns: PositionColumns


@final
class KeptRows:
    """Columns by account over one universe; no more than `KEPT_MOST` of them are remembered."""

    __slots__ = ("_kept", "_universe")

    def __init__(self, universe: Universe) -> None:
        self._universe = universe
        self._kept: dict[str, AccountRows] = {}

    def columns(self, account_id: str, positions: Mapping[str, Position]) -> PositionColumns:
        """Columns of an account's positions: those that it had with the changed rows replaced."""
        before = self._kept.get(account_id)
        found = None
        if before is not None:
            found = _changed(self._universe, account_id, before, positions)
        if found is None:
            found = position_columns(positions.values(), {account_id: 0}, self._universe)
        if len(self._kept) >= KEPT_MOST:
            self._kept.clear()
        self._kept[account_id] = AccountRows(positions=positions, columns=found)
        return found


def _changed(
    universe: Universe,
    account_id: str,
    before: AccountRows,
    positions: Mapping[str, Position],
) -> PositionColumns | None:
    """The columns before with the rows that differ replaced; None where that is no saving."""
    old, columns = before.positions, before.columns
    if positions is old:
        return columns
    if positions.keys() != old.keys() or not len(columns.instrument):
        return None
    names = [name for name, own in positions.items() if own is not old[name]]
    if len(names) > CHANGED_MOST:
        return None
    changed = [positions[name] for name in names]
    fresh = position_columns(changed, {account_id: 0}, universe)
    # A row that holds nothing is left out: then rows come or go, and all are laid out again.
    places = np.searchsorted(columns.instrument, fresh.instrument)
    here = np.minimum(places, len(columns.instrument) - 1)
    same = np.array_equal(columns.instrument[here], fresh.instrument)
    if len(fresh.instrument) != len(names) or not same:
        return None
    values = {}
    for field in ("contracts", "cost", "funding"):
        column = getattr(columns, field).copy()
        column[places] = getattr(fresh, field)
        column.setflags(write=False)
        values[field] = column
    return PositionColumns(account=columns.account, instrument=columns.instrument, **values)
