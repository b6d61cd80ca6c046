"""What must hold of a draft before it may become an entry."""

from collections.abc import Callable, Iterator
from typing import TypeAlias, assert_never

from crossmargin.base.failure import Failure, Reason
from crossmargin.ledger.entry import AMOUNT_LIMIT_UNITS, Draft, Entry, EntryState
from crossmargin.ledger.path import PathKind, path_parts

Lookup: TypeAlias = Callable[[int], tuple[Entry, bool] | None]
"""A sequence -> the entry and whether it is settled already, or None when there is none."""


def draft_failures(draft: Draft, where: str, lookup: Lookup) -> list[Failure]:
    """Everything that is wrong with a draft; empty when it may be posted."""
    failures = [*_amount_failures(draft, where), *_side_failures(draft, where)]
    if draft.names is not None or draft.state is EntryState.VOIDED:
        failures += _name_failures(draft, where, lookup)
    return failures


def _amount_failures(draft: Draft, where: str) -> Iterator[Failure]:
    path = f"{where}.amount_units"
    if type(draft.amount_units) is not int:
        kind = type(draft.amount_units).__name__
        yield Failure(Reason.WRONG_TYPE, path, f"money is whole units (int), not {kind}")
    elif not 0 < draft.amount_units < AMOUNT_LIMIT_UNITS:
        message = "an amount is above 0 and below 10**48 units: swap the sides to turn it round"
        yield Failure(Reason.OUT_OF_BOUNDS, path, message)


def _side_failures(draft: Draft, where: str) -> Iterator[Failure]:
    for side, path in (("debit", draft.debit), ("credit", draft.credit)):
        parts = path_parts(path)
        if parts is None:
            kinds = ", ".join(PathKind)
            message = f"{path!r} is no ledger account (KIND/.../ASSET; kinds {kinds})"
            yield Failure(Reason.UNKNOWN_ACCOUNT, f"{where}.{side}", message)
        elif parts.asset != draft.asset:
            message = f"{path!r} holds {parts.asset}, the entry moves {draft.asset}"
            yield Failure(Reason.CONTRADICTION, f"{where}.{side}", message)
    if draft.debit == draft.credit:
        message = f"both sides are {draft.debit!r}: nothing would move"
        yield Failure(Reason.CONTRADICTION, f"{where}.credit", message)


def _name_failures(draft: Draft, where: str, lookup: Lookup) -> Iterator[Failure]:
    path = f"{where}.names"
    if draft.names is None:
        yield Failure(Reason.MISSING_FIELD, path, "a voided entry names the pending one")
        return
    found = lookup(draft.names)
    if found is None:
        yield Failure(Reason.MISSING_DATA, path, f"there is no entry {draft.names}")
        return
    named, settled = found
    match named.state:
        case EntryState.PENDING:
            yield from _settling_failures(draft, named, settled, where)
        case EntryState.POSTED:
            yield from _correcting_failures(draft, named, path)
        case EntryState.VOIDED:
            yield Failure(Reason.CONTRADICTION, path, f"entry {draft.names} is voided")
        case _:
            assert_never(named.state)


def _settling_failures(draft: Draft, named: Entry, settled: bool, where: str) -> Iterator[Failure]:
    path = f"{where}.names"
    if draft.state is EntryState.PENDING:
        yield Failure(Reason.CONTRADICTION, path, "a pending entry settles nothing")
        return
    if settled:
        yield Failure(Reason.DUPLICATE, path, f"entry {named.sequence} is settled already")
    same = (draft.debit, draft.credit, draft.asset, draft.code)
    if same != (named.debit, named.credit, named.asset, named.code):
        message = f"sides, asset and code must be those of entry {named.sequence}"
        yield Failure(Reason.CONTRADICTION, path, message)
    if draft.state is EntryState.VOIDED and draft.amount_units != named.amount_units:
        message = f"entry {named.sequence} is voided whole: {named.amount_units} units"
        yield Failure(Reason.CONTRADICTION, f"{where}.amount_units", message)
    if draft.amount_units > named.amount_units:
        message = f"entry {named.sequence} reserves {named.amount_units} units, not more"
        yield Failure(Reason.OUT_OF_BOUNDS, f"{where}.amount_units", message)


def _correcting_failures(draft: Draft, named: Entry, path: str) -> Iterator[Failure]:
    if draft.state is EntryState.VOIDED:
        message = f"entry {named.sequence} is posted: correct it by a posted entry"
        yield Failure(Reason.CONTRADICTION, path, message)
    if draft.asset != named.asset:
        message = f"entry {named.sequence} is of {named.asset}, a correction moves the same asset"
        yield Failure(Reason.CONTRADICTION, path, message)
