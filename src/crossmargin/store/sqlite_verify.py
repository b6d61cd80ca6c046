"""Is a SQLite journal whole? Every byte of its files, then every record of its tables."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from crossmargin.base.failure import Failure, Reason
from crossmargin.store.chain import GENESIS, journal_failures, snapshot_failure
from crossmargin.store.head_file import Acknowledged, read_acknowledged, slot_failures
from crossmargin.store.page_seal import page_failures, read_seal
from crossmargin.store.port import Head, StoreDamaged
from crossmargin.store.sqlite_schema import APPLICATION_ID, REFUSALS, reading_connection
from crossmargin.store.sqlite_writer import acknowledged_failures, log_path, stored
from crossmargin.store.wal_file import wal_content

_READINGS_MOST: Final = 20


def file_failures(path: Path) -> list[Failure]:
    """Bytes of the database file that are not the sealed ones; a live writer may go on writing.

    Read again when something is wrong and the writer has moved its log meanwhile.
    """
    try:
        for _ in range(_READINGS_MOST):
            seal = read_seal(path)
            if seal is None:
                return [_missing(path.name + "-seal", "the seal of the journal is gone")]
            log = log_path(path)
            content = wal_content(log.read_bytes() if log.exists() else b"")
            failures = [*slot_failures(path), *page_failures(seal, path, content)]
            if not failures or read_seal(path) == seal:
                return failures
    except StoreDamaged as damaged:
        return list(damaged.failures)
    message = f"it was being moved at each of {_READINGS_MOST} readings: verify again"
    return [Failure(Reason.STALE, path.name, message)]


def log_failures(path: Path) -> list[Failure]:
    """Where the write-ahead log breaks off, if its own checksums tell.

    A write that a crash cut off breaks it too: it counts only where something acknowledged is gone.
    """
    log = log_path(path)
    content = wal_content(log.read_bytes() if log.exists() else b"")
    if content.broken_at is None:
        return []
    message = "its checksum refutes it: SQLite drops the log from here on"
    where = f"{log.name}.frame[{content.broken_at}]"
    return [Failure(Reason.CONTRADICTION, where, message)]


def table_failures(path: Path, published: Head | None) -> list[Failure]:
    """What is wrong with records and snapshots, and with what was acknowledged of them."""
    try:
        acknowledged = read_acknowledged(path)
    except StoreDamaged as damaged:
        return list(damaged.failures)
    try:
        with closing(reading_connection(path)) as connection:
            connection.execute("BEGIN")
            return _read_failures(path, connection, acknowledged, published)
    except REFUSALS as error:
        return [Failure(Reason.WRONG_TYPE, path.name, f"not readable: {error}")]


def _read_failures(
    path: Path,
    connection: sqlite3.Connection,
    acknowledged: Acknowledged | None,
    published: Head | None,
) -> list[Failure]:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        return [Failure(Reason.WRONG_TYPE, path.name, "not a journal of this program")]
    failures = [
        Failure(Reason.CONTRADICTION, path.name, text.decode(errors="backslashreplace"))
        for (text,) in connection.execute("PRAGMA integrity_check")
        if text != b"ok"
    ]
    head = GENESIS if acknowledged is None else acknowledged.head
    rows = connection.execute("SELECT sequence, body, hash FROM journal ORDER BY sequence")
    failures += journal_failures(rows, head, published)
    failures += _snapshot_failures(connection)
    return failures + _shortfall(path, connection, acknowledged)


def _shortfall(
    path: Path, connection: sqlite3.Connection, acknowledged: Acknowledged | None
) -> list[Failure]:
    """What was acknowledged and is gone, apart from records."""
    try:
        now = stored(connection)
    except StoreDamaged as damaged:
        return list(damaged.failures)
    if acknowledged is not None:
        shorter = acknowledged_failures(acknowledged, now)
        return [x for x in shorter if not x.where.startswith("journal")]
    if now.head.sequence and read_acknowledged(path) is None:
        message = "what says how much was acknowledged is gone"
        return [_missing(path.name + "-head", message)]
    return []


def _snapshot_failures(connection: sqlite3.Connection) -> list[Failure]:
    query = (
        "SELECT snapshot.sequence, snapshot.body, snapshot.hash, journal.hash"
        " FROM snapshot LEFT JOIN journal USING (sequence) ORDER BY 1"
    )
    found = (
        snapshot_failure((sequence, body, own_hash), anchor)
        for sequence, body, own_hash, anchor in connection.execute(query)
    )
    return [failure for failure in found if failure is not None]


def _missing(where: str, message: str) -> Failure:
    return Failure(Reason.MISSING_DATA, where, message)
