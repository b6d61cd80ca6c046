"""Where an engine goes on: the newest snapshot that is whole, and the records after it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.engine.event import Event
from crossmargin.engine.setup import Settings, Setup
from crossmargin.engine.snapshot import snapshot_body, state_of
from crossmargin.engine.start import initial_state
from crossmargin.engine.state import EngineState
from crossmargin.engine.window import receive
from crossmargin.store.port import Fence, Store, StoreDamaged
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.engine_setup import bundled_setup
from crossmargin.wire.event import read_event
from crossmargin.wire.journal import read_journal_head


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Restarted:
    """The state after every record of a journal.

    `snapshot_sequence` is the record after which the snapshot stands that it began with, 0 where it
    was the beginning; `events_count` events were applied since. `unusable` names each newer
    snapshot that could not be used, and why.
    """

    setup: Setup
    recipes: tuple[str, ...]
    state: EngineState
    snapshot_sequence: int
    events_count: int
    unusable: tuple[Failure, ...]


def restarted(store: Store, settings: Settings | None = None) -> Restarted:
    """The state that the journal leads to, from the newest snapshot that is whole.

    A damaged snapshot is named and the one before it is used, or none. `InputRefused` where records
    are damaged, the journal is empty, or this program would use another setup.
    """
    setup, recipes = journal_setup(store, settings)
    state, sequence, unusable = _newest_state(store, setup)
    count = 0
    for event in journal_events(store, sequence + 1):
        state, _ = receive(setup, state, event)
        count += 1
    return Restarted(
        setup=setup,
        recipes=recipes,
        state=state,
        snapshot_sequence=sequence,
        events_count=count,
        unusable=unusable,
    )


def journal_setup(store: Store, settings: Settings | None = None) -> tuple[Setup, tuple[str, ...]]:
    """The setup that the first record names, and its recipes; `InputRefused` as `restarted`."""
    try:
        first = next(store.read(), None)
    except StoreDamaged as damage:
        raise InputRefused(damage.failures) from damage
    if first is None:
        raise InputRefused([Failure(Reason.MISSING_DATA, "store", "the journal is empty")])
    recipes, config_hash, words = read_journal_head(first.body)
    setup = bundled_setup(recipes, settings, words)
    if initial_state(setup).rules.config_hash != config_hash:
        message = "the journal was written under other recipes, assets or settings than these"
        raise InputRefused([Failure(Reason.CONTRADICTION, "journal[1].config_hash", message)])
    return setup, recipes


def journal_events(store: Store, from_sequence: int = 2) -> Iterator[Event]:
    """Events of a journal from a record on; `InputRefused` at the first record that is wrong."""
    registry = bundled_registry()
    try:
        for record in store.read(max(from_sequence, 2)):
            yield read_event(record.body, registry, f"journal[{record.sequence}]")
    except StoreDamaged as damage:
        raise InputRefused(damage.failures) from damage


def keep_snapshot(store: Store, fence: Fence, state: EngineState, sequence: int) -> None:
    """Keep the state after the record `sequence`, durable when this returns."""
    store.snapshot_write(fence, sequence, snapshot_body(state))


def _newest_state(store: Store, setup: Setup) -> tuple[EngineState, int, tuple[Failure, ...]]:
    """State and record of the newest usable snapshot, or of none; what is wrong with newer ones."""
    unusable: list[Failure] = []
    try:
        newest = store.snapshot_newest()
    except StoreDamaged as damage:
        unusable += damage.failures
    else:
        if newest is None:
            return initial_state(setup), 0, ()
    try:
        sequences = store.snapshot_sequences()
    except StoreDamaged as damage:
        sequences = ()
        unusable += damage.failures
    for sequence in sequences:
        try:
            found = _state_after(store, setup, sequence)
        except (StoreDamaged, InputRefused) as wrong:
            unusable += [_named(failure, sequence) for failure in wrong.failures]
            continue
        return found, sequence, tuple(dict.fromkeys(unusable))
    return initial_state(setup), 0, tuple(dict.fromkeys(unusable))


def _state_after(store: Store, setup: Setup, sequence: int) -> EngineState:
    where = f"snapshot[{sequence}]"
    snapshot = store.snapshot_newest(before_sequence=sequence + 1)
    if snapshot is None or snapshot.sequence != sequence:
        raise StoreDamaged([Failure(Reason.MISSING_DATA, where, "it is gone")])
    return state_of(setup, snapshot.body, where)


def _named(failure: Failure, sequence: int) -> Failure:
    """A failure that names its snapshot: a database that cannot read a row names only itself."""
    if failure.where.startswith("snapshot["):
        return failure
    return Failure(failure.reason, f"snapshot[{sequence}]", f"{failure.where}: {failure.message}")
