"""`crossmargin engine`: events in, effects out; and where everything stands."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from crossmargin.action.call import OPEN
from crossmargin.base.exact import parse_decimal
from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.base.instant import instant_text
from crossmargin.cli.event_source import (
    DEFAULT_RECIPES,
    events_of_file,
    setup_text,
    stands_at,
    tell_unusable,
)
from crossmargin.cli.input_words import EventsOption
from crossmargin.cli.printing import write_json, write_text
from crossmargin.engine.effect import Effect
from crossmargin.engine.event_control import ClockTick, ParameterChanged
from crossmargin.engine.preview import consequences
from crossmargin.engine.pricing import NOTHING_SAID
from crossmargin.engine.replay import question
from crossmargin.engine.rules import with_changes
from crossmargin.engine.setup import Settings
from crossmargin.engine.start import initial_state
from crossmargin.engine.state_hash import state_hash
from crossmargin.engine.window import receive
from crossmargin.store.address import store_at
from crossmargin.store.durable import DurableRun, opened, run_batches
from crossmargin.store.port import Fence, Store, StoreDamaged, StoreStopped, WriterFenced
from crossmargin.store.restart import Restarted, journal_setup, keep_snapshot, restarted
from crossmargin.wire.effect import effect_line, plain_values
from crossmargin.wire.engine_setup import bundled_setup

WRITER = "crossmargin engine run"


def engine(
    action: Literal["run", "status", "snapshot", "preview"],
    /,
    *,
    events: EventsOption = None,
    store: str | None = None,
    recipe: tuple[str, ...] = (),
    batch: int = 256,
    check_every: int = 0,
    snapshot_every: int = 10_000,
    change: tuple[str, ...] = (),
    setup: str | None = None,
) -> None:
    """Run events through the live engine, say where everything stands, keep a snapshot of it, or
    say what other parameters would do.

    Parameters
    ----------
    action
        run: apply events and print their effects, one JSON object a line. status: what is known.
        snapshot: keep the state in the store now; it becomes the writer for that. preview: who
        would be called and liquidated if parameters were others now; nothing changes.
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
    snapshot_every
        After each so many events the state is kept in the store; 0: never.
    change
        For preview: recipe.parameter=value.
    setup
        A file that says who prices what and which breakers there are; a journal keeps its own.
    """
    words = setup_text(setup)
    if action == "status":
        write_json(_status(stands_at(events, store, recipe, words), of_store=store is not None))
        return
    if action == "preview":
        write_json(_preview(stands_at(events, store, recipe, words), change))
        return
    if action == "snapshot":
        write_json(_kept_now(store))
        return
    _refuse_below(
        batch=(batch, 1), check_every=(check_every, 0), snapshot_every=(snapshot_every, 0)
    )
    settings = Settings(sample_every=check_every)
    if events is None:
        message = "run needs events: a file, or - for standard input"
        raise InputRefused([Failure(Reason.MISSING_FIELD, "--events", message)])
    names = tuple(recipe) or DEFAULT_RECIPES
    arriving = events_of_file(events)
    if store is None:
        own_setup = bundled_setup(names, settings, words)
        state = initial_state(own_setup)
        for event in arriving:
            state, effects = receive(own_setup, state, event)
            _print(effects)
        return
    with _writing(store_at(store)) as (own, fence):
        run = DurableRun(store=own, fence=fence, batch=batch, snapshot_every=snapshot_every)
        found = opened(run, names, settings, words)
        tell_unusable(found)
        for _, effects in run_batches(run, found, arriving):
            _print(effects)


def _refuse_below(**numbers: tuple[int, int]) -> None:
    """Refuse an option whose number is below its least one."""
    for name, (number, least) in numbers.items():
        if number < least:
            message = f"{number} is not at least {least}"
            option = f"--{name.replace('_', '-')}"
            raise InputRefused([Failure(Reason.OUT_OF_BOUNDS, option, message)])


def _kept_now(address: str | None) -> dict[str, Any]:
    if address is None:
        message = "snapshot needs a store"
        raise InputRefused([Failure(Reason.MISSING_FIELD, "--store", message)])
    journal = store_at(address)
    journal_setup(journal)
    with _writing(journal) as (store, fence):
        found = restarted(store)
        tell_unusable(found)
        sequence = store.head().sequence
        keep_snapshot(store, fence, found.state, sequence)
    return {"snapshot": sequence, "state_hash": state_hash(found.state)}


def _preview(found: Restarted, words: tuple[str, ...]) -> dict[str, Any]:
    """What parameters that were others now would do, beside those that are changed already."""
    state = found.state
    changed = [_change_of(word, state.clock_ns) for word in words]
    if not changed:
        message = "preview needs a change: recipe.parameter=value"
        raise InputRefused([Failure(Reason.MISSING_FIELD, "--change", message)])
    told = consequences(
        found.setup,
        state,
        question(state, ClockTick(), 0),
        with_changes(state.rules.changes, changed),
    )
    return {
        "market_sequence": state.snapshot.sequence,
        "clock": instant_text(state.clock_ns),
        "consequences": [plain_values(own) for own in told],
    }


def _change_of(word: str, effective_ns: int) -> ParameterChanged:
    name, _, text = word.partition("=")
    recipe, _, parameter = name.partition(".")
    value = parse_decimal(text)
    if not recipe or not parameter or value is None:
        message = f"{word!r} is not recipe.parameter=value"
        raise InputRefused([Failure(Reason.OUT_OF_BOUNDS, "--change", message)])
    return ParameterChanged(
        recipe=recipe, parameter=parameter, value=value, effective_ns=effective_ns
    )


@contextmanager
def _writing(store: Store) -> Iterator[tuple[Store, Fence]]:
    """The store with the right to write to it; closed whatever happens."""
    try:
        yield store, store.open(WRITER)
    except StoreDamaged as damage:
        raise InputRefused(damage.failures) from damage
    except (StoreStopped, WriterFenced) as stopped:
        failure = Failure(Reason.MISSING_DATA, "store", str(stopped))
        raise InputRefused([failure]) from stopped
    finally:
        store.close()


def _print(effects: Iterable[Effect]) -> None:
    write_text("".join(f"{effect_line(effect)}\n" for effect in effects))
    sys.stdout.flush()


def _status(found: Restarted, *, of_store: bool) -> dict[str, Any]:
    state = found.state
    restart = {
        "snapshot": found.snapshot_sequence or None,
        "events_since": found.events_count,
        "alarms": [str(failure) for failure in found.unusable],
    }
    return {
        **({"restart": restart} if of_store else {}),
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
            for name, own in state.accounts.under_items()
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
        "prices": {
            "trusted": sorted(found.setup.prices.trusted),
            "policies": {
                asset: None if own.fused is None else own.fused.state.value
                for asset in sorted(found.setup.prices.policies)
                for own in [state.prices.get(asset, NOTHING_SAID)]
            },
        },
        "breakers_tripped": sorted(
            name for name, own in state.breakers.items() if own.tripped_ns is not None
        ),
    }
