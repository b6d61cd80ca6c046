"""The tables of a SQLite journal, and connections that write or only read them."""

import sqlite3
from pathlib import Path
from typing import Final

from crossmargin.base.failure import Failure, Reason
from crossmargin.store.port import StoreDamaged

APPLICATION_ID: Final = 0x436D4A31
"""Says that a SQLite file is a journal of this program, schema 1."""

PAGE_BYTES: Final = 4096
WAIT_SECONDS: Final = 10.0

REFUSALS: Final = (sqlite3.Error, UnicodeDecodeError)
"""What SQLite raises; the second where its own message quotes damaged text."""

_APPEND_ONLY: Final = "is append-only: correct it by a new record"

_TABLES: Final = (
    """CREATE TABLE journal (
        sequence INTEGER PRIMARY KEY, body BLOB NOT NULL, hash BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE snapshot (
        sequence INTEGER PRIMARY KEY, body BLOB NOT NULL, hash BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE writer (
        only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
        token INTEGER NOT NULL, name TEXT NOT NULL
    ) STRICT""",
    "INSERT INTO writer VALUES (1, 0, '')",
    *(
        f"""CREATE TRIGGER {table}_no_{act} BEFORE {act} ON {table}
        BEGIN SELECT RAISE(ABORT, 'the {table} {_APPEND_ONLY}'); END"""
        for table in ("journal", "snapshot")
        for act in ("UPDATE", "DELETE")
    ),
    # REPLACE would delete without firing the trigger above; it needs a row of the same number.
    *(
        f"""CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
        WHEN NEW.sequence <= (SELECT max(sequence) FROM {table})
        BEGIN SELECT RAISE(ABORT, 'the {table} {_APPEND_ONLY}'); END"""
        for table in ("journal", "snapshot")
    ),
    f"PRAGMA application_id = {APPLICATION_ID}",
)


def writing_connection(path: Path) -> sqlite3.Connection:
    """A connection that writes; every commit is flushed, and only we move the log into the file."""
    connection = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute("PRAGMA journal_size_limit = 0")
    return connection


def reading_connection(path: Path) -> sqlite3.Connection:
    """A connection that cannot write and, when closed, leaves the log where it is."""
    address = f"{path.resolve().as_uri()}?mode=ro"
    connection = sqlite3.connect(address, timeout=WAIT_SECONDS, isolation_level=None, uri=True)
    connection.text_factory = bytes
    return connection


def make_tables(connection: sqlite3.Connection) -> None:
    """The tables, inside the transaction that is open; nothing where they are already.

    `StoreDamaged` for a SQLite file of another program.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and application != APPLICATION_ID:
        message = "a SQLite file, but not a journal of this program"
        raise StoreDamaged([Failure(Reason.WRONG_TYPE, "application_id", message)])
    if not tables:
        for statement in _TABLES:
            connection.execute(statement)
