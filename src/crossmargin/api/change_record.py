"""A trade's own margin on record: two figures that cannot be changed later, over a book that stays
private.

Anyone may check a record by itself: that its figures add up and that nothing in it, or in the
records before it, was changed. Whoever is shown the book and the key may check the figures.
"""

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, final

from crossmargin.api.candidate import Candidate, candidate_of
from crossmargin.api.loading import Source
from crossmargin.api.rulebooks import inputs_hash
from crossmargin.base.canonical import content_hash
from crossmargin.base.exact import decimal_text
from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.domain.book import Book
from crossmargin.wire.market import MarketInput

KEY_BYTES_LEAST = 16
FIRST = "0" * 64
"""What comes before the first record."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedLevel:
    """Requirements of one level as exact decimal text; None where unavailable."""

    name: str
    before: str | None
    after: str | None
    increment: str | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRecord:
    """What may be published. `before` and `after` are commitments to all inputs of each figure:
    HMAC-SHA-256, under a key of the account's owner, of the hash of book, market and rulebook.
    `recipe` is the hash of the rulebook; `previous` the hash of the record before this one.
    """

    recipe: str
    reporting: str
    before: str
    after: str
    levels: tuple[RecordedLevel, ...]
    previous: str
    record_hash: str


def change_record(
    book: Book | Source,
    market: MarketInput | str | Path | bytes,
    account_id: str,
    positions: Sequence[Mapping[str, Any]],
    recipe: str | None = None,
    *,
    key: bytes,
    previous: str = FIRST,
) -> ChangeRecord:
    """The record of what `what_if` answers to the same arguments.

    `key` is secret, at least 16 bytes: without one a small book could be guessed from its hash.
    """
    if len(key) < KEY_BYTES_LEAST:
        message = f"{len(key)} bytes are too few for a secret: at least {KEY_BYTES_LEAST}"
        raise InputRefused([Failure(Reason.OUT_OF_BOUNDS, "key", message)])
    candidate = candidate_of(book, market, account_id, positions, recipe)
    change = candidate.change()
    before, after = _commitments(candidate, key)
    levels = tuple(
        RecordedLevel(
            name=level.name,
            before=_text(level.before.requirement),
            after=_text(level.after.requirement),
            increment=_text(level.requirement_increment),
        )
        for level in change.levels
    )
    record = ChangeRecord(
        recipe=candidate.rulebook.terms.content_hash,
        reporting=change.reporting,
        before=before,
        after=after,
        levels=levels,
        previous=previous,
        record_hash="",
    )
    return replace(record, record_hash=_hash(record))


def record_failures(records: Sequence[ChangeRecord]) -> Iterator[Failure]:
    """What is wrong with records in their order, by themselves: hashes, links, and sums."""
    before = None
    for place, record in enumerate(records):
        where = f"records[{place}]"
        if record.record_hash != _hash(record):
            message = "was changed after it was written"
            yield Failure(Reason.CONTRADICTION, f"{where}.record_hash", message)
        if before is not None and record.previous != before.record_hash:
            message = "is not the hash of the record before it"
            yield Failure(Reason.CONTRADICTION, f"{where}.previous", message)
        for level in record.levels:
            if level.increment != _difference(level):
                message = f"{level.increment} is not {level.after} less {level.before}"
                yield Failure(Reason.CONTRADICTION, f"{where}.{level.name}", message)
        before = record


def opened_failures(
    record: ChangeRecord,
    book: Book | Source,
    market: MarketInput | str | Path | bytes,
    account_id: str,
    positions: Sequence[Mapping[str, Any]],
    recipe: str | None = None,
    *,
    key: bytes,
) -> Iterator[Failure]:
    """What of a record does not follow from a book, market, trade and key that are shown for it."""
    yield from record_failures([record])
    found = change_record(
        book, market, account_id, positions, recipe, key=key, previous=record.previous
    )
    for name in ("recipe", "reporting", "before", "after", "levels"):
        ours, theirs = getattr(found, name), getattr(record, name)
        if ours != theirs:
            message = "is not that of what was shown"
            yield Failure(Reason.CONTRADICTION, f"record.{name}", message)


def _commitments(candidate: Candidate, key: bytes) -> tuple[str, str]:
    before, after = (
        hmac.new(
            key, inputs_hash(prepared, [candidate.rulebook]).encode(), hashlib.sha256
        ).hexdigest()
        for prepared in (candidate.before, candidate.after)
    )
    return before, after


def _difference(level: RecordedLevel) -> str | None:
    if level.before is None or level.after is None:
        return None
    return _text(Decimal(level.after) - Decimal(level.before))


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else decimal_text(amount)


def _hash(record: ChangeRecord) -> str:
    return content_hash({**asdict(record), "record_hash": None})
