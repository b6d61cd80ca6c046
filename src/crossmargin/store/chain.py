"""The chain over records and snapshots, and what is wrong with one that was read back."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
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


def checked_records(rows: Iterable[Row], before: Head, acknowledged: Head) -> Iterator[Record]:
    """Rows that follow `before`, as records; `StoreDamaged` at the first one that is wrong.

    Also when they end before what was acknowledged: a journal cut short is no shorter journal.
    """
    for row in rows:
        failure = _row_failure(row, before)
        if failure is not None:
            raise StoreDamaged([failure])
        sequence, body, own_hash = row
        yield Record(sequence=sequence, body=body, previous_hash=before.hash, hash=own_hash)
        before = Head(sequence=sequence, hash=own_hash)
    refuse_shorter(before, acknowledged)


def refuse_shorter(head: Head, acknowledged: Head) -> None:
    """`StoreDamaged` when a journal ends before what was acknowledged of it."""
    if head.sequence < acknowledged.sequence:
        raise StoreDamaged([_shorter(head.sequence, acknowledged.sequence, "acknowledged")])


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
        at = Head(sequence=sequence, hash=own_hash if type(own_hash) is bytes else b"")
        failures += [
            Failure(Reason.CONTRADICTION, f"journal[{sequence}]", f"not the {name} record")
            for name, head in wanted.items()
            if head.sequence == sequence and head.hash != own_hash
        ]
    failures += [
        _shorter(at.sequence, head.sequence, name)
        for name, head in wanted.items()
        if head.sequence > at.sequence
    ]
    return failures


def refuse_kept(
    kept: Sequence[int], sequence: int, body: bytes, body_of: Callable[[int], bytes]
) -> bool:
    """Whether this very state is kept already; ValueError where snapshots have gone further.

    A newest snapshot that is damaged is no reason to write none: the next one stands after it.
    """
    newest = max(kept, default=0)
    if newest < sequence:
        return False
    if newest == sequence and body_of(sequence) == body:
        return True
    raise ValueError(f"the newest snapshot stands after record {newest} already")


def refuse_older(snapshot_sequence: int, acknowledged_sequence: int) -> None:
    """`StoreDamaged` when the newest snapshot is not the newest that was acknowledged."""
    if snapshot_sequence < acknowledged_sequence:
        where = f"snapshot[{acknowledged_sequence}]"
        raise StoreDamaged([Failure(Reason.MISSING_DATA, where, "it is gone")])


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
    if sequence < 1 or not _is_whole(row):
        return Failure(Reason.WRONG_TYPE, where, "it stands after no record, or is not bytes")
    if snapshot_hash(anchor_hash, sequence, body) != own_hash:
        return Failure(Reason.CONTRADICTION, where, "it is not what its hash was taken of")
    return None


def _shorter(stored: int, wanted: int, name: str) -> Failure:
    message = f"the journal ends at {stored}, {name} are {wanted} records"
    return Failure(Reason.MISSING_DATA, f"journal[{stored + 1}]", message)


def _row_failure(row: Row, before: Head) -> Failure | None:
    sequence, body, own_hash = row
    where = f"journal[{before.sequence + 1}]"
    if sequence != before.sequence + 1:
        message = f"record {sequence} stands where {before.sequence + 1} must"
        return Failure(Reason.MISSING_DATA, where, message)
    if not _is_whole(row):
        return Failure(Reason.WRONG_TYPE, where, "body and hash must be bytes")
    if record_hash(before.hash, sequence, body) != own_hash:
        message = "it is not what its hash was taken of, after the record before it"
        return Failure(Reason.CONTRADICTION, where, message)
    return None


def _is_whole(row: Row) -> bool:
    """Are body and hash bytes? A damaged file may hand out numbers, or nothing."""
    return all(type(value) is bytes for value in row[1:])
