"""The door of the engine: each event once, in the order of its time while its window is open."""

from bisect import insort
from dataclasses import replace

from crossmargin.base.failure import Failure, Reason
from crossmargin.engine.apply import apply
from crossmargin.engine.effect import Effect, EventLate, EventRefused, EventRepeated
from crossmargin.engine.event import Event, canonical_order, event_hash
from crossmargin.engine.event_control import ClockTick
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import EngineState


def receive(
    setup: Setup, state: EngineState, event: Event
) -> tuple[EngineState, tuple[Effect, ...]]:
    """The state after an event arrived, and what that brings about.

    An event waits until a clock tick closes the window of its time; then all that waited are
    applied in canonical order, so that a late arrival inside the window gives the state of an
    in-time one. What arrives after that is applied at once, as a correction. The same event again
    does nothing; the same id with another body is refused, as are a tick that goes back and an
    event too far ahead of the clock.
    """
    said = event_hash(event)
    known = state.seen.get(event.event_id)
    if known == said:
        return state, (EventRepeated(event_id=event.event_id),)
    if known is not None:
        message = "another event has this id: neither is changed"
        return state, (_refused(event, Reason.CONTRADICTION, "id", message),)
    if isinstance(event.body, ClockTick) and event.event_time_ns < state.clock_ns:
        message = "time never goes back"
        return state, (_refused(event, Reason.OUT_OF_BOUNDS, "time", message),)
    started = state.clock_ns > 0 or isinstance(event.body, ClockTick)
    if not started or (
        not isinstance(event.body, ClockTick)
        and event.event_time_ns > state.clock_ns + setup.settings.ahead_ns
    ):
        message = "the event is ahead of the clock: a tick comes first"
        return state, (_refused(event, Reason.OUT_OF_BOUNDS, "time", message),)
    state = replace(state, seen=state.seen.put(event.event_id, said))
    if isinstance(event.body, ClockTick):
        return _closed(setup, state, event)
    if event.event_time_ns <= state.closed_ns:
        late = EventLate(event_id=event.event_id, late_ns=state.closed_ns - event.event_time_ns)
        state, effects = apply(setup, state, event, said)
        return state, (late, *effects)
    pending = list(state.pending)
    insort(pending, event, key=canonical_order)
    return replace(state, pending=tuple(pending)), ()


def _closed(
    setup: Setup, state: EngineState, tick: Event
) -> tuple[EngineState, tuple[Effect, ...]]:
    """Everything up to the tick less the window applied in order, then the tick itself."""
    until_ns = max(state.closed_ns, tick.event_time_ns - setup.settings.window_ns)
    ready = [event for event in state.pending if event.event_time_ns <= until_ns]
    waiting = state.pending[len(ready) :]
    state = replace(state, pending=waiting, closed_ns=until_ns)
    told: list[Effect] = []
    for event in (*ready, tick):
        state, effects = apply(setup, state, event, state.seen[event.event_id])
        told += effects
    return state, tuple(told)


def _refused(event: Event, reason: Reason, where: str, message: str) -> EventRefused:
    failure = Failure(reason, f"{event.event_id}.{where}", message)
    return EventRefused(event_id=event.event_id, failures=(failure,))
