"""The statement of one ledger account: its entries between two sequences, with its balance."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from crossmargin.ledger.entry import Entry, EntryState
from crossmargin.ledger.ledger import Ledger, as_of


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """One entry as a ledger account sees it; `change_units` + when it rises, 0 if reserved only."""

    entry: Entry
    change_units: int
    balance_units: int


def statement_lines(
    ledger: Ledger, path: str, after: int = 0, until: int | None = None
) -> Iterator[StatementLine]:
    """Entries of a ledger account after `after` and up to `until` (the end), oldest first."""
    shown = as_of(ledger, ledger.count if until is None else until)
    balance_units = as_of(ledger, after).held(path).posted_units
    for entry in shown.entries(after):
        if path not in (entry.debit, entry.credit):
            continue
        moved = entry.amount_units if entry.state is EntryState.POSTED else 0
        change_units = moved if entry.credit == path else -moved
        balance_units += change_units
        yield StatementLine(entry=entry, change_units=change_units, balance_units=balance_units)
