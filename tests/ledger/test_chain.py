from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.ledger.chain import verify_chain
from crossmargin.ledger.entry import Code, EntryState, entry_hash
from crossmargin.ledger.ledger import Ledger, restored
from tests.ledger.money import deposit, histories, post

OTHER = {
    "sequence": lambda x: x + 1,
    "event_id": lambda x: x + "x",
    "event_time_ns": lambda x: x + 1,
    "debit": lambda x: "world/ETH" if x != "world/ETH" else "fees/ETH",
    "credit": lambda x: "fees/ETH" if x != "fees/ETH" else "world/ETH",
    "asset": lambda x: x + "X",
    "amount_units": lambda x: x + 1,
    "code": lambda x: Code.FEE if x is not Code.FEE else Code.TRADE,
    "state": lambda x: EntryState.POSTED if x is not EntryState.POSTED else EntryState.VOIDED,
    "names": lambda x: 1 if x is None else None,
    "previous_hash": lambda x: x[::-1] if x[::-1] != x else "1" * 64,
    "hash": lambda x: ("0" if x[0] != "0" else "1") + x[1:],
}


@given(histories(most=12))
def test_what_was_posted_verifies_and_can_be_restored(ledger):
    entries = list(ledger.entries())
    assert verify_chain(entries, ledger.head_hash, ledger.count) is None
    again = restored(entries)
    assert (again.head_hash, again.count) == (ledger.head_hash, ledger.count)
    assert [again.held(x) for x in again.paths()] == [ledger.held(x) for x in ledger.paths()]


@pytest.mark.parametrize("field", sorted(OTHER))
@given(histories(most=8), st.data())
def test_a_changed_field_is_found_at_its_position(field, ledger, data):
    entries = list(ledger.entries())
    place = data.draw(st.integers(0, len(entries) - 1))
    entries[place] = replace(
        entries[place], **{field: OTHER[field](getattr(entries[place], field))}
    )
    failure = verify_chain(entries)
    assert failure is not None
    assert failure.where.startswith(f"entries[{place + 1}].")


@given(histories(most=8), st.data())
def test_a_removed_swapped_or_inserted_entry_is_found(ledger, data):
    ledger = post(ledger, deposit("desk", "BTC", 1), deposit("desk", "BTC", 2))
    entries = list(ledger.entries())
    place = data.draw(st.integers(0, len(entries) - 2))
    removed = entries[:place] + entries[place + 1 :]
    swapped = [*entries[:place], entries[place + 1], entries[place], *entries[place + 2 :]]
    inserted = [*entries[:place], entries[-1], *entries[place:]]
    for changed in (removed, swapped, inserted):
        failure = verify_chain(changed)
        assert failure is not None
        assert failure.where.startswith(f"entries[{place + 1}].")


def test_entries_cut_off_at_the_end_are_found_by_the_head_or_the_count():
    ledger = post(Ledger(), deposit("desk", "BTC", 1), deposit("desk", "BTC", 2))
    short = list(ledger.entries())[:1]
    assert verify_chain(short) is None
    assert verify_chain(short, head_hash=ledger.head_hash) is not None
    assert verify_chain(short, count=2) is not None


def test_a_chain_forged_from_one_entry_on_still_breaks_the_rules_of_posting():
    ledger = post(Ledger(), deposit("desk", "BTC", 1), deposit("desk", "BTC", 2))
    first, second = ledger.entries()
    second = replace(second, amount_units=-2)
    failure = verify_chain([first, replace(second, hash=entry_hash(second))])
    assert failure is not None
    assert failure.where == "entries[2].amount_units"
