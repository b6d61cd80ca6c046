"""`crossmargin replay`: the journal from its beginning, and whether all of it holds."""

from typing import Any

from crossmargin.base.failure import Failure
from crossmargin.cli.event_source import last_state, of_journal
from crossmargin.cli.exit_status import ExitStatus
from crossmargin.cli.input_words import Flag
from crossmargin.cli.printing import write_json, write_text
from crossmargin.engine.replay import replay_report
from crossmargin.store.address import store_at
from crossmargin.store.port import Store, StoreDamaged


def replay(store: str, /, *, verify: Flag = False, json: Flag = False) -> int:
    """Apply a journal again from its first event; ends with 3 when a check fails.

    Parameters
    ----------
    store
        A file path or postgresql://...
    verify
        Also check every record of the store, the ledger's chain, and that the incremental figures
        are those of a full recomputation.
    json
        The answer as JSON.
    """
    found = store_at(store)
    try:
        damage = _damage(found) if verify else []
        if damage:
            write_text("".join(f"{failure}\n" for failure in damage))
            return ExitStatus.CHECK_FAILED
        told = of_journal(found)
        events = list(told.events)
        report = replay_report(told.setup, last_state(told), len(events))
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
    whole = report.trial_balance_zero and report.incremental_equals_full
    if verify and not (whole and report.chain_failure is None):
        return ExitStatus.CHECK_FAILED
    return ExitStatus.DONE


def _damage(store: Store) -> list[Failure]:
    try:
        return store.verify()
    except StoreDamaged as damage:
        return list(damage.failures)
