"""The one writer of a SQLite journal: how it begins, moves its log into the file, and ends."""

import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, final

from crossmargin.base.failure import Failure, Reason
from crossmargin.store.chain import GENESIS
from crossmargin.store.head_file import (
    SLOTS,
    Acknowledged,
    open_head_file,
    read_acknowledged,
)
from crossmargin.store.page_seal import (
    flush_folder,
    read_seal,
    sealed_after,
    sealed_file,
    write_seal,
)
from crossmargin.store.port import Fence, Head, StoreDamaged
from crossmargin.store.sqlite_schema import (
    PAGE_BYTES,
    REFUSALS,
    make_tables,
    reading_connection,
    refuse_foreign,
    writing_connection,
)
from crossmargin.store.wal_file import wal_content

LOG_BYTES_MOST: Final = 16 * 2**20
"""A log longer by that than at its last move is moved again before the next append."""


@final
@dataclass(slots=True, kw_only=True, eq=False)
class Writer:
    """What the writer holds open, and the last thing it acknowledged; `failed` after an error."""

    path: Path
    connection: sqlite3.Connection
    head_file: BinaryIO
    fence: Fence
    acknowledged: Acknowledged
    failed: bool = False
    log_bytes_moved: int = 0
    writes: int = SLOTS


def log_path(path: Path) -> Path:
    """SQLite's write-ahead log of the file `path`."""
    return path.with_name(path.name + "-wal")


def open_writer(path: Path, writer_name: str) -> Writer:
    """The newest writer of the journal in `path`; the file and its tables are made if need be.

    `StoreDamaged` when acknowledged records are missing, or a file that belongs to the journal.
    """
    refuse_foreign(path)
    before = read_acknowledged(path)
    connection = writing_connection(path)
    try:
        _seal_first(path, connection)
        connection.execute("BEGIN IMMEDIATE")
        make_tables(connection)
        connection.execute("UPDATE writer SET token = token + 1, name = ?", (writer_name,))
        acknowledged = stored(connection)
        _refuse_missing(path, connection, before, acknowledged)
        connection.execute("COMMIT")
        head_file = open_head_file(path, acknowledged)
        flush_folder(path)
    except BaseException:
        _close_unmoved(path, connection)
        raise
    fence = Fence(token=acknowledged.token, writer_name=writer_name)
    return Writer(
        path=path,
        connection=connection,
        head_file=head_file,
        fence=fence,
        acknowledged=acknowledged,
    )


def log_is_long(writer: Writer) -> bool:
    """Is it time to move the log into the file?"""
    length = log_path(writer.path).stat().st_size
    if length < writer.log_bytes_moved:
        # SQLite has begun the log anew: all that was moved is in the file.
        writer.log_bytes_moved = 0
    return length - writer.log_bytes_moved > LOG_BYTES_MOST


def move_log(writer: Writer) -> None:
    """Seal what the log holds, then move it into the file; nothing when a newer writer is there.

    A second connection keeps every writer out between the two, so that nothing unsealed is moved.
    """
    guard = writing_connection(writer.path)
    try:
        guard.execute("BEGIN IMMEDIATE")
        (token,) = guard.execute("SELECT token FROM writer").fetchone()
        seal = read_seal(writer.path)
        if seal is None:
            raise StoreDamaged([_missing(writer.path.name + "-seal", "the seal is gone")])
        log = log_path(writer.path).read_bytes()
        content = wal_content(log)
        if token == writer.fence.token and content.page_offset:
            write_seal(writer.path, sealed_after(seal, log, content))
            writer.connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            writer.log_bytes_moved = len(log)
        guard.execute("ROLLBACK")
    finally:
        guard.close()


def close_writer(writer: Writer) -> None:
    """Move the log and close; a writer that failed leaves everything as it lies."""
    writer.head_file.close()
    try:
        if not writer.failed:
            move_log(writer)
            (token,) = writer.connection.execute("SELECT token FROM writer").fetchone()
            if token == writer.fence.token:
                writer.connection.close()
    except (*REFUSALS, OSError, StoreDamaged):
        # What is acknowledged lies in the log; the next writer moves it, or says what is wrong.
        writer.failed = True
    _close_unmoved(writer.path, writer.connection)


def _close_unmoved(path: Path, connection: sqlite3.Connection) -> None:
    """Close without SQLite's own last checkpoint: it makes none while another is connected."""
    with suppress(*REFUSALS):
        kept = reading_connection(path)
        with suppress(*REFUSALS):
            kept.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        connection.close()
        kept.close()


def _seal_first(path: Path, connection: sqlite3.Connection) -> None:
    """The seal of a file that has no tables yet."""
    if read_seal(path) is not None:
        return
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables:
        raise StoreDamaged([_missing(path.name + "-seal", "the seal of the journal is gone")])
    write_seal(path, sealed_file(path, PAGE_BYTES))


def stored(connection: sqlite3.Connection) -> Acknowledged:
    """What the tables hold, to be held against what was acknowledged; `StoreDamaged` if unclear."""
    newest = "SELECT sequence, hash FROM journal ORDER BY sequence DESC LIMIT 1"
    last = connection.execute(newest).fetchone()
    return Acknowledged(
        token=_number(connection, "SELECT token FROM writer", "writer"),
        head=Head(sequence=last[0], hash=last[1]) if last else GENESIS,
        snapshot_sequence=_number(
            connection, "SELECT coalesce(max(sequence), 0) FROM snapshot", "snapshot"
        ),
    )


def _number(connection: sqlite3.Connection, query: str, where: str) -> int:
    row = connection.execute(query).fetchone()
    if row is None or type(row[0]) is not int:
        raise StoreDamaged([_missing(where, "it holds no number")])
    number: int = row[0]
    return number


def _refuse_missing(
    path: Path,
    connection: sqlite3.Connection,
    before: Acknowledged | None,
    now: Acknowledged,
) -> None:
    """`StoreDamaged` when what was acknowledged before is not all there."""
    if before is None:
        if now.head.sequence:
            message = "what says how much was acknowledged is gone"
            raise StoreDamaged([_missing(path.name + "-head", message)])
        return
    failures = acknowledged_failures(before, now)
    wanted = before.head
    if not failures and wanted.sequence:
        query = "SELECT hash FROM journal WHERE sequence = ?"
        (own_hash,) = connection.execute(query, (wanted.sequence,)).fetchone()
        if own_hash != wanted.hash:
            where = f"journal[{wanted.sequence}]"
            failures = [Failure(Reason.CONTRADICTION, where, "not the acknowledged record")]
    if failures:
        raise StoreDamaged(failures)


def acknowledged_failures(before: Acknowledged, now: Acknowledged) -> list[Failure]:
    """What was acknowledged and is not now."""
    failures: list[Failure] = []
    if before.head.sequence > now.head.sequence:
        message = (
            f"the journal ends at {now.head.sequence},"
            f" acknowledged are {before.head.sequence} records"
        )
        failures.append(_missing(f"journal[{now.head.sequence + 1}]", message))
    if before.snapshot_sequence > now.snapshot_sequence:
        failures.append(_missing(f"snapshot[{before.snapshot_sequence}]", "it is gone"))
    if before.token > now.token:
        message = f"writer {before.token} was let in, the newest stored is {now.token}"
        failures.append(_missing("writer", message))
    return failures


def _missing(where: str, message: str) -> Failure:
    return Failure(Reason.MISSING_DATA, where, message)
