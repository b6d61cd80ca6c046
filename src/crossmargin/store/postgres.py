"""The journal in a PostgreSQL database, through SQLAlchemy Core and psycopg 3."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from crossmargin.base.failure import Failure, Reason
from crossmargin.store.chain import (
    GENESIS,
    Row,
    chained_rows,
    checked_records,
    checked_snapshot,
    journal_failures,
    refuse_kept,
    refuse_older,
    refuse_shorter,
    snapshot_failure,
    snapshot_hash,
)
from crossmargin.store.port import (
    Fence,
    Head,
    Record,
    Snapshot,
    StoreDamaged,
    StoreStopped,
    WriterFenced,
)
from crossmargin.store.postgres_schema import JOURNAL, SNAPSHOT, WRITER, has_tables, make_tables

_LOCK_KEY: Final = 0x436D4A31
"""Advisory lock under which the tables are made, so that two first writers do not meet."""

_READ_ROWS: Final = 1_000

# One statement, so one round trip: the row of the writer is locked, held against the token and the
# head that this writer knows, and moved on; the records are added only where that matched.
_APPEND: Final = sa.text(
    """
    WITH moved AS (
        UPDATE writer SET sequence = :sequence, hash = :hash
        WHERE token = :token AND sequence = :before RETURNING 1
    )
    INSERT INTO journal (sequence, body, hash)
    SELECT * FROM unnest(:sequences, :bodies, :hashes) WHERE EXISTS (SELECT 1 FROM moved)
    """
).bindparams(
    sa.bindparam("sequences", type_=ARRAY(sa.BigInteger)),
    sa.bindparam("bodies", type_=ARRAY(sa.LargeBinary)),
    sa.bindparam("hashes", type_=ARRAY(sa.LargeBinary)),
)

_KEEP: Final = sa.text(
    """
    WITH moved AS (
        UPDATE writer SET snapshot_sequence = :sequence
        WHERE token = :token AND snapshot_sequence < :sequence RETURNING 1
    )
    INSERT INTO snapshot (sequence, body, hash)
    SELECT :sequence, :body, :hash WHERE EXISTS (SELECT 1 FROM moved)
    """
).bindparams(
    sa.bindparam("sequence", type_=sa.BigInteger),
    sa.bindparam("body", type_=sa.LargeBinary),
    sa.bindparam("hash", type_=sa.LargeBinary),
)


@final
class PostgresStore:
    """A `Store` in the database of a `postgresql://` address; reading makes nothing, `open` does.

    Records are durable by the server's own log: a server that runs with `fsync` off is refused.
    """

    def __init__(self, address: str) -> None:
        url = sa.make_url(address).set(drivername="postgresql+psycopg")
        self._name = url.render_as_string(hide_password=True)
        self._engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", pool_pre_ping=True)
        self._writing: sa.Connection | None = None
        self._fence: Fence | None = None
        self._head = GENESIS
        self._has_tables = False
        self._stopped: str | None = None

    def open(self, writer_name: str) -> Fence:
        """Become the writer; see `Store.open`."""
        self.close()
        try:
            self._make_tables()
            self._writing = self._engine.connect()
            _refuse_unsafe(self._writing)
            taken = sa.update(WRITER).values(token=WRITER.c.token + 1, name=writer_name)
            (token,) = self._writing.execute(taken.returning(WRITER.c.token)).one()
            self._head = _refuse_missing(self._writing)
        except sa.exc.DBAPIError as error:
            self.close()
            raise StoreStopped(
                f"{self._name} cannot be opened to write: {_short(error)}"
            ) from error
        except (StoreDamaged, StoreStopped):
            self.close()
            raise
        self._stopped = None
        self._fence = Fence(token=token, writer_name=writer_name)
        return self._fence

    def append(self, fence: Fence, records: Sequence[bytes]) -> int:
        """Add records, all or none; see `Store.append`."""
        if not records:
            return self._unmoved(fence)
        rows, head = chained_rows(self._head, records)
        arguments = {
            "token": fence.token,
            "before": self._head.sequence,
            "sequence": head.sequence,
            "hash": head.hash,
            "sequences": [row[0] for row in rows],
            "bodies": [row[1] for row in rows],
            "hashes": [row[2] for row in rows],
        }
        if self._write(fence, _APPEND, arguments) != len(rows):
            raise self._refusal(fence)
        self._head = head
        return head.sequence

    def snapshot_write(self, fence: Fence, sequence: int, body: bytes) -> None:
        """Keep a state; see `Store.snapshot_write`."""
        if not 1 <= sequence <= self._head.sequence:
            raise ValueError(f"a snapshot after record {sequence} of {self._head.sequence}")
        if refuse_kept(self.snapshot_sequences(), sequence, body, self._snapshot_body):
            return
        anchor = self._anchor(sequence)
        if anchor is None:
            message = f"there is no record {sequence} to bind a snapshot to"
            raise StoreDamaged([Failure(Reason.MISSING_DATA, f"journal[{sequence}]", message)])
        own_hash = snapshot_hash(anchor, sequence, body)
        arguments = {"token": fence.token, "sequence": sequence, "body": body, "hash": own_hash}
        if self._write(fence, _KEEP, arguments) != 1:
            raise self._refusal(fence)

    def read(self, from_sequence: int = 1) -> Iterator[Record]:
        """Records from a sequence on, checked; see `Store.read`."""
        first = max(from_sequence, 1)
        acknowledged, _ = self._acknowledged()
        anchor = self._anchor(first - 1)
        if anchor is None:
            refuse_shorter(self.head(), acknowledged)
            return
        before = Head(sequence=first - 1, hash=anchor)
        yield from checked_records(self._rows(first), before, acknowledged)

    def head(self) -> Head:
        """Where the journal ends; see `Store.head`."""
        acknowledged, _ = self._acknowledged()
        columns = (JOURNAL.c.sequence, JOURNAL.c.hash)
        rows = self._found(sa.select(*columns).order_by(JOURNAL.c.sequence.desc()).limit(1))
        head = Head(sequence=rows[0][0], hash=rows[0][1]) if rows else GENESIS
        refuse_shorter(head, acknowledged)
        return head

    def snapshot_newest(self, before_sequence: int | None = None) -> Snapshot | None:
        """The newest snapshot, checked; see `Store.snapshot_newest`."""
        query = sa.select(SNAPSHOT).order_by(SNAPSHOT.c.sequence.desc()).limit(1)
        if before_sequence is not None:
            query = query.where(SNAPSHOT.c.sequence < before_sequence)
        _, newest_sequence = self._acknowledged()
        rows = self._found(query)
        if before_sequence is None:
            refuse_older(rows[0][0] if rows else 0, newest_sequence)
        return checked_snapshot(rows[0], self._anchor(rows[0][0])) if rows else None

    def snapshot_sequences(self) -> tuple[int, ...]:
        """Where snapshots stand; see `Store.snapshot_sequences`."""
        query = sa.select(SNAPSHOT.c.sequence).order_by(SNAPSHOT.c.sequence.desc())
        return tuple(row[0] for row in self._found(query))

    def verify(self, published: Head | None = None) -> list[Failure]:
        """Every record, snapshot and head; see `Store.verify`. The pages are the server's care."""
        try:
            with self._seen_at_once() as connection:
                if not has_tables(connection):
                    message = "there is no journal in this database"
                    return [Failure(Reason.MISSING_DATA, self._name, message)]
                writer = connection.execute(sa.select(WRITER)).one()
                acknowledged = Head(sequence=writer.sequence, hash=writer.hash)
                rows = connection.execution_options(yield_per=_READ_ROWS).execute(
                    sa.select(JOURNAL).order_by(JOURNAL.c.sequence)
                )
                failures = journal_failures(
                    ((x.sequence, x.body, x.hash) for x in rows), acknowledged, published
                )
                return failures + _snapshot_failures(connection, writer.snapshot_sequence)
        except StoreDamaged as damaged:
            return list(damaged.failures)
        except sa.exc.DBAPIError as error:
            message = f"not readable: {_short(error)}"
            return [Failure(Reason.WRONG_TYPE, self._name, message)]

    def close(self) -> None:
        """Give the connections back; see `Store.close`."""
        if self._writing is not None:
            self._writing.close()
            self._writing = None
        self._fence = None
        self._engine.dispose()

    def _seen_at_once(self) -> sa.Connection:
        """A connection that sees the database as it is at its first query."""
        return self._engine.connect().execution_options(isolation_level="REPEATABLE READ")

    def _make_tables(self) -> None:
        with (
            self._engine.connect().execution_options(
                isolation_level="READ COMMITTED"
            ) as connection,
            connection.begin(),
        ):
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK_KEY)))
            if not has_tables(connection):
                make_tables(connection)

    def _write(self, fence: Fence, statement: Any, arguments: dict[str, Any]) -> int:
        """Rows that one statement added, durable; 0 when a newer writer has opened the store."""
        if self._stopped is not None:
            raise StoreStopped(self._stopped)
        if self._writing is None or self._fence is None:
            raise StoreStopped(f"{self._name} is not open to write")
        if fence.token != self._fence.token:
            raise self._refusal(fence)
        try:
            return self._writing.execute(statement, arguments).rowcount
        except sa.exc.DBAPIError as error:
            self._stopped = f"{self._name} acknowledges nothing more: {_short(error)}"
            raise StoreStopped(self._stopped) from error

    def _unmoved(self, fence: Fence) -> int:
        """The sequence of the head, for an append of nothing by the one writer."""
        query = sa.text("SELECT 1 FROM writer WHERE token = :token")
        if self._write(fence, query, {"token": fence.token}) != 1:
            raise self._refusal(fence)
        return self._head.sequence

    def _refusal(self, fence: Fence) -> WriterFenced | StoreDamaged:
        """Why nothing was written: a newer writer, or a head that this one did not leave."""
        ((token, name, sequence),) = self._found(
            sa.select(WRITER.c.token, WRITER.c.name, WRITER.c.sequence)
        )
        if token == fence.token:
            message = f"the newest writer left it at {self._head.sequence}, it says {sequence}"
            return StoreDamaged([Failure(Reason.CONTRADICTION, "writer", message)])
        return WriterFenced(
            f"writer {fence.writer_name!r} (token {fence.token}) is fenced off by"
            f" {name!r} (token {token})"
        )

    def _found(self, query: sa.Select[Any]) -> list[Any]:
        try:
            with self._engine.connect() as connection:
                self._has_tables = self._has_tables or has_tables(connection)
                if not self._has_tables:
                    return []
                return [tuple(row) for row in connection.execute(query)]
        except sa.exc.DBAPIError as error:
            failure = Failure(Reason.MISSING_DATA, self._name, f"not readable: {_short(error)}")
            raise StoreDamaged([failure]) from error

    def _acknowledged(self) -> tuple[Head, int]:
        """Head and newest snapshot that were acknowledged, read before the rest."""
        rows = self._found(sa.select(WRITER.c.sequence, WRITER.c.hash, WRITER.c.snapshot_sequence))
        return (Head(sequence=rows[0][0], hash=rows[0][1]), rows[0][2]) if rows else (GENESIS, 0)

    def _anchor(self, sequence: int) -> bytes | None:
        """The hash of a record, None when there is none."""
        if sequence == 0:
            return GENESIS.hash
        rows = self._found(sa.select(JOURNAL.c.hash).where(JOURNAL.c.sequence == sequence))
        return rows[0][0] if rows else None

    def _snapshot_body(self, sequence: int) -> bytes:
        rows = self._found(sa.select(SNAPSHOT.c.body).where(SNAPSHOT.c.sequence == sequence))
        body: bytes = rows[0][0]
        return body

    def _rows(self, first: int) -> Iterator[Row]:
        query = sa.select(JOURNAL).order_by(JOURNAL.c.sequence).limit(_READ_ROWS)
        while rows := self._found(query.where(JOURNAL.c.sequence >= first)):
            yield from rows
            first = rows[-1][0] + 1


def _refuse_unsafe(connection: sa.Connection) -> None:
    """`StoreStopped` where a commit would return before it is durable."""
    (flushed,) = connection.exec_driver_sql("SHOW fsync").one()
    if flushed != "on":
        raise StoreStopped("the server runs with fsync off: nothing it says is durable")
    (waits,) = connection.exec_driver_sql("SHOW synchronous_commit").one()
    if waits in ("off", "local"):
        connection.exec_driver_sql("SET synchronous_commit TO on")


def _refuse_missing(connection: sa.Connection) -> Head:
    """The head; `StoreDamaged` when it is not the one that was acknowledged."""
    writer = connection.execute(sa.select(WRITER)).one()
    columns = (JOURNAL.c.sequence, JOURNAL.c.hash)
    newest = sa.select(*columns).order_by(JOURNAL.c.sequence.desc()).limit(1)
    last = connection.execute(newest).one_or_none()
    head = Head(sequence=last.sequence, hash=last.hash) if last is not None else GENESIS
    if head != Head(sequence=writer.sequence, hash=writer.hash):
        message = f"the journal ends at {head.sequence}, acknowledged are {writer.sequence} records"
        where = f"journal[{min(head.sequence + 1, writer.sequence)}]"
        raise StoreDamaged([Failure(Reason.MISSING_DATA, where, message)])
    return head


def _snapshot_failures(connection: sa.Connection, newest: int) -> list[Failure]:
    anchored = SNAPSHOT.outerjoin(JOURNAL, SNAPSHOT.c.sequence == JOURNAL.c.sequence)
    columns = (*SNAPSHOT.c, JOURNAL.c.hash.label("anchor"))
    query = sa.select(*columns).select_from(anchored).order_by(SNAPSHOT.c.sequence)
    failures: list[Failure] = []
    last = 0
    for sequence, body, own_hash, anchor in connection.execute(query):
        failure = snapshot_failure((sequence, body, own_hash), anchor)
        if failure is not None:
            failures.append(failure)
        last = sequence
    if last < newest:
        failures.append(Failure(Reason.MISSING_DATA, f"snapshot[{newest}]", "it is gone"))
    return failures


def _short(error: sa.exc.DBAPIError) -> str:
    """The first line of what the driver says: no statement, no arguments."""
    return str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else "no answer"
