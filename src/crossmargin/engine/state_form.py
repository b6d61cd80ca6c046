"""The state as plain values, field by field as `EngineState` has them, and back."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, Final, final, get_type_hints

from crossmargin.base.plain_form import Form, Forms
from crossmargin.engine.event_control import ParameterChanged
from crossmargin.engine.holders import Holders
from crossmargin.engine.overlaid import Overlaid
from crossmargin.engine.state import EngineState, Rules
from crossmargin.engine.table import Table
from crossmargin.ledger.entry import GENESIS_HASH, Code, Draft, EntryState, chained
from crossmargin.ledger.ledger import Ledger, restored

DERIVED: Final = ("valued",)
"""Fields that follow from the others and the setup."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RulesKept:
    """What is kept of the rules: the recipes follow from the changes, and the hash says so."""

    changes: Mapping[str, Mapping[str, Decimal]]
    staged: tuple[ParameterChanged, ...]
    config_hash: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEnd:
    """A ledger's length and last hash, which name all of it; its entries are written apart."""

    count: int
    head_hash: str


def _table(each: Form) -> Form:
    return Form(
        f"Table<{each.shape}>",
        lambda table: {name: each.write(value) for name, value in table.items()},
        lambda plain: Table.of((name, each.read(value)) for name, value in plain.items()),
    )


def _overlaid(each: Form) -> Form:
    """A table with what lies over it written into it."""
    plain = _table(each)
    return Form(plain.shape, plain.write, lambda read: Overlaid(plain.read(read)))


def _state_forms(*, canonical: bool) -> dict[str, Form]:
    forms = Forms({Table: _table, Overlaid: _overlaid}, canonical=canonical)
    rules, end = forms.of(RulesKept), forms.of(LedgerEnd)
    holders = forms.of(Mapping[str, Table[bool]])
    own = {
        Holders: Form(
            holders.shape,
            lambda x: holders.write(dict(x.items())),
            lambda plain: Holders(holders.read(plain)),
        ),
        Rules: Form(rules.shape, lambda x: rules.write(_kept(x)), rules.read),
        Ledger: Form(end.shape, lambda x: end.write(_end(x)), end.read),
    }
    hints = get_type_hints(EngineState)
    return {
        field.name: own.get(hints[field.name]) or forms.of(hints[field.name])
        for field in fields(EngineState)
        if field.name not in DERIVED
    }


EXACT: Final = _state_forms(canonical=False)
"""As it is: a state that is read goes on as the one that was written."""

CANONICAL: Final = _state_forms(canonical=True)
"""Equal states equally."""

SHAPE: Final = ";".join(f"{name}:{form.shape}" for name, form in EXACT.items())
"""Every field and every field of a field: another shape is another version of the program."""


def state_text(state: EngineState, forms: Mapping[str, Form]) -> str:
    """The state in the forms given, as one line of JSON; the ledger by its end."""
    return _line({name: form.write(getattr(state, name)) for name, form in forms.items()})


def state_fields(text: str) -> dict[str, Any]:
    """Field values of an exact text; `rules` as `RulesKept` and `ledger` as `LedgerEnd`."""
    plain = json.loads(text)
    if set(plain) != set(EXACT):
        raise ValueError("the fields are not those of a state")
    return {name: form.read(plain[name]) for name, form in EXACT.items()}


def entries_text(ledger: Ledger) -> str:
    """All entries of a ledger as one line of JSON. Sequences and hashes follow from the rest."""
    return _line(
        [
            [
                entry.event_id,
                entry.event_time_ns,
                entry.debit,
                entry.credit,
                entry.asset,
                entry.amount_units,
                entry.code.value,
                entry.state.value,
                entry.names,
            ]
            for entry in ledger.entries()
        ]
    )


def ledger_of(text: str, end: LedgerEnd) -> Ledger:
    """The ledger of written entries, chained anew; ValueError when it does not end as it must."""
    entries = []
    head = GENESIS_HASH
    for sequence, own in enumerate(json.loads(text), start=1):
        event_id, time_ns, debit, credit, asset, units, code, entry_state, names = own
        draft = Draft(
            debit=debit,
            credit=credit,
            asset=asset,
            amount_units=units,
            code=Code(code),
            state=EntryState(entry_state),
            names=names,
        )
        entry = chained(
            draft,
            sequence=sequence,
            event_id=event_id,
            event_time_ns=time_ns,
            previous_hash=head,
        )
        entries.append(entry)
        head = entry.hash
    if LedgerEnd(count=len(entries), head_hash=head) != end:
        raise ValueError("the ledger's entries do not end at its hash")
    return restored(entries)


def _kept(rules: Rules) -> RulesKept:
    return RulesKept(changes=rules.changes, staged=rules.staged, config_hash=rules.config_hash)


def _end(ledger: Ledger) -> LedgerEnd:
    return LedgerEnd(count=ledger.count, head_hash=ledger.head_hash)


def _line(plain: Any) -> str:
    return json.dumps(plain, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
