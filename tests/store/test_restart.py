"""Restart = newest whole snapshot + tail, on both stores, whatever happened to the snapshots."""

from contextlib import closing
from functools import cache

import pytest
import sqlalchemy as sa

from crossmargin.base.failure import InputRefused
from crossmargin.engine.event import Event
from crossmargin.engine.snapshot import snapshot_body
from crossmargin.engine.start import initial_state
from crossmargin.engine.state_hash import state_hash
from crossmargin.engine.window import receive
from crossmargin.store.address import store_at
from crossmargin.store.durable import DurableRun, opened, run_batches
from crossmargin.store.port import WriterFenced
from crossmargin.store.restart import Restarted, keep_snapshot, restarted
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.engine_setup import bundled_setup
from crossmargin.wire.event import read_events
from tests.style.sources import ROOT

RECIPES = ("house",)
DAY = ROOT / "examples" / "crash-day.jsonl"
EVENTS = 40


@cache
def _events() -> tuple[Event, ...]:
    return tuple(read_events(DAY.read_bytes(), bundled_registry())[:EVENTS])


@cache
def _hashes() -> tuple[str, ...]:
    """The hash of the state after each number of events, from the first event on."""
    setup = bundled_setup(RECIPES)
    state = initial_state(setup)
    found = [state_hash(state)]
    for event in _events():
        state, _ = receive(setup, state, event)
        found.append(state_hash(state))
    return tuple(found)


def _run(address: str, count: int, every: int, batch: int = 7) -> None:
    with closing(store_at(address)) as store:
        run = DurableRun(store=store, fence=store.open("run"), batch=batch, snapshot_every=every)
        for _ in run_batches(run, opened(run, RECIPES), _events()[:count]):
            pass


def _restart(address: str) -> Restarted:
    with closing(store_at(address)) as store:
        return restarted(store)


@pytest.mark.parametrize("every", [0, 1, 15])
def test_a_restart_gives_the_state_of_a_full_replay(address: str, every: int) -> None:
    _run(address, 25, every)
    found = _restart(address)
    assert state_hash(found.state) == _hashes()[25]
    assert found.unusable == ()
    assert bool(found.snapshot_sequence) == bool(every)
    # Record 1 is the head: the snapshot stands after a record, the events after it are the tail.
    assert found.events_count == 26 - (found.snapshot_sequence or 1)
    _run(address, EVENTS, every)
    assert state_hash(_restart(address).state) == _hashes()[EVENTS]


def test_a_writer_that_dies_between_the_journal_and_the_snapshot_loses_nothing(
    address: str,
) -> None:
    with closing(store_at(address)) as store:
        run = DurableRun(store=store, fence=store.open("run"), batch=10, snapshot_every=10)
        batches = run_batches(run, opened(run, RECIPES), _events())
        next(batches)
        next(batches)
        # The second batch is acknowledged, its snapshot was never written.
        assert store.snapshot_sequences() == (11,)
        batches.close()
    found = _restart(address)
    assert (found.snapshot_sequence, found.events_count) == (11, 10)
    assert state_hash(found.state) == _hashes()[20]


def _damage(address: str, sequence: int, place: int) -> None:
    """Change one byte of a snapshot, past every guard that the store has."""
    with closing(store_at(address)) as store:
        body = store.snapshot_newest(before_sequence=sequence + 1).body
    changed = bytearray(body)
    changed[place] ^= 1
    if address.startswith("postgresql"):
        url = sa.make_url(address).set(drivername="postgresql+psycopg")
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql("SET session_replication_role TO replica")
            query = "UPDATE snapshot SET body = %s WHERE sequence = %s"
            connection.exec_driver_sql(query, (bytes(changed), sequence))
        engine.dispose()
        return
    # The first bytes say which snapshot it is; the others lie behind them until the page ends.
    with open(address, "r+b") as file:  # noqa: PTH123 - in place
        content = file.read()
        begin = content.index(body[:200])
        file.seek(begin + place)
        file.write(changed[place : place + 1])


def test_a_damaged_snapshot_is_named_and_the_one_before_it_is_used(address: str) -> None:
    _run(address, 30, 14)
    with closing(store_at(address)) as store:
        newest, before, *_ = store.snapshot_sequences()
    _damage(address, newest, 150)
    found = _restart(address)
    assert found.snapshot_sequence == before
    assert {failure.where for failure in found.unusable} == {f"snapshot[{newest}]"}
    assert state_hash(found.state) == _hashes()[30]
    with closing(store_at(address)) as store:
        assert f"snapshot[{newest}]" in {failure.where for failure in store.verify()}
    # It goes on, and the next snapshot is whole again.
    _run(address, EVENTS, 14)
    assert _restart(address).unusable == ()
    assert state_hash(_restart(address).state) == _hashes()[EVENTS]


def test_without_a_whole_snapshot_the_whole_journal_is_read(address: str) -> None:
    _run(address, 30, 14)
    with closing(store_at(address)) as store:
        sequences = store.snapshot_sequences()
    for sequence in sequences:
        _damage(address, sequence, 30)
    found = _restart(address)
    assert (found.snapshot_sequence, found.events_count) == (0, 30)
    assert {failure.where for failure in found.unusable} == {f"snapshot[{x}]" for x in sequences}
    assert state_hash(found.state) == _hashes()[30]


def test_a_body_that_is_whole_but_no_state_is_named_too(address: str) -> None:
    _run(address, 20, 0)
    with closing(store_at(address)) as store:
        store.snapshot_write(store.open("other"), 15, b"something else")
    found = _restart(address)
    assert {failure.where for failure in found.unusable} == {"snapshot[15]"}
    assert state_hash(found.state) == _hashes()[20]


def test_an_older_writer_keeps_no_snapshot(address: str) -> None:
    _run(address, 20, 0)
    with closing(store_at(address)) as store, closing(store_at(address)) as other:
        old = store.open("old")
        state = restarted(store).state
        other.open("new")
        with pytest.raises(WriterFenced):
            keep_snapshot(store, old, state, 21)


def test_a_snapshot_is_kept_once_and_never_replaced(address: str) -> None:
    _run(address, 20, 0)
    with closing(store_at(address)) as store:
        fence = store.open("writer")
        state = restarted(store).state
        keep_snapshot(store, fence, state, 21)
        keep_snapshot(store, fence, state, 21)
        with pytest.raises(ValueError, match="already"):
            store.snapshot_write(fence, 21, snapshot_body(state) + b" ")
        with pytest.raises(ValueError, match="already"):
            keep_snapshot(store, fence, state, 20)
        assert store.snapshot_sequences() == (21,)


def test_an_empty_journal_is_no_place_to_start(address: str) -> None:
    with pytest.raises(InputRefused, match="empty"):
        _restart(address)
