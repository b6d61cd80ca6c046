"""`crossmargin engine`: events in, effects out; and where everything stands."""

import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Literal

from crossmargin.action.call import OPEN
from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.base.instant import instant_text
from crossmargin.cli.event_source import (
    DEFAULT_RECIPES,
    Told,
    events_of_file,
    last_state,
    of_journal,
    told_by,
)
from crossmargin.cli.input_words import EventsOption
from crossmargin.cli.printing import write_json, write_text
from crossmargin.engine.event import Event
from crossmargin.engine.setup import Settings, Setup
from crossmargin.engine.start import initial_state
from crossmargin.engine.state import EngineState
from crossmargin.engine.window import receive
from crossmargin.store.address import store_at
from crossmargin.store.port import Fence, Store, StoreStopped, WriterFenced
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.effect import effect_line
from crossmargin.wire.engine_setup import bundled_setup
from crossmargin.wire.event import event_line
from crossmargin.wire.journal import journal_head

WRITER = "crossmargin engine run"


def engine(
    action: Literal["run", "status"],
    /,
    *,
    events: EventsOption = None,
    store: str | None = None,
    recipe: tuple[str, ...] = (),
    batch: int = 256,
    check_every: int = 0,
) -> None:
    """Run events through the live engine, or say where everything stands.

    Parameters
    ----------
    action
        run: apply events and print their effects, one JSON object a line. status: what is known.
    events
        A file of events, one JSON object a line, or - for standard input.
    store
        A file path or postgresql://...: run appends to its journal before it acknowledges.
    recipe
        A rulebook that accounts may name; the first is for those that name none. Default: house.
    batch
        How many events are made durable together.
    check_every
        After each so many events all figures are computed in full and compared; 0: never.
    """
    if action == "status":
        write_json(_status(last_state(told_by(events, store, recipe))))
        return
    for option, number, least in (("--batch", batch, 1), ("--check-every", check_every, 0)):
        if number < least:
            message = f"{number} is not at least {least}"
            raise InputRefused([Failure(Reason.OUT_OF_BOUNDS, option, message)])
    settings = Settings(sample_every=check_every)
    if events is None:
        message = "run needs events: a file, or - for standard input"
        raise InputRefused([Failure(Reason.MISSING_FIELD, "--events", message)])
    names = tuple(recipe) or DEFAULT_RECIPES
    arriving = events_of_file(events)
    if store is None:
        setup = bundled_setup(names, settings)
        _run(setup, initial_state(setup), arriving)
        return
    _run_durably(store_at(store), names, settings, arriving, batch)


def _run_durably(
    store: Store,
    names: tuple[str, ...],
    settings: Settings,
    events: Sequence[Event],
    batch: int,
) -> None:
    """Each batch is in the journal before any of its effects is printed."""
    try:
        fence = store.open(WRITER)
        told = _opened(store, fence, names, settings)
        state = last_state(told)
        for part in _batches(events, batch):
            fresh = [x for x in part if not _known(state, x)]
            if fresh:
                registry = bundled_registry()
                store.append(fence, [event_line(event, registry) for event in fresh])
            state = _run(told.setup, state, part)
    except (StoreStopped, WriterFenced) as stopped:
        failure = Failure(Reason.MISSING_DATA, "store", str(stopped))
        raise InputRefused([failure]) from stopped
    finally:
        store.close()


def _opened(store: Store, fence: Fence, names: tuple[str, ...], settings: Settings) -> Told:
    """What the journal holds; a new one begins with the setup."""
    if store.head().sequence:
        return of_journal(store, settings)
    setup = bundled_setup(names, settings)
    store.append(fence, [journal_head(names, initial_state(setup).rules.config_hash)])
    return Told(setup=setup, recipes=names, events=())


def _known(state: EngineState, event: Event) -> bool:
    """Whether an event of this id was received before: it changes nothing, so nothing is kept."""
    return event.event_id in state.seen


def _run(setup: Setup, state: EngineState, events: Sequence[Event]) -> EngineState:
    for event in events:
        state, effects = receive(setup, state, event)
        write_text("".join(f"{effect_line(effect)}\n" for effect in effects))
    sys.stdout.flush()
    return state


def _batches(events: Sequence[Event], size: int) -> Iterator[list[Event]]:
    rest = iter(events)
    while part := list(islice(rest, size)):
        yield part


def _status(state: EngineState) -> dict[str, Any]:
    return {
        "sequence": state.sequence,
        "clock": instant_text(state.clock_ns),
        "waiting_events": len(state.pending),
        "market_sequence": state.snapshot.sequence,
        "config_hash": state.rules.config_hash,
        "ledger_entries": state.ledger.count,
        "accounts": {
            name: None
            if own.held is None
            else {"standing": own.held.standing.value, "since": instant_text(own.held.since_ns)}
            for name, own in state.accounts.items()
        },
        "open_calls": [name for name, call in sorted(state.calls.items()) if call.state in OPEN],
        "halts": [f"{scope.value} {name}".strip() for scope, name in sorted(state.halts)],
        "missing": {
            name: [list(gap) for gap in progress.missing]
            for name, progress in sorted(state.sources.items())
            if progress.missing
        },
        "mismatched": sorted(state.mismatched),
        "overridden_prices": sorted(state.overrides),
    }
