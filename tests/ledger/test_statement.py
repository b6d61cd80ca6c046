from hypothesis import given
from hypothesis import strategies as st

from crossmargin.ledger.entry import Code, EntryState
from crossmargin.ledger.ledger import Ledger, as_of
from crossmargin.ledger.path import account_path, fees_path, world_path
from crossmargin.ledger.statement import statement_lines
from tests.ledger.money import deposit, histories, move, post

DESK = account_path("desk", "USDC")


def test_each_line_carries_the_balance_after_it():
    ledger = post(
        Ledger(),
        deposit("desk", "USDC", 100),
        deposit("fund", "USDC", 5),
        move(DESK, world_path("USDC"), 30, Code.WITHDRAWAL, EntryState.PENDING),
        move(DESK, fees_path("USDC"), 1, Code.FEE),
        move(DESK, world_path("USDC"), 30, Code.WITHDRAWAL, names=3),
    )
    shown = [
        (x.entry.sequence, x.change_units, x.balance_units) for x in statement_lines(ledger, DESK)
    ]
    assert shown == [(1, 100, 100), (3, 0, 100), (4, -1, 99), (5, -30, 69)]


@given(histories(), st.data())
def test_a_part_of_a_statement_begins_and_ends_at_the_ledgers_balances(ledger, data):
    until = data.draw(st.integers(0, ledger.count))
    after = data.draw(st.integers(0, until))
    for path in ledger.paths():
        changes = [x.change_units for x in statement_lines(ledger, path, after, until)]
        before, later = (as_of(ledger, x).held(path).posted_units for x in (after, until))
        assert before + sum(changes) == later
