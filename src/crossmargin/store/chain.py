"""The chain over records and snapshots, and what is wrong with one that was read back."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from crossmargin.base.failure import Failure, Reason
from crossmargin.store.port import Head, Record, Snapshot, StoreDamaged

GENESIS: Final = Head(sequence=0, hash=bytes(32))

Row: TypeAlias = tuple[int, bytes, bytes]
"""Sequence, body and hash, as they are stored."""


def record_hash(previous_hash: bytes, sequence: int, body: bytes) -> bytes:
    """SHA-256 over the hash before, the sequence (8 bytes, big end first) and the body."""
    return hashlib.sha256(previous_hash + sequence.to_bytes(8, "big") + body).digest()


def snapshot_hash(anchor_hash: bytes, sequence: int, body: bytes) -> bytes:
    """SHA-256 that binds a snapshot to the record it stands after, apart from any record's."""
    prefix = b"snapshot" + anchor_hash + sequence.to_bytes(8, "big")
    return hashlib.sha256(prefix + body).digest()


def chained_rows(head: Head, bodies: Sequence[bytes]) -> tuple[list[Row], Head]:
    """Rows that continue a journal, and where it ends then."""
    previous, sequence = head.hash, head.sequence
    rows: list[Row] = []
    for body in bodies:
        sequence += 1
        previous = record_hash(previous, sequence, body)
        rows.append((sequence, body, previous))
    return rows, Head(sequence=sequence, hash=previous)


def checked_records(rows: Iterable[Row], before: Head) -> Iterator[Record]:
    """Rows that follow `before`, as records; `StoreDamaged` at the first one that is wrong."""
    for row in rows:
        failure = _row_failure(row, before)
        if failure is not None:
            raise StoreDamaged([failure])
        sequence, body, own_hash = row
        yield Record(sequence=sequence, body=body, previous_hash=before.hash, hash=own_hash)
        before = Head(sequence=sequence, hash=own_hash)


def journal_failures(
    rows: Iterable[Row], acknowledged: Head, published: Head | None
) -> list[Failure]:
    """Everything wrong with a whole journal: each record, and the heads that it must reach."""
    failures: list[Failure] = []
    at = GENESIS
    wanted = {"acknowledged": acknowledged} | ({"published": published} if published else {})
    for row in rows:
        failure = _row_failure(row, at)
        if failure is not None:
            failures.append(failure)
        sequence, _, own_hash = row
        at = Head(sequence=sequence, hash=own_hash)
        failures += [
            Failure(Reason.CONTRADICTION, f"journal[{sequence}]", f"not the {name} record")
            for name, head in wanted.items()
            if head.sequence == sequence and head.hash != own_hash
        ]
    failures += [
        Failure(
            Reason.MISSING_DATA,
            f"journal[{at.sequence + 1}]",
            f"the journal ends at {at.sequence}, {name} are {head.sequence} records",
        )
        for name, head in wanted.items()
        if head.sequence > at.sequence
    ]
    return failures


def checked_snapshot(row: Row, anchor_hash: bytes | None) -> Snapshot:
    """A snapshot as stored, by the hash of the record it stands after; `StoreDamaged` if wrong."""
    failure = snapshot_failure(row, anchor_hash)
    if failure is not None:
        raise StoreDamaged([failure])
    sequence, body, own_hash = row
    return Snapshot(sequence=sequence, body=body, hash=own_hash)


def snapshot_failure(row: Row, anchor_hash: bytes | None) -> Failure | None:
    """What is wrong with a snapshot; `anchor_hash` None = its record is missing."""
    sequence, body, own_hash = row
    where = f"snapshot[{sequence}]"
    if anchor_hash is None:
        return Failure(Reason.MISSING_DATA, where, f"there is no record {sequence}")
    if snapshot_hash(anchor_hash, sequence, body) != own_hash:
        return Failure(Reason.CONTRADICTION, where, "it is not what its hash was taken of")
    return None


def _row_failure(row: Row, before: Head) -> Failure | None:
    sequence, body, own_hash = row
    where = f"journal[{before.sequence + 1}]"
    if sequence != before.sequence + 1:
        message = f"record {sequence} stands where {before.sequence + 1} must"
        return Failure(Reason.MISSING_DATA, where, message)
    if record_hash(before.hash, sequence, body) != own_hash:
        message = "it is not what its hash was taken of, after the record before it"
        return Failure(Reason.CONTRADICTION, where, message)
    return None
