"""The small file beside a SQLite journal that says what was acknowledged.

SQLite drops a damaged end of its write-ahead log without a word; this file is what tells that
acknowledged records are missing. It is written after each commit and before the acknowledgement. It
is not flushed on its own: after a power cut it may say less than the journal holds, never more. It
has two slots written in turn, so that a write that is cut off leaves the one before.
"""

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, final

from crossmargin.base.failure import Failure, Reason
from crossmargin.store.port import Head, StoreDamaged

_MAGIC: Final = b"cmhead01"
_FORMAT: Final = struct.Struct(">8sQQQ32sQ")
_SLOT_BYTES: Final = _FORMAT.size + 32
SLOTS: Final = 2


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """The newest writer's token, where the journal ended, and the newest snapshot (0 = none)."""

    token: int
    head: Head
    snapshot_sequence: int


def head_path(path: Path) -> Path:
    """The file beside the journal `path`."""
    return path.with_name(path.name + "-head")


def open_head_file(path: Path, acknowledged: Acknowledged) -> BinaryIO:
    """The file without a buffer, for `write_acknowledged`; both slots say `acknowledged`.

    A new file gets its name only when it is whole; in an old one a slot is whole at any time.
    """
    target = head_path(path)
    if not target.exists():
        fresh = target.with_name(target.name + "-new")
        fresh.write_bytes(_packed(0, acknowledged) + _packed(1, acknowledged))
        fresh.replace(target)
    file = target.open("r+b", buffering=0)
    for number in range(SLOTS):
        write_acknowledged(file, number, acknowledged)
    return file


def write_acknowledged(file: BinaryIO, number: int, acknowledged: Acknowledged) -> None:
    """Write the slot of the write `number` (they count up from `SLOTS`), in one call."""
    content = _packed(number, acknowledged)
    file.seek(number % SLOTS * _SLOT_BYTES)
    written = file.write(content)
    if written != len(content):
        raise OSError(f"{written} of {len(content)} bytes were written")


def _packed(number: int, acknowledged: Acknowledged) -> bytes:
    fields = _FORMAT.pack(
        _MAGIC,
        number,
        acknowledged.token,
        acknowledged.head.sequence,
        acknowledged.head.hash,
        acknowledged.snapshot_sequence,
    )
    return fields + hashlib.sha256(fields).digest()


def read_acknowledged(path: Path) -> Acknowledged | None:
    """What was acknowledged last, None when nothing ever was; `StoreDamaged` when no slot tells."""
    content = _content(path)
    if not content:
        return None
    told = [slot for slot in _slots(content) if slot is not None]
    if not told:
        raise StoreDamaged([_unreadable(path, "no slot says what was acknowledged")])
    return max(told, key=lambda slot: slot[0])[1]


def slot_failures(path: Path) -> list[Failure]:
    """Slots that do not tell what was acknowledged: changed, cut off, or torn by a crash."""
    content = _content(path)
    slots = _slots(content) if content else []
    failures = [
        _unreadable(path, f"slot {place} is torn or was changed; the next writer mends it")
        for place, slot in enumerate(slots)
        if slot is None
    ]
    if content and len(content) > SLOTS * _SLOT_BYTES:
        failures.append(_unreadable(path, "there are bytes after its slots"))
    return failures


def _slots(content: bytes) -> list[tuple[int, Acknowledged] | None]:
    """Number and content of each slot; None for one that cannot be read."""
    return [_slot(content[x * _SLOT_BYTES : (x + 1) * _SLOT_BYTES]) for x in range(SLOTS)]


def _slot(content: bytes) -> tuple[int, Acknowledged] | None:
    fields, digest = content[: _FORMAT.size], content[_FORMAT.size :]
    if hashlib.sha256(fields).digest() != digest or fields[: len(_MAGIC)] != _MAGIC:
        return None
    _, number, token, sequence, own_hash, snapshot_sequence = _FORMAT.unpack(fields)
    return number, Acknowledged(
        token=token,
        head=Head(sequence=sequence, hash=own_hash),
        snapshot_sequence=snapshot_sequence,
    )


def _content(path: Path) -> bytes:
    file = head_path(path)
    return file.read_bytes() if file.exists() else b""


def _unreadable(path: Path, message: str) -> Failure:
    return Failure(Reason.CONTRADICTION, head_path(path).name, message)
