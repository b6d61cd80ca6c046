"""Live engines killed with signal 9 between any two of their writes, snapshots among them.

    python -m tests.store.engine_kills ADDRESS POINTS SEED

Each engine restarts from the newest snapshot and the tail, takes some more events of the bundled
day, and is killed at a drawn moment. After each: the state is that of a replay of the same events,
every acknowledged event is in it, and no snapshot is damaged. Prints one JSON object; ends with 1
when a promise was broken.
"""

import json
import os
import signal
import struct
import sys
import time
from collections.abc import Callable
from contextlib import closing

import numpy as np

from crossmargin.engine.start import initial_state
from crossmargin.engine.state_hash import state_hash
from crossmargin.engine.window import receive
from crossmargin.store.address import store_at
from crossmargin.store.durable import DurableRun, opened, run_batches
from crossmargin.store.restart import restarted
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.engine_setup import bundled_setup
from crossmargin.wire.event import read_events
from tests.style.sources import ROOT

RECIPES = ("house",)
EVENTS_MOST = 120
ACK = struct.Struct("=Q")


def day_events():
    """The first events of the bundled day."""
    data = (ROOT / "examples" / "crash-day.jsonl").read_bytes()
    return read_events(data, bundled_registry())[:EVENTS_MOST]


def day_hashes(events):
    """The hash of the state after each number of events."""
    setup = bundled_setup(RECIPES)
    state = initial_state(setup)
    found = [state_hash(state)]
    for event in events:
        state, _ = receive(setup, state, event)
        found.append(state_hash(state))
    return found


def run_engine(address: str, events, acks: int, seed: int) -> None:
    """Take events in small batches, with a snapshot after nearly each, and say what is durable."""
    draw = np.random.default_rng(seed)
    with closing(store_at(address)) as store:
        run = DurableRun(
            store=store,
            fence=store.open("engine"),
            batch=int(draw.integers(1, 5)),
            snapshot_every=int(draw.integers(1, 6)),
        )
        for _ in run_batches(run, opened(run, RECIPES), events):
            os.write(acks, ACK.pack(store.head().sequence - 1))


def killed_once(address: str, events, draw) -> int:
    """Run one engine until it is killed or done; the events that it acknowledged."""
    reading, writing = os.pipe()
    seed, wait = int(draw.integers(2**31)), int(draw.integers(0, 12))
    wait_ns = int(draw.integers(0, 6_000_000))
    child = os.fork()
    if child == 0:
        os.close(reading)
        run_engine(address, events, writing, seed)
        os._exit(0)
    os.close(writing)
    told = b""
    with os.fdopen(reading, "rb", buffering=0) as acks:
        while len(told) < wait * ACK.size and (part := acks.read(ACK.size)):
            told += part
        until = time.perf_counter_ns() + wait_ns
        while time.perf_counter_ns() < until:
            pass
        os.kill(child, signal.SIGKILL)
        told += acks.read()
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) not in (0, -signal.SIGKILL):
        raise SystemExit(f"the engine ended by itself: {status}")
    whole = len(told) // ACK.size * ACK.size
    return int(ACK.unpack(told[whole - ACK.size : whole])[0]) if whole else 0


def broken_promises(address: str, acknowledged: int, hashes) -> tuple[int, list[str]]:
    """Events in the journal after an engine was killed, and what is not as it was promised."""
    with closing(store_at(address)) as store:
        if store.head().sequence == 0:
            return 0, []
        broken = [str(failure) for failure in store.verify()]
        count = store.head().sequence - 1
        if broken:
            return count, broken
        found = restarted(store)
    broken += [str(failure) for failure in found.unusable]
    if count < acknowledged:
        broken.append(f"{acknowledged} events were acknowledged, {count} are there")
    if state_hash(found.state) != hashes[count]:
        broken.append(f"after {count} events the restart gives another state")
    return count, broken


def run(places: Callable[[int], str], points: int, seed: int) -> dict[str, object]:
    """Kill so many engines; at the end of the day its store is left and the next place begun."""
    draw = np.random.default_rng(seed)
    events = day_events()
    hashes = day_hashes(events)
    broken: list[str] = []
    days, acknowledged, from_snapshot = 0, 0, 0
    address = places(0)
    for number in range(points):
        acknowledged = max(acknowledged, killed_once(address, events, draw))
        count, found = broken_promises(address, acknowledged, hashes)
        broken += [f"point {number}: {x}" for x in found]
        if found:
            break
        with closing(store_at(address)) as store:
            from_snapshot += bool(store.snapshot_sequences())
        if count == len(events):
            days, acknowledged = days + 1, 0
            address = places(days)
    return {
        "points": points,
        "seed": seed,
        "restarts_from_a_snapshot": from_snapshot,
        "whole_days": days,
        "broken": broken,
    }


if __name__ == "__main__":
    place, points_text, seed_text = sys.argv[1:]
    shown = run(lambda day: f"{place}-{day}", int(points_text), int(seed_text))
    print(json.dumps(shown))
    sys.exit(1 if shown["broken"] else 0)
