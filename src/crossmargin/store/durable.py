"""The live engine on a store: durable before acknowledged, and a snapshot every so often."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import final

from crossmargin.engine.effect import Effect
from crossmargin.engine.event import Event
from crossmargin.engine.setup import Settings
from crossmargin.engine.start import initial_state
from crossmargin.engine.state import EngineState
from crossmargin.engine.window import receive
from crossmargin.store.port import Fence, Store
from crossmargin.store.restart import Restarted, keep_snapshot, restarted
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.engine_setup import bundled_setup
from crossmargin.wire.event import event_line
from crossmargin.wire.journal import journal_head
from crossmargin.wire.setup_words import DEFAULT_WORDS


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DurableRun:
    """A store that is open to write; how many events are made durable at a time, and kept.

    After `snapshot_every` events or more the state is kept; 0: never.
    """

    store: Store
    fence: Fence
    batch: int
    snapshot_every: int


def opened(
    run: DurableRun,
    recipes: tuple[str, ...],
    settings: Settings | None = None,
    words: str = DEFAULT_WORDS,
) -> Restarted:
    """Where the store's journal leads; a new journal begins with the setup of these recipes and
    the words of a setup file.
    """
    if run.store.head().sequence:
        return restarted(run.store, settings)
    setup = bundled_setup(recipes, settings, words)
    state = initial_state(setup)
    run.store.append(run.fence, [journal_head(recipes, state.rules.config_hash, words)])
    return Restarted(
        setup=setup,
        recipes=recipes,
        state=state,
        snapshot_sequence=0,
        events_count=0,
        unusable=(),
    )


def run_batches(
    run: DurableRun, found: Restarted, events: Iterable[Event]
) -> Iterator[tuple[EngineState, tuple[Effect, ...]]]:
    """State and effects after each batch; what is given is in the journal.

    `WriterFenced` once another writer has opened the store, `StoreStopped` when it fails.
    """
    registry = bundled_registry()
    state = found.state
    sequence = run.store.head().sequence
    kept = max(found.snapshot_sequence, 1)
    rest = iter(events)
    while part := list(islice(rest, run.batch)):
        # An event that is known already changes nothing, so nothing of it is kept.
        fresh = [event for event in part if event.event_id not in state.seen]
        if fresh:
            lines = [event_line(event, registry) for event in fresh]
            sequence = run.store.append(run.fence, lines)
        told: list[Effect] = []
        for event in part:
            state, effects = receive(found.setup, state, event)
            told += effects
        yield state, tuple(told)
        if run.snapshot_every and sequence - kept >= run.snapshot_every:
            keep_snapshot(run.store, run.fence, state, sequence)
            kept = sequence
