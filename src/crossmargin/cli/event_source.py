"""Where a command's events come from: a file, standard input, or the journal of a store."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import final

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.cli.inputs import input_source
from crossmargin.engine.event import Event
from crossmargin.engine.setup import Settings, Setup
from crossmargin.engine.start import initial_state
from crossmargin.engine.state import EngineState
from crossmargin.engine.window import receive
from crossmargin.store.address import store_at
from crossmargin.store.port import Store, StoreDamaged
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.engine_setup import bundled_setup
from crossmargin.wire.event import read_event, read_events
from crossmargin.wire.journal import read_journal_head

DEFAULT_RECIPES = ("house",)


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Told:
    """Events in the order of their arrival, and the setup under which they are received."""

    setup: Setup
    recipes: tuple[str, ...]
    events: Iterable[Event]


def told_by(
    events: str | None, store: str | None, recipes: Sequence[str], settings: Settings | None = None
) -> Told:
    """Events of a file or of a store's journal. `InputRefused` for both, neither, or a damage."""
    if (events is None) == (store is None):
        message = "say --events or --store: one of them"
        raise InputRefused([Failure(Reason.CONTRADICTION, "--events", message)])
    if store is not None:
        return of_journal(store_at(store), settings)
    names = tuple(recipes) or DEFAULT_RECIPES
    return Told(
        setup=bundled_setup(names, settings), recipes=names, events=events_of_file(str(events))
    )


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


def of_journal(store: Store, settings: Settings | None = None) -> Told:
    """The events of a journal under the setup that its first record names.

    `InputRefused` when the store is damaged or empty, or this program would use another setup.
    """
    try:
        records = list(store.read())
    except StoreDamaged as damage:
        raise InputRefused(damage.failures) from damage
    if not records:
        raise InputRefused([Failure(Reason.MISSING_DATA, "store", "the journal is empty")])
    recipes, config_hash = read_journal_head(records[0].body)
    setup = bundled_setup(recipes, settings)
    own_hash = initial_state(setup).rules.config_hash
    if own_hash != config_hash:
        message = "the journal was written under other recipes, assets or settings than these"
        raise InputRefused([Failure(Reason.CONTRADICTION, "journal[1].config_hash", message)])
    registry = bundled_registry()
    events = [
        read_event(record.body, registry, f"journal[{record.sequence}]") for record in records[1:]
    ]
    return Told(setup=setup, recipes=tuple(recipes), events=events)


def states(told: Told) -> Iterator[EngineState]:
    """The state after each event."""
    state = initial_state(told.setup)
    for event in told.events:
        state, _ = receive(told.setup, state, event)
        yield state


def last_state(told: Told) -> EngineState:
    """The state after all events."""
    state = initial_state(told.setup)
    for event in told.events:
        state, _ = receive(told.setup, state, event)
    return state
