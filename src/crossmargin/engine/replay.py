"""Events from the beginning: the same state again, and what must hold of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

from crossmargin.engine.apply import apply, increment_alarms
from crossmargin.engine.effect import Effect
from crossmargin.engine.event import Body, Event
from crossmargin.engine.event_control import ClockTick
from crossmargin.engine.setup import Setup
from crossmargin.engine.start import initial_state
from crossmargin.engine.state import EngineState
from crossmargin.engine.state_hash import state_hash
from crossmargin.engine.window import receive
from crossmargin.ledger.chain import verify_chain
from crossmargin.ledger.ledger import trial_balance


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """What a replay found. `chain_failure` names the first ledger entry that is not whole."""

    events: int
    state_hash: str
    trial_balance_zero: bool
    incremental_equals_full: bool
    chain_failure: str | None


def replayed(
    setup: Setup, events: Iterable[Event], state: EngineState | None = None
) -> tuple[EngineState, tuple[Effect, ...]]:
    """The state after events in the order of their arrival, and every effect they had."""
    now = initial_state(setup) if state is None else state
    told: list[Effect] = []
    for event in events:
        now, effects = receive(setup, now, event)
        told += effects
    return now, tuple(told)


def replay_report(setup: Setup, state: EngineState, events_count: int) -> ReplayReport:
    """Hash and checks of a state that `events_count` events have led to."""
    failure = verify_chain(
        state.ledger.entries(), head_hash=state.ledger.head_hash, count=state.ledger.count
    )
    checked = question(state, ClockTick(), 0)
    return ReplayReport(
        events=events_count,
        state_hash=state_hash(state),
        trial_balance_zero=not any(trial_balance(state.ledger).values()),
        incremental_equals_full=not increment_alarms(setup, state, checked),
        chain_failure=None if failure is None else str(failure),
    )


def what_if(
    setup: Setup, state: EngineState, bodies: Iterable[Body]
) -> tuple[EngineState, tuple[Effect, ...]]:
    """The state and effects if all this happened now, in this order. `state` itself stays.

    It is what really applying the same gives: the same function does it.
    """
    told: list[Effect] = []
    for number, body in enumerate(bodies):
        state, effects = apply(setup, state, question(state, body, number))
        told += effects
    return state, tuple(told)


def question(state: EngineState, body: Body, number: int) -> Event:
    """An event of now that nobody sent, to ask with."""
    return Event(
        event_id=f"what-if-{state.sequence}-{number}",
        source="what-if",
        source_sequence=number,
        event_time_ns=state.clock_ns,
        body=body,
    )
