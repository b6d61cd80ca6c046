"""The tables of a SQLite journal, and connections that write or only read them."""

import sqlite3
from pathlib import Path
from typing import Final

from crossmargin.base.failure import Failure, Reason
from crossmargin.store.port import StoreDamaged
from crossmargin.store.raw_file import raw_pages

APPLICATION_ID: Final = 0x436D4A31
"""Says that a SQLite file is a journal of this program, schema 1."""

PAGE_BYTES: Final = 4096
_HEADER_BYTES: Final = 100
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
    # A writer is used by one thread at a time; the one that ends the program may be another.
    connection = sqlite3.connect(
        path, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False
    )
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


def has_tables(connection: sqlite3.Connection) -> bool:
    """Is anything in the file? True too where that cannot be read."""
    try:
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except REFUSALS:
        return True
    return bool(tables)


def refuse_foreign(path: Path) -> None:
    """`StoreDamaged` for a SQLite file of another program, before anything is written to it."""
    if not path.exists():
        return
    (header,) = raw_pages(path, _HEADER_BYTES, 1)
    cookie, application = header[40:44], header[68:72]
    fresh = not any(cookie) and not any(application)
    if not fresh and application != APPLICATION_ID.to_bytes(4, "big"):
        raise StoreDamaged([_foreign(path.name)])


def _foreign(where: str) -> Failure:
    return Failure(Reason.WRONG_TYPE, where, "it is there, but no journal of this program")


def make_tables(connection: sqlite3.Connection) -> None:
    """The tables, inside the transaction that is open; nothing where they are already.

    `StoreDamaged` for a SQLite file of another program.
    """
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables and application != APPLICATION_ID:
        raise StoreDamaged([_foreign("application_id")])
    if not tables:
        for statement in _TABLES:
            connection.execute(statement)
