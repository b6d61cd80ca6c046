"""A table whose values may lie in columns: many change at once without being written one by one."""

from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar, final

from crossmargin.engine.table import Table

Value = TypeVar("Value")


class Overlay(Protocol[Value]):
    """What some keys of a table say now, kept elsewhere."""

    def covers(self, key: str) -> bool:
        """Whether the newest word on a key is here."""

    def shown(self, key: str, value: Value) -> Value:
        """The value of a key with what is said of it here."""

    def without(self, key: str) -> "Overlay[Value]":
        """The overlay after the table itself has a newer value of a key."""


@final
class Overlaid(Generic[Value]):
    """A table and its overlays; it never changes. An overlay holds no key that another one has."""

    __slots__ = ("_overlays", "_table")

    def __init__(
        self, table: Table[Value] | None = None, overlays: tuple[Overlay[Value], ...] = ()
    ) -> None:
        self._table: Table[Value] = Table() if table is None else table
        self._overlays = overlays

    @staticmethod
    def of(items: Iterable[tuple[str, Value]]) -> "Overlaid[Value]":
        """All `items`, with nothing over them."""
        return Overlaid(Table.of(items))

    @property
    def overlays(self) -> tuple[Overlay[Value], ...]:
        """What lies over the table."""
        return self._overlays

    def under(self, overlays: tuple[Overlay[Value], ...]) -> "Overlaid[Value]":
        """The same table under other overlays."""
        return Overlaid(self._table, overlays)

    def __len__(self) -> int:
        return len(self._table)

    def __contains__(self, key: object) -> bool:
        return key in self._table

    def __getitem__(self, key: str) -> Value:
        return self._shown(key, self._table[key])

    def get(self, key: str) -> Value | None:
        """The value of a key, None without one."""
        return self[key] if key in self._table else None

    def put(self, key: str, value: Value) -> "Overlaid[Value]":
        """The same with one value set."""
        overlays = tuple(own.without(key) if own.covers(key) else own for own in self._overlays)
        return Overlaid(self._table.put(key, value), overlays)

    def items(self) -> Iterator[tuple[str, Value]]:
        """Keys and values, by key."""
        if not self._overlays:
            return self._table.items()
        return ((key, self._shown(key, value)) for key, value in self._table.items())

    def under_items(self) -> Iterator[tuple[str, Value]]:
        """Keys and values of the table alone: without what overlays say."""
        return self._table.items()

    def _shown(self, key: str, value: Value) -> Value:
        for own in self._overlays:
            if own.covers(key):
                return own.shown(key, value)
        return value
