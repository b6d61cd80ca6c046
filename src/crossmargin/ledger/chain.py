"""Is a sequence of entries the one that was written? Every change is found and its place named."""

from collections.abc import Iterable

from crossmargin.base.failure import Failure, Reason
from crossmargin.ledger.check import draft_failures
from crossmargin.ledger.entry import GENESIS_HASH, Draft, Entry, EntryState, entry_hash


def verify_chain(
    entries: Iterable[Entry], head_hash: str | None = None, count: int | None = None
) -> Failure | None:
    """The first thing wrong with a ledger's entries from 1 on, or None. Names the position.

    Finds an entry changed, removed, swapped or inserted, and one that breaks a rule of posting.
    What is cut off at the end is found with `head_hash` or `count`, kept elsewhere.
    """
    previous = GENESIS_HASH
    seen: list[Entry] = []
    settled: set[int] = set()
    for place, entry in enumerate(entries, start=1):
        where = f"entries[{place}]"
        if entry.sequence != place:
            message = f"entry {entry.sequence} stands at position {place}"
            return Failure(Reason.CONTRADICTION, f"{where}.sequence", message)
        if entry.previous_hash != previous:
            message = f"position {place} is not chained to the entry before it"
            return Failure(Reason.CONTRADICTION, f"{where}.previous_hash", message)
        if entry.hash != entry_hash(entry):
            message = f"position {place} is not what its hash was taken of"
            return Failure(Reason.CONTRADICTION, f"{where}.hash", message)
        broken = _broken_rule(entry, where, seen, settled)
        if broken is not None:
            return broken
        seen.append(entry)
        previous = entry.hash
    if count is not None and count != len(seen):
        message = f"{len(seen)} entries where {count} were written"
        return Failure(Reason.MISSING_DATA, "entries", message)
    if head_hash is not None and head_hash != previous:
        message = f"position {len(seen)} is not the head that was written"
        return Failure(Reason.MISSING_DATA, "entries", message)
    return None


def _broken_rule(entry: Entry, where: str, seen: list[Entry], settled: set[int]) -> Failure | None:
    draft = Draft(
        debit=entry.debit,
        credit=entry.credit,
        asset=entry.asset,
        amount_units=entry.amount_units,
        code=entry.code,
        state=entry.state,
        names=entry.names,
    )

    def lookup(sequence: int) -> tuple[Entry, bool] | None:
        known = 1 <= sequence <= len(seen)
        return (seen[sequence - 1], sequence in settled) if known else None

    broken = draft_failures(draft, where, lookup)
    if broken:
        return broken[0]
    if entry.names is not None and seen[entry.names - 1].state is EntryState.PENDING:
        settled.add(entry.names)
    return None
