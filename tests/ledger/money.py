"""Drafts and histories that the ledger's tests post."""

from hypothesis import strategies as st

from crossmargin.ledger.entry import Code, Draft, EntryState
from crossmargin.ledger.ledger import Ledger, posted
from crossmargin.ledger.path import account_path, fees_path, pending_path, world_path

ASSETS = ["BTC", "USDC"]
ACCOUNTS = ["desk", "desk/sub", "fund"]


def deposit(account, asset, units):
    return Draft(
        debit=world_path(asset),
        credit=account_path(account, asset),
        asset=asset,
        amount_units=units,
        code=Code.DEPOSIT,
    )


def move(debit, credit, units, code=Code.TRANSFER, state=EntryState.POSTED, names=None):
    return Draft(
        debit=debit,
        credit=credit,
        asset=debit.rpartition("/")[2],
        amount_units=units,
        code=code,
        state=state,
        names=names,
    )


def post(ledger, *drafts, event_id="event-1", event_time_ns=0):
    return posted(ledger, drafts, event_id=event_id, event_time_ns=event_time_ns)


def paths(asset):
    owned = [account_path(name, asset) for name in ACCOUNTS]
    return [*owned, world_path(asset), fees_path(asset), pending_path("out", asset)]


@st.composite
def histories(draw, most=25):
    """A ledger of drawn postings: plain, pending, settled in part or whole, and voided."""
    ledger = Ledger()
    for number in range(draw(st.integers(1, most))):
        pending = [
            entry
            for entry in ledger.entries()
            if entry.state is EntryState.PENDING and ledger.settled_by(entry.sequence) is None
        ]
        if pending and draw(st.booleans()):
            named = draw(st.sampled_from(pending))
            void = draw(st.booleans())
            units = named.amount_units if void else draw(st.integers(1, named.amount_units))
            state = EntryState.VOIDED if void else EntryState.POSTED
            draft = move(
                named.debit, named.credit, units, named.code, state=state, names=named.sequence
            )
        else:
            asset = draw(st.sampled_from(ASSETS))
            debit, credit = draw(st.permutations(paths(asset)))[:2]
            state = draw(st.sampled_from([EntryState.POSTED, EntryState.PENDING]))
            code = draw(st.sampled_from(list(Code)))
            draft = move(debit, credit, draw(st.integers(1, 10**30)), code, state=state)
        ledger = post(ledger, draft, event_id=f"event-{number}", event_time_ns=number)
    return ledger
