"""Where a command's events come from: a file, standard input, or the journal of a store."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.cli.inputs import input_source
from crossmargin.engine.event import Event
from crossmargin.engine.setup import Setup
from crossmargin.engine.start import initial_state
from crossmargin.engine.state import EngineState
from crossmargin.engine.window import receive
from crossmargin.store.address import store_at
from crossmargin.store.restart import Restarted, journal_events, journal_setup, restarted
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.engine_setup import bundled_setup
from crossmargin.wire.event import read_events
from crossmargin.wire.setup_words import DEFAULT_WORDS

DEFAULT_RECIPES = ("house",)


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Told:
    """All events in the order of their arrival, and the setup under which they are received."""

    setup: Setup
    events: Iterable[Event]


def told_by(
    events: str | None,
    store: str | None,
    recipes: Sequence[str],
    words: str = DEFAULT_WORDS,
) -> Told:
    """Events of a file or of a store's journal. `InputRefused` for both, neither, or a damage."""
    if store is None or events is not None:
        _one_of(events, store)
        setup = bundled_setup(tuple(recipes) or DEFAULT_RECIPES, words=words)
        return Told(setup=setup, events=events_of_file(str(events)))
    journal = store_at(store)
    setup, _ = journal_setup(journal)
    return Told(setup=setup, events=journal_events(journal))


def setup_text(path: str | None) -> str:
    """The text of a setup file, that of the package for None; `InputRefused` when unreadable."""
    if path is None:
        return DEFAULT_WORDS
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is no text"
        raise InputRefused([Failure(Reason.MISSING_DATA, path, reason)]) from error


def stands_at(
    events: str | None,
    store: str | None,
    recipes: Sequence[str],
    words: str = DEFAULT_WORDS,
) -> Restarted:
    """The state after all events of a file, or of a store from its newest whole snapshot on.

    What is wrong with a newer snapshot is said on standard error. `InputRefused` as `told_by`.
    """
    if store is None or events is not None:
        told = told_by(events, store, recipes, words)
        state = initial_state(told.setup)
        for event in told.events:
            state, _ = receive(told.setup, state, event)
        return Restarted(
            setup=told.setup,
            recipes=tuple(recipes) or DEFAULT_RECIPES,
            state=state,
            snapshot_sequence=0,
            events_count=state.sequence,
            unusable=(),
        )
    found = restarted(store_at(store))
    tell_unusable(found)
    return found


def tell_unusable(found: Restarted) -> None:
    """Say on standard error which snapshots could not be used, and what was used in their place."""
    used = (
        f"snapshot[{found.snapshot_sequence}]" if found.snapshot_sequence else "the whole journal"
    )
    for failure in found.unusable:
        sys.stderr.write(f"ALARM {failure}; {used} was used\n")


def events_of_file(path: str) -> list[Event]:
    """All events of a file, or of standard input for `-`; `InputRefused` with all faulty lines."""
    source = input_source(path)
    if not isinstance(source, bytes):
        try:
            source = source.read_bytes()
        except OSError as error:
            reason = error.strerror or "cannot be read"
            failure = Failure(Reason.MISSING_DATA, path, reason)
            raise InputRefused([failure]) from error
    return read_events(source, bundled_registry())


def states(told: Told) -> Iterator[EngineState]:
    """The state after each event."""
    state = initial_state(told.setup)
    for event in told.events:
        state, _ = receive(told.setup, state, event)
        yield state


def _one_of(events: str | None, store: str | None) -> None:
    if (events is None) == (store is None):
        message = "say --events or --store: one of them"
        raise InputRefused([Failure(Reason.CONTRADICTION, "--events", message)])
