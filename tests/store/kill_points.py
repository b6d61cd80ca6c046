"""Writers killed with signal 9 at drawn moments: what they acknowledged must be there, whole.

    python -m tests.store.kill_points ADDRESS POINTS SEED [--shim]

One process without threads forks a writer per point, kills it, and looks at what is stored. With
`disk_shim.c` loaded before everything else the writer of point n begins a journal of its own and
is killed at its n-th call that changes a file, half of the bytes written. Prints one JSON object;
ends with 1 when a promise was broken.
"""

import ctypes
import json
import os
import signal
import struct
import sys
import time
from contextlib import closing
from itertools import count

import numpy as np

from crossmargin.store import sqlite_writer
from crossmargin.store.address import store_at

ACK = struct.Struct("=QQ")
LOG_BYTES = 48 * 1024
"""A short log, so that many points fall into its move to the file."""


def body(sequence: int, last_of_batch: int) -> bytes:
    """What record `sequence` says, made from its number."""
    return json.dumps([sequence, last_of_batch, "x" * (sequence * 37 % 301)]).encode()


def state(sequence: int) -> bytes:
    """What the snapshot after record `sequence` says."""
    return b"state %d " % sequence * (sequence % 400 + 1)


def write_for_ever(address: str, acks: int, seed: int) -> None:
    """Append, keep snapshots, close and open again, and say what was acknowledged."""
    draw = np.random.default_rng(seed)
    sqlite_writer.LOG_BYTES_MOST = LOG_BYTES
    store = store_at(address)
    fence = store.open("writer")
    last, snapshot = store.head().sequence, 0
    for number in count(1):
        size = int(draw.integers(1, 9))
        batch = range(last + 1, last + size + 1)
        last = store.append(fence, [body(x, last + size) for x in batch])
        os.write(acks, ACK.pack(last, snapshot))
        if number % 5 == 0:
            store.snapshot_write(fence, last, state(last))
            snapshot = last
            os.write(acks, ACK.pack(last, snapshot))
        if number % 13 == 0:
            store.close()
            fence = store.open("writer")


def killed_once(address: str, draw, number: int, shim: bool) -> tuple[int, int]:
    """Run one writer to its end; the last record and snapshot that it acknowledged (0 = none)."""
    reading, writing = os.pipe()
    seed = int(draw.integers(2**31))
    wait_acks, wait_ns = int(draw.integers(0, 40)), int(draw.integers(0, 3_000_000))
    child = os.fork()
    if child == 0:
        os.close(reading)
        if shim:
            arm(1 + number)
        try:
            write_for_ever(address, writing, seed)
        finally:
            os._exit(70)
    os.close(writing)
    with os.fdopen(reading, "rb", buffering=0) as acks:
        told = b""
        while not shim and len(told) < wait_acks * ACK.size and (part := acks.read(ACK.size)):
            told += part
        until = time.perf_counter_ns() + wait_ns
        while not shim and time.perf_counter_ns() < until:
            pass
        if not shim:
            os.kill(child, signal.SIGKILL)
        told += acks.read()
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
        raise SystemExit(f"the writer of point {number} ended by itself: {status}")
    whole = len(told) // ACK.size * ACK.size
    return ACK.unpack(told[whole - ACK.size : whole]) if whole else (0, 0)


def arm(calls: int) -> None:
    """Tell the shim at which call of this process to kill it."""
    ctypes.CDLL(None).kill_at_call(calls)


def broken_promises(address: str, acknowledged: int, snapshot: int) -> list[str]:
    """What is not as it was promised after a writer was killed."""
    with closing(store_at(address)) as store:
        broken = [str(failure) for failure in store.verify()]
        records = list(store.read()) if not broken else []
        newest = store.snapshot_newest() if not broken else None
    if broken:
        return broken
    last = records[-1].sequence if records else 0
    if last < acknowledged:
        broken.append(f"acknowledged {acknowledged}, stored {last}")
    said = [json.loads(x.body)[:2] for x in records]
    broken += [
        f"record {x.sequence} says {y}"
        for x, y in zip(records, said, strict=True)
        if x.sequence != y[0] or x.body != body(*y)
    ]
    if records and said[-1][1] != last:
        broken.append(f"a batch up to {said[-1][1]} is stored up to {last}")
    kept = newest.sequence if newest else 0
    if kept < snapshot or (newest and newest.body != state(kept)):
        broken.append(f"snapshot {snapshot} was acknowledged, the newest is {kept}")
    return broken


def run(begin: str, points: int, seed: int, shim: bool) -> dict[str, object]:
    """Kill so many writers; what was acknowledged, what more was there, what was broken."""
    draw = np.random.default_rng(seed)
    broken: list[str] = []
    address, records = begin, 0
    acknowledged, snapshot, beyond = 0, 0, 0
    for number in range(points):
        if shim:
            address, acknowledged, snapshot = f"{begin}-{number}", 0, 0
        last, kept = killed_once(address, draw, number, shim)
        acknowledged, snapshot = max(last, acknowledged), max(kept, snapshot)
        if shim or acknowledged == 0:
            # Torn while it was written, or killed while it was made: the next writer mends it.
            with closing(store_at(address)) as store:
                store.open("next")
        found = broken_promises(address, acknowledged, snapshot)
        broken += [f"point {number}: {x}" for x in found]
        if found:
            break
        with closing(store_at(address)) as store:
            stored = store.head().sequence
        beyond += stored > acknowledged
        acknowledged = stored
        records += stored if shim else 0
    return {
        "points": points,
        "seed": seed,
        "records": records or acknowledged,
        "points_with_whole_unacknowledged_records": beyond,
        "broken": broken,
    }


if __name__ == "__main__":
    place, points_text, seed_text, *rest = sys.argv[1:]
    shown = run(place, int(points_text), int(seed_text), shim=bool(rest))
    print(json.dumps(shown))
    sys.exit(1 if shown["broken"] else 0)
