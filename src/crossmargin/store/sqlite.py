"""The journal in one SQLite file, with its log, its seal and what was acknowledged beside it."""

import sqlite3
import weakref
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, final

from crossmargin.base.failure import Failure, Reason
from crossmargin.store.chain import (
    GENESIS,
    Row,
    chained_rows,
    checked_records,
    checked_snapshot,
    refuse_kept,
    refuse_older,
    refuse_shorter,
    snapshot_hash,
)
from crossmargin.store.head_file import Acknowledged, read_acknowledged, write_acknowledged
from crossmargin.store.port import (
    Fence,
    Head,
    Record,
    Snapshot,
    StoreDamaged,
    StoreStopped,
    WriterFenced,
)
from crossmargin.store.sqlite_schema import REFUSALS, has_tables, reading_connection
from crossmargin.store.sqlite_verify import file_failures, log_failures, table_failures
from crossmargin.store.sqlite_writer import (
    Writer,
    close_writer,
    log_is_long,
    move_log,
    open_writer,
)

_READ_ROWS: Final = 1_000


@final
class SqliteStore:
    """A `Store` in the file `path`; reading makes nothing, `open` makes the file.

    Keep the files together: `path`, `path-wal`, `path-seal`, `path-head`. One thread, one writer.
    """

    def __init__(self, path: Path) -> None:
        # A path that is relative stays where it was, wherever the program goes later.
        self._path = path.absolute()
        self._writing: Writer | None = None
        self._closing: weakref.finalize[..., SqliteStore] | None = None
        self._reading: sqlite3.Connection | None = None
        self._stopped: str | None = None

    def open(self, writer_name: str) -> Fence:
        """Become the writer; see `Store.open`."""
        self.close()
        try:
            writer = open_writer(self._path, writer_name)
        except (*REFUSALS, OSError) as error:
            raise StoreStopped(f"{self._path.name} cannot be opened to write: {error}") from error
        self._stopped = None
        self._writing = writer
        # A connection that the interpreter drops would move the log into the file unsealed.
        self._closing = weakref.finalize(self, close_writer, writer)
        return writer.fence

    def append(self, fence: Fence, records: Sequence[bytes]) -> int:
        """Add records, all or none; see `Store.append`."""
        writing = self._writer(fence)
        rows, head = chained_rows(writing.acknowledged.head, records)
        acknowledged = Acknowledged(
            token=fence.token,
            head=head,
            snapshot_sequence=writing.acknowledged.snapshot_sequence,
        )
        self._commit(writing, "INSERT INTO journal VALUES (?, ?, ?)", rows, acknowledged)
        return head.sequence

    def snapshot_write(self, fence: Fence, sequence: int, body: bytes) -> None:
        """Keep a state; see `Store.snapshot_write`."""
        writing = self._writer(fence)
        head = writing.acknowledged.head
        if not 1 <= sequence <= head.sequence:
            raise ValueError(f"a snapshot after record {sequence} of {head.sequence}")
        if refuse_kept(self.snapshot_sequences(), sequence, body, self._snapshot_body):
            return
        anchor = head.hash if sequence == head.sequence else self._anchor(sequence)
        if anchor is None:
            message = f"there is no record {sequence} to bind a snapshot to"
            raise StoreDamaged([Failure(Reason.MISSING_DATA, f"journal[{sequence}]", message)])
        row = (sequence, body, snapshot_hash(anchor, sequence, body))
        acknowledged = Acknowledged(token=fence.token, head=head, snapshot_sequence=sequence)
        self._commit(writing, "INSERT INTO snapshot VALUES (?, ?, ?)", [row], acknowledged)

    def read(self, from_sequence: int = 1) -> Iterator[Record]:
        """Records from a sequence on, checked; see `Store.read`."""
        first = max(from_sequence, 1)
        acknowledged = self._acknowledged()
        anchor = self._anchor(first - 1)
        if anchor is None:
            refuse_shorter(self.head(), acknowledged.head)
            return
        before = Head(sequence=first - 1, hash=anchor)
        yield from checked_records(self._rows(first), before, acknowledged.head)

    def head(self) -> Head:
        """Where the journal ends; see `Store.head`."""
        newest = "SELECT sequence, body, hash FROM journal ORDER BY sequence DESC LIMIT 1"
        acknowledged = self._acknowledged()
        rows = self._found(newest)
        head = Head(sequence=rows[0][0], hash=rows[0][2]) if rows else GENESIS
        refuse_shorter(head, acknowledged.head)
        return head

    def snapshot_newest(self, before_sequence: int | None = None) -> Snapshot | None:
        """The newest snapshot, checked; see `Store.snapshot_newest`."""
        newest = (
            "SELECT sequence, body, hash FROM snapshot WHERE sequence < ?"
            " ORDER BY sequence DESC LIMIT 1"
        )
        acknowledged = self._acknowledged()
        rows = self._found(newest, 2**62 if before_sequence is None else before_sequence)
        if before_sequence is None:
            refuse_older(rows[0][0] if rows else 0, acknowledged.snapshot_sequence)
        return checked_snapshot(rows[0], self._anchor(rows[0][0])) if rows else None

    def snapshot_sequences(self) -> tuple[int, ...]:
        """Where snapshots stand; see `Store.snapshot_sequences`."""
        rows = self._found("SELECT sequence, NULL, NULL FROM snapshot ORDER BY sequence DESC")
        return tuple(row[0] for row in rows)

    def verify(self, published: Head | None = None) -> list[Failure]:
        """Every byte of the files and every record; see `Store.verify`."""
        if not self._path.exists():
            return [Failure(Reason.MISSING_DATA, str(self._path), "there is no such journal")]
        tables = table_failures(self._path, published)
        return file_failures(self._path) + (log_failures(self._path) if tables else []) + tables

    def close(self) -> None:
        """Move the log into the file, sealed, and close; see `Store.close`."""
        if self._reading is not None:
            self._reading.close()
            self._reading = None
        self._writing = None
        if self._closing is not None:
            self._closing()

    def _writer(self, fence: Fence) -> Writer:
        if self._stopped is not None:
            raise StoreStopped(self._stopped)
        if self._writing is None:
            raise StoreStopped(f"{self._path.name} is not open to write")
        if fence.token != self._writing.fence.token:
            raise _fenced(fence, self._writing.fence.token, self._writing.fence.writer_name)
        return self._writing

    def _commit(
        self, writing: Writer, insert: str, rows: Sequence[Row], acknowledged: Acknowledged
    ) -> None:
        connection = writing.connection
        try:
            if log_is_long(writing):
                move_log(writing)
            connection.execute("BEGIN IMMEDIATE")
            token, name = connection.execute("SELECT token, name FROM writer").fetchone()
            if token != writing.fence.token:
                connection.execute("ROLLBACK")
                raise _fenced(writing.fence, token, name)
            connection.executemany(insert, rows)
            connection.execute("COMMIT")
            write_acknowledged(writing.head_file, writing.writes, acknowledged)
            writing.writes += 1
        except (*REFUSALS, OSError, StoreDamaged) as error:
            self._stopped = f"{self._path.name} acknowledges nothing more: {error}"
            writing.failed = True
            with suppress(*REFUSALS):
                connection.execute("ROLLBACK")
            raise StoreStopped(self._stopped) from error
        writing.acknowledged = acknowledged

    def _reader(self) -> sqlite3.Connection | None:
        if self._reading is None and self._path.exists():
            self._reading = reading_connection(self._path)
        return self._reading

    def _found(self, query: str, *arguments: int) -> list[Row]:
        reader = self._reader()
        if reader is None:
            return []
        try:
            return reader.execute(query, arguments).fetchall()
        except REFUSALS:
            if not has_tables(reader):
                # The first writer is making them at this moment.
                refuse_shorter(GENESIS, self._acknowledged().head)
                return []
        # It may have made them since we asked: what is damaged is refused again.
        try:
            return reader.execute(query, arguments).fetchall()
        except REFUSALS as error:
            failure = Failure(Reason.WRONG_TYPE, self._path.name, f"not readable: {error}")
            raise StoreDamaged([failure]) from error

    def _acknowledged(self) -> Acknowledged:
        """What was acknowledged, read before the tables, so that a live writer is no damage."""
        nothing = Acknowledged(token=0, head=GENESIS, snapshot_sequence=0)
        return read_acknowledged(self._path) or nothing

    def _anchor(self, sequence: int) -> bytes | None:
        """The hash of a record, None when there is none."""
        if sequence == 0:
            return GENESIS.hash
        rows = self._found("SELECT sequence, body, hash FROM journal WHERE sequence = ?", sequence)
        return rows[0][2] if rows else None

    def _snapshot_body(self, sequence: int) -> bytes:
        rows = self._found("SELECT sequence, body, hash FROM snapshot WHERE sequence = ?", sequence)
        return rows[0][1]

    def _rows(self, first: int) -> Iterator[Row]:
        # Page by page, so that a slow reader does not keep the log from being moved.
        page = "SELECT sequence, body, hash FROM journal WHERE sequence >= ? ORDER BY 1 LIMIT ?"
        while rows := self._found(page, first, _READ_ROWS):
            yield from rows
            first = rows[-1][0] + 1


def _fenced(fence: Fence, token: int, name: str) -> WriterFenced:
    return WriterFenced(
        f"writer {fence.writer_name!r} (token {fence.token}) is fenced off by"
        f" {name!r} (token {token})"
    )
