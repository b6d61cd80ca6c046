"""What every store promises, whichever database keeps it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, final

from crossmargin.base.failure import Failure


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """The right to write: only the greatest token that a store ever gave may."""

    token: int
    writer_name: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where a journal ends; sequence 0 and the genesis hash when it is empty."""

    sequence: int
    hash: bytes


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record of the journal; `hash` chains `body` to everything before it."""

    sequence: int
    body: bytes
    previous_hash: bytes
    hash: bytes


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A state after the record `sequence`; `hash` binds it to the journal up to there."""

    sequence: int
    body: bytes
    hash: bytes


@final
class WriterFenced(RuntimeError):  # noqa: N818 - reads as what happened to the writer
    """A newer writer has opened the store: this one may never write again."""


@final
class StoreStopped(RuntimeError):  # noqa: N818 - reads as the state the store is in
    """Writing failed, so nothing more is acknowledged; reading goes on.

    Whether the last append is in the journal is known when the store is opened again.
    """


@final
class StoreDamaged(ValueError):  # noqa: N818 - reads as the sentence the user sees
    """What is stored is not what was written; every place that is known is named."""

    def __init__(self, failures: Sequence[Failure]) -> None:
        self.failures: tuple[Failure, ...] = tuple(failures)
        super().__init__("\n".join(str(failure) for failure in self.failures))


class Store(Protocol):
    """A journal of records numbered from 1, and snapshots of the state that they made."""

    def open(self, writer_name: str) -> Fence:
        """Become the writer, make the store if it is not there; every older fence is refused.

        `StoreDamaged` when acknowledged records are missing, `StoreStopped` when it cannot write.
        """

    def append(self, fence: Fence, records: Sequence[bytes]) -> int:
        """Add records, all or none, and return the sequence of the last one of the journal.

        They are durable when this returns. `WriterFenced` for an older writer, `StoreStopped` when
        the disk or the database fails.
        """

    def read(self, from_sequence: int = 1) -> Iterator[Record]:
        """Records from a sequence on, each checked; `StoreDamaged` at the first that is wrong."""

    def head(self) -> Head:
        """Where the journal ends."""

    def snapshot_write(self, fence: Fence, sequence: int, body: bytes) -> None:
        """Keep a state after the record `sequence`, durable when this returns.

        ValueError beyond the head, or when another state is kept for that sequence or a later one.
        """

    def snapshot_newest(self, before_sequence: int | None = None) -> Snapshot | None:
        """The newest snapshot (before a sequence), checked; `StoreDamaged` when it is wrong."""

    def snapshot_sequences(self) -> tuple[int, ...]:
        """Records that a snapshot is kept after, the newest first; no snapshot is read for it."""

    def verify(self, published: Head | None = None) -> list[Failure]:
        """Everything that is wrong with what is stored, each place named; empty when it is whole.

        `published`: a head kept outside, which the journal must reach and hold.
        """

    def close(self) -> None:
        """Stop reading and writing; the store may be opened again."""
