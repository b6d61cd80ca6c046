from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused, Reason
from crossmargin.ledger.chain import verify_chain
from crossmargin.ledger.entry import GENESIS_HASH, Code, EntryState
from crossmargin.ledger.ledger import (
    Ledger,
    as_of,
    available,
    balance,
    posted,
    restored,
    trial_balance,
)
from crossmargin.ledger.path import account_path, fees_path, path_parts, world_path
from tests.ledger.money import deposit, histories, move, post

DESK, FUND = account_path("desk", "USDC"), account_path("fund", "USDC")


@given(histories())
def test_every_asset_sums_to_zero_at_every_sequence(ledger):
    for sequence in range(ledger.count + 1):
        assert set(trial_balance(as_of(ledger, sequence)).values()) <= {0}


@given(histories())
def test_a_balance_is_what_its_posted_entries_add_up_to(ledger):
    for path in ledger.paths():
        posted_entries = [x for x in ledger.entries() if x.state is EntryState.POSTED]
        rises = sum(x.amount_units for x in posted_entries if x.credit == path)
        falls = sum(x.amount_units for x in posted_entries if x.debit == path)
        assert ledger.held(path).posted_units == rises - falls


@given(histories(), st.data())
def test_the_past_is_what_a_ledger_was_when_it_was_the_present(ledger, data):
    sequence = data.draw(st.integers(0, ledger.count))
    earlier, grown = as_of(ledger, sequence), restored(list(ledger.entries())[:sequence])
    assert earlier.paths() == grown.paths()
    assert earlier.head_hash == grown.head_hash
    assert [earlier.held(x) for x in ledger.paths()] == [grown.held(x) for x in ledger.paths()]
    assert [earlier.settled_by(x) for x in range(1, ledger.count + 1)] == [
        grown.settled_by(x) for x in range(1, ledger.count + 1)
    ]


@given(histories(most=10))
def test_posting_to_an_earlier_ledger_leaves_the_later_one_as_it_was(ledger):
    before = [(x, ledger.held(x)) for x in ledger.paths()]
    hashes = [x.hash for x in ledger.entries()]
    branch = post(as_of(ledger, ledger.count - 1), deposit("branch", "ETH", 7))
    assert [(x, ledger.held(x)) for x in ledger.paths()] == before
    assert [x.hash for x in ledger.entries()] == hashes
    assert branch.count == ledger.count
    assert branch.head_hash != ledger.head_hash
    assert balance(branch, "branch", "ETH") == 7
    assert verify_chain(branch.entries(), branch.head_hash, branch.count) is None


def test_two_ledgers_grown_from_one_do_not_see_each_other():
    root = post(Ledger(), deposit("desk", "USDC", 5))
    left, right = post(root, deposit("desk", "USDC", 1)), post(root, deposit("desk", "USDC", 2))
    assert [balance(x, "desk", "USDC") for x in (root, left, right)] == [5, 6, 7]
    assert left.entry(1) is root.entry(1)
    assert right.entry(1) is root.entry(1)


def test_nothing_is_posted_when_one_draft_of_an_event_is_wrong():
    ledger = post(Ledger(), deposit("desk", "USDC", 5))
    with pytest.raises(InputRefused) as refused:
        post(ledger, deposit("desk", "USDC", 1), deposit("desk", "USDC", 0))
    assert [x.where for x in refused.value.failures] == ["drafts[1].amount_units"]
    assert balance(ledger, "desk", "USDC") == 5
    assert post(ledger, deposit("desk", "USDC", 1)).count == 2


def test_a_pending_entry_reserves_and_moves_only_when_posted():
    ledger = post(Ledger(), deposit("desk", "USDC", 100))
    out = move(DESK, world_path("USDC"), 60, Code.WITHDRAWAL, EntryState.PENDING)
    waiting = post(ledger, out)
    assert (balance(waiting, "desk", "USDC"), available(waiting, "desk", "USDC")) == (100, 40)
    sent = post(waiting, move(DESK, world_path("USDC"), 45, Code.WITHDRAWAL, names=2))
    assert (balance(sent, "desk", "USDC"), available(sent, "desk", "USDC")) == (55, 55)
    void = move(DESK, world_path("USDC"), 60, Code.WITHDRAWAL, EntryState.VOIDED, names=2)
    dropped = post(waiting, void)
    assert (balance(dropped, "desk", "USDC"), available(dropped, "desk", "USDC")) == (100, 100)
    assert (waiting.settled_by(2), sent.settled_by(2), dropped.settled_by(2)) == (None, 3, 3)


def test_a_pending_entry_settles_once():
    ledger = post(
        Ledger(),
        move(DESK, FUND, 10, state=EntryState.PENDING),
        move(DESK, FUND, 4, names=1),
    )
    with pytest.raises(InputRefused, match="settled already"):
        post(ledger, move(DESK, FUND, 4, names=1))
    with pytest.raises(InputRefused, match="settled already"):
        post(as_of(ledger, 1), move(DESK, FUND, 4, names=1), move(DESK, FUND, 4, names=1))


def test_a_correction_is_a_new_entry_that_names_the_old_one():
    ledger = post(Ledger(), deposit("desk", "USDC", 100), move(DESK, fees_path("USDC"), 9))
    corrected = post(ledger, move(fees_path("USDC"), DESK, 9, names=2))
    assert balance(corrected, "desk", "USDC") == 100
    assert corrected.entry(3).names == 2
    assert corrected.entry(2) is ledger.entry(2)


def test_an_entry_cannot_be_changed():
    ledger = post(Ledger(), deposit("desk", "USDC", 1))
    with pytest.raises(FrozenInstanceError):
        ledger.entry(1).amount_units = 2
    assert not {"update", "delete", "remove", "pop", "clear"} & set(dir(ledger))


@pytest.mark.parametrize(
    ("draft", "where", "reason"),
    [
        (move(DESK, FUND, 0), "amount_units", Reason.OUT_OF_BOUNDS),
        (move(DESK, FUND, -1), "amount_units", Reason.OUT_OF_BOUNDS),
        (move(DESK, FUND, 10**48), "amount_units", Reason.OUT_OF_BOUNDS),
        (move(DESK, FUND, 1.0), "amount_units", Reason.WRONG_TYPE),
        (move(DESK, FUND, True), "amount_units", Reason.WRONG_TYPE),
        (move(DESK, DESK, 1), "credit", Reason.CONTRADICTION),
        (move(DESK, account_path("fund", "BTC"), 1), "credit", Reason.CONTRADICTION),
        (move(DESK, "vault/fund/USDC", 1), "credit", Reason.UNKNOWN_ACCOUNT),
        (move(DESK, "account/USDC", 1), "credit", Reason.UNKNOWN_ACCOUNT),
        (move(DESK, "world/desk/USDC", 1), "credit", Reason.UNKNOWN_ACCOUNT),
        (move(DESK, "account//USDC", 1), "credit", Reason.UNKNOWN_ACCOUNT),
        (move(DESK, FUND, 1, names=99), "names", Reason.MISSING_DATA),
        (move(DESK, FUND, 1, names=0), "names", Reason.MISSING_DATA),
        (move(DESK, FUND, 1, state=EntryState.VOIDED), "names", Reason.MISSING_FIELD),
        (move(DESK, FUND, 5, state=EntryState.VOIDED, names=1), "names", Reason.CONTRADICTION),
        (move(DESK, FUND, 1, state=EntryState.PENDING, names=2), "names", Reason.CONTRADICTION),
        (move(FUND, DESK, 1, names=2), "names", Reason.CONTRADICTION),
        (move(DESK, FUND, 1, Code.FEE, names=2), "names", Reason.CONTRADICTION),
        (move(DESK, FUND, 11, names=2), "amount_units", Reason.OUT_OF_BOUNDS),
        (
            move(DESK, FUND, 9, state=EntryState.VOIDED, names=2),
            "amount_units",
            Reason.CONTRADICTION,
        ),
        (move(DESK, FUND, 1, names=4), "names", Reason.CONTRADICTION),
        (
            move(account_path("desk", "BTC"), account_path("fund", "BTC"), 1, names=1),
            "names",
            Reason.CONTRADICTION,
        ),
    ],
)
def test_a_wrong_draft_is_refused_with_its_field(draft, where, reason):
    ledger = post(
        Ledger(),
        move(DESK, FUND, 5),
        move(DESK, FUND, 10, state=EntryState.PENDING),
        move(DESK, FUND, 3, state=EntryState.PENDING),
        move(DESK, FUND, 3, state=EntryState.VOIDED, names=3),
    )
    with pytest.raises(InputRefused) as refused:
        post(ledger, draft)
    assert (f"drafts[0].{where}", reason) in [(x.where, x.reason) for x in refused.value.failures]


def test_an_entry_without_an_event_is_refused():
    with pytest.raises(InputRefused, match="names its event"):
        posted(Ledger(), [deposit("desk", "USDC", 1)], event_id="", event_time_ns=0)


def test_an_empty_ledger_has_a_head_and_balances_of_nothing():
    assert Ledger().head_hash == GENESIS_HASH
    assert balance(Ledger(), "desk", "USDC") == 0
    assert trial_balance(Ledger()) == {}
    assert Ledger().account_assets("desk") == ()


def test_a_sequence_outside_the_ledger_is_an_index_error():
    ledger = post(Ledger(), deposit("desk", "USDC", 1))
    for outside in (0, 2):
        with pytest.raises(IndexError):
            ledger.entry(outside)
    for outside in (-1, 2):
        with pytest.raises(IndexError):
            as_of(ledger, outside)


def test_an_owner_may_hold_a_slash_and_an_asset_may_not():
    parts = path_parts(account_path("desk/sub", "USDC"))
    assert parts is not None
    assert (parts.kind, parts.owner, parts.asset) == ("account", "desk/sub", "USDC")
    assert path_parts("world/") is None
    assert path_parts("world") is None
    assert path_parts("") is None
