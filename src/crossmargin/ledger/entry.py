"""One line of the ledger: two sides, one asset, whole units, and the hash that chains it."""

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, final

GENESIS_HASH: Final = "0" * 64
"""What the first entry is chained to."""

AMOUNT_LIMIT_UNITS: Final = 10**48
"""No amount reaches it: 30 digits before and 18 after the point of the finest coin."""

_CANONICAL = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True)


@final
class Code(StrEnum):
    """Why money moved."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    TRANSFER = "transfer"
    TRADE = "trade"
    REALISED = "realised"
    PREMIUM = "premium"
    SETTLEMENT = "settlement"
    FUNDING = "funding"
    FEE = "fee"
    INTEREST = "interest"
    SEIZURE = "seizure"
    REDENOMINATION = "redenomination"


@final
class EntryState(StrEnum):
    """Pending money is reserved, posted money has moved, voided money is let go again."""

    PENDING = "pending"
    POSTED = "posted"
    VOIDED = "voided"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry before it has a place: `amount_units` go from the debit path to the credit path.

    `names`: the sequence of the entry that this one settles (a pending one, by posted or voided) or
    corrects (a posted one).
    """

    debit: str
    credit: str
    asset: str
    amount_units: int
    code: Code
    state: EntryState = EntryState.POSTED
    names: int | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of the ledger; `sequence` counts entries from 1. It never changes again."""

    sequence: int
    event_id: str
    event_time_ns: int
    debit: str
    credit: str
    asset: str
    amount_units: int
    code: Code
    state: EntryState
    names: int | None
    previous_hash: str
    hash: str


def chained(
    draft: Draft, *, sequence: int, event_id: str, event_time_ns: int, previous_hash: str
) -> Entry:
    """The entry that a draft becomes at its place in the chain."""
    return Entry(
        sequence=sequence,
        event_id=event_id,
        event_time_ns=event_time_ns,
        debit=draft.debit,
        credit=draft.credit,
        asset=draft.asset,
        amount_units=draft.amount_units,
        code=draft.code,
        state=draft.state,
        names=draft.names,
        previous_hash=previous_hash,
        hash=draft_hash(
            draft,
            sequence=sequence,
            event_id=event_id,
            event_time_ns=event_time_ns,
            previous_hash=previous_hash,
        ),
    )


def draft_hash(
    draft: Draft | Entry, *, sequence: int, event_id: str, event_time_ns: int, previous_hash: str
) -> str:
    """SHA-256 over the canonical bytes of an entry: a JSON list of its fields in their order."""
    fields = [
        previous_hash,
        sequence,
        event_id,
        event_time_ns,
        draft.debit,
        draft.credit,
        draft.asset,
        draft.amount_units,
        draft.code,
        draft.state,
        draft.names,
    ]
    return hashlib.sha256(_CANONICAL.encode(fields).encode()).hexdigest()


def entry_hash(entry: Entry) -> str:
    """The hash that an entry must carry, computed from its other fields."""
    return draft_hash(
        entry,
        sequence=entry.sequence,
        event_id=entry.event_id,
        event_time_ns=entry.event_time_ns,
        previous_hash=entry.previous_hash,
    )
