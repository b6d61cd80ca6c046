"""One hash over everything the engine knows: equal states have it, whoever computed them."""

from typing import Any

from crossmargin.base.canonical import content_hash
from crossmargin.engine.event import event_hash
from crossmargin.engine.state import EngineState


def state_hash(state: EngineState) -> str:
    """SHA-256 of the state in canonical form; what only follows from it (`valued`) is left out."""
    return content_hash(_plain(state))


def _plain(state: EngineState) -> dict[str, Any]:
    snapshot = state.snapshot
    return {
        "sequence": state.sequence,
        "applied_hash": state.applied_hash,
        "clock_ns": state.clock_ns,
        "closed_ns": state.closed_ns,
        "pending": [event_hash(event) for event in state.pending],
        "sources": dict(state.sources),
        "config_hash": state.rules.config_hash,
        "staged": list(state.rules.staged),
        "listings": dict(state.listings),
        "as_of_ns": snapshot.as_of_ns,
        "market_sequence": snapshot.sequence,
        "assets": dict(snapshot.assets),
        "quotes": dict(snapshot.listings),
        "totals": {
            "long": dict(snapshot.totals.long_notional),
            "short": dict(snapshot.totals.short_notional),
            "open": dict(snapshot.totals.open_interest),
        },
        "price_time_ns": dict(state.price_time_ns),
        "overrides": dict(state.overrides),
        "halts": {f"{scope}:{name}": why for (scope, name), why in state.halts.items()},
        "mismatched": sorted(state.mismatched),
        "ledger": [state.ledger.count, state.ledger.head_hash],
        "accounts": [own for _, own in state.accounts.items()],
        "trades": [[name, trade] for name, trade in state.trades.items()],
        "withdrawals": dict(state.withdrawals),
        "locks": dict(state.locks),
        "watched": sorted(state.watched),
        "calls": dict(state.calls),
    }
