"""The state before the first event."""

from crossmargin.engine.holders import Holders
from crossmargin.engine.overlaid import Overlaid
from crossmargin.engine.price_state import MarkState
from crossmargin.engine.rules import rules_of
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import EngineState
from crossmargin.engine.table import Table
from crossmargin.engine.valued import valued_market
from crossmargin.ledger.ledger import Ledger
from crossmargin.market.snapshot import MarketSnapshot
from crossmargin.market.totals import MarketTotals


def initial_state(setup: Setup) -> EngineState:
    """Nothing has happened: no account, no listing, no price, and a clock that never ticked."""
    snapshot = MarketSnapshot(
        as_of_ns=0,
        sequence=0,
        assets={},
        expiries={},
        listings={},
        totals=MarketTotals(as_of_ns=0, sequence=0),
    )
    return EngineState(
        sequence=0,
        applied_hash="0" * 64,
        clock_ns=0,
        closed_ns=0,
        pending=(),
        seen=Table(),
        sources={},
        rules=rules_of(setup, {}),
        listings={},
        snapshot=snapshot,
        price_time_ns={},
        prices={},
        marks=MarkState(),
        overrides={},
        halts={},
        breakers={},
        mismatched=frozenset(),
        ledger=Ledger(),
        accounts=Overlaid(),
        trades=Table(),
        arrivals={},
        withdrawals={},
        locks={},
        watched=frozenset(),
        calls={},
        holders=Holders(),
        valued=valued_market(setup, snapshot, {}, ()),
    )
