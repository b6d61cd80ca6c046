"""A map that never changes: a put gives a new one that shares nearly all of the old."""

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar, final
from zlib import crc32

Value = TypeVar("Value")
_WIDTH = 64


@final
class Table(Generic[Value]):
    """Text -> value. Put and get cost nearly the same at any size: 64 x 64 buckets."""

    __slots__ = ("_count", "_rooms")

    def __init__(self) -> None:
        self._rooms: tuple[tuple[dict[str, Value] | None, ...] | None, ...] = (None,) * _WIDTH
        self._count = 0

    @staticmethod
    def of(items: Iterable[tuple[str, Value]]) -> "Table[Value]":
        """The table of all `items` at once; of two with one key the later one holds."""
        rooms: list[list[dict[str, Value] | None]] = [[None] * _WIDTH for _ in range(_WIDTH)]
        for key, value in items:
            place = crc32(key.encode())
            room, inner = rooms[place % _WIDTH], place // _WIDTH % _WIDTH
            bucket = room[inner]
            if bucket is None:
                bucket = room[inner] = {}
            bucket[key] = value
        table: Table[Value] = Table()
        table._rooms = tuple(tuple(room) if any(room) else None for room in rooms)
        table._count = sum(len(bucket) for room in rooms for bucket in room if bucket)
        return table

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[str]:
        """Keys, in no order that means anything."""
        for room in self._rooms:
            for bucket in room or ():
                yield from bucket or ()

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key in (self._bucket(key) or {})

    def __getitem__(self, key: str) -> Value:
        return (self._bucket(key) or {})[key]

    def get(self, key: str) -> Value | None:
        """The value of a key, None without one."""
        return (self._bucket(key) or {}).get(key)

    def put(self, key: str, value: Value) -> "Table[Value]":
        """The table with one value set."""
        bucket = dict(self._bucket(key) or {})
        fresh = key not in bucket
        bucket[key] = value
        return self._with(key, bucket, self._count + fresh)

    def without(self, key: str) -> "Table[Value]":
        """The table without a key; KeyError when it has none."""
        bucket = dict(self._bucket(key) or {})
        del bucket[key]
        return self._with(key, bucket, self._count - 1)

    def items(self) -> Iterator[tuple[str, Value]]:
        """Keys and values, by key."""
        found = (
            item
            for room in self._rooms
            if room is not None
            for bucket in room
            if bucket is not None
            for item in bucket.items()
        )
        return iter(sorted(found, key=lambda item: item[0]))

    def _bucket(self, key: str) -> dict[str, Value] | None:
        place = crc32(key.encode())
        room = self._rooms[place % _WIDTH]
        return None if room is None else room[place // _WIDTH % _WIDTH]

    def _with(self, key: str, bucket: dict[str, Value], count: int) -> "Table[Value]":
        place = crc32(key.encode())
        outer, inner = place % _WIDTH, place // _WIDTH % _WIDTH
        empty: tuple[dict[str, Value] | None, ...] = (None,) * _WIDTH
        room = self._rooms[outer] or empty
        longer: Table[Value] = Table()
        room = (*room[:inner], bucket or None, *room[inner + 1 :])
        longer._rooms = (*self._rooms[:outer], room, *self._rooms[outer + 1 :])
        longer._count = count
        return longer
