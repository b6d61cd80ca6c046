"""The small file beside a SQLite journal that says what was acknowledged.

SQLite drops a damaged end of its write-ahead log without a word; this file is what tells that
acknowledged records are missing. It is written after each commit and before the acknowledgement. It
is not flushed on its own: after a power cut it may say less than the journal holds, never more.
"""

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, final

from crossmargin.base.failure import Failure, Reason
from crossmargin.store.port import Head, StoreDamaged

_MAGIC: Final = b"cmhead01"
_FORMAT: Final = struct.Struct(">8sQQ32sQ")


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


def open_head_file(path: Path) -> BinaryIO:
    """The file, made if it is not there, for `write_acknowledged`; without a buffer."""
    head_path(path).touch()
    return head_path(path).open("r+b", buffering=0)


def write_acknowledged(file: BinaryIO, acknowledged: Acknowledged) -> None:
    """Replace what the file says, in one write of fewer bytes than a sector."""
    head = acknowledged.head
    fields = _FORMAT.pack(
        _MAGIC, acknowledged.token, head.sequence, head.hash, acknowledged.snapshot_sequence
    )
    file.seek(0)
    file.write(fields + hashlib.sha256(fields).digest())


def read_acknowledged(path: Path) -> Acknowledged | None:
    """What was acknowledged, None when nothing ever was; `StoreDamaged` when it is not readable."""
    file = head_path(path)
    content = file.read_bytes() if file.exists() else b""
    if not content:
        return None
    fields, digest = content[: _FORMAT.size], content[_FORMAT.size :]
    if hashlib.sha256(fields).digest() != digest or fields[: len(_MAGIC)] != _MAGIC:
        message = "it does not say what was acknowledged: bytes were changed or cut off"
        raise StoreDamaged([Failure(Reason.CONTRADICTION, file.name, message)])
    _, token, sequence, own_hash, snapshot_sequence = _FORMAT.unpack(fields)
    return Acknowledged(
        token=token,
        head=Head(sequence=sequence, hash=own_hash),
        snapshot_sequence=snapshot_sequence,
    )
