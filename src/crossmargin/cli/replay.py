"""`crossmargin replay`: the journal from its beginning, and whether all of it holds."""

import sys
from typing import Any

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.cli.exit_status import ExitStatus
from crossmargin.cli.input_words import Flag
from crossmargin.cli.printing import write_json, write_text
from crossmargin.engine.replay import replay_report
from crossmargin.engine.setup import Setup
from crossmargin.engine.snapshot import state_of
from crossmargin.engine.start import initial_state
from crossmargin.engine.state import EngineState
from crossmargin.engine.state_hash import state_hash
from crossmargin.engine.window import receive
from crossmargin.store.address import store_at
from crossmargin.store.port import Store, StoreDamaged
from crossmargin.store.restart import journal_events, journal_setup


def replay(store: str, /, *, verify: Flag = False, json: Flag = False) -> int:
    """Apply a journal again from its first event; ends with 3 when a check fails.

    Parameters
    ----------
    store
        A file path or postgresql://...
    verify
        Also check every record of the store, the ledger's chain, that each snapshot is the state
        there, and that the incremental figures are those of a full recomputation.
    json
        The answer as JSON.
    """
    found = store_at(store)
    try:
        damage = _damage(found) if verify else []
        if damage:
            write_text("".join(f"{failure}\n" for failure in damage))
            return ExitStatus.CHECK_FAILED
        setup, _ = journal_setup(found)
        state, count, wrong = _replayed(found, setup, snapshots=verify)
        report = replay_report(setup, state, count)
        values: dict[str, Any] = {
            "events": report.events,
            "state_hash": report.state_hash,
            "journal_head": found.head().hash.hex(),
            "trial_balance_zero": report.trial_balance_zero,
            "incremental_equals_full": report.incremental_equals_full,
        }
    finally:
        found.close()
    if json:
        write_json(values)
    else:
        write_text("".join(f"{name}: {value}\n" for name, value in values.items()))
    sys.stderr.write("".join(f"{failure}\n" for failure in wrong))
    whole = not wrong and report.trial_balance_zero and report.incremental_equals_full
    if verify and not (whole and report.chain_failure is None):
        return ExitStatus.CHECK_FAILED
    return ExitStatus.DONE


def _replayed(
    store: Store, setup: Setup, *, snapshots: bool
) -> tuple[EngineState, int, list[Failure]]:
    """State after all events, how many, and snapshots that are not the state at their place."""
    state, count = initial_state(setup), 0
    kept = frozenset(store.snapshot_sequences() if snapshots else ())
    wrong: list[Failure] = []
    if 1 in kept:
        wrong += _snapshot_failures(store, setup, 1, state)
    for record, event in enumerate(journal_events(store), start=2):
        state, _ = receive(setup, state, event)
        count += 1
        if record in kept:
            wrong += _snapshot_failures(store, setup, record, state)
    return state, count, wrong


def _snapshot_failures(
    store: Store, setup: Setup, sequence: int, state: EngineState
) -> tuple[Failure, ...]:
    where = f"snapshot[{sequence}]"
    try:
        kept = store.snapshot_newest(before_sequence=sequence + 1)
        own = None if kept is None else state_hash(state_of(setup, kept.body, where))
    except (StoreDamaged, InputRefused) as wrong:
        # A snapshot of another version is no damage: a restart names it and uses none.
        return tuple(x for x in wrong.failures if x.reason is not Reason.UNSUPPORTED)
    if own == state_hash(state):
        return ()
    message = "it is another state than the one that the journal leads to"
    return (Failure(Reason.CONTRADICTION, where, message),)


def _damage(store: Store) -> list[Failure]:
    try:
        return store.verify()
    except StoreDamaged as damage:
        return list(damage.failures)
