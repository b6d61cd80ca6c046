"""A disk that fails at the n-th call: acknowledging stops, reading goes on, nothing is lost.

    LD_PRELOAD=SHIM python -m tests.store.disk_faults FOLDER CALLS

For ENOSPC and EIO, and for each n from 1 to CALLS, a writer of a fresh file journal whose n-th
write or flush fails. Prints one JSON object; ends with 1 when a promise was broken.
"""

import ctypes
import errno
import json
import os
import sys
from contextlib import closing, suppress
from pathlib import Path

from crossmargin.store import sqlite_writer
from crossmargin.store.address import store_at
from crossmargin.store.port import StoreStopped
from tests.store.kill_points import LOG_BYTES, body, broken_promises, state

APPENDS = 120


def write_until_stopped(address: str, broken: list[str]) -> tuple[int, int, bool]:
    """Write on a disk that is about to fail: the last acknowledged record and snapshot, stopped."""
    shim = ctypes.CDLL(None)
    sqlite_writer.LOG_BYTES_MOST = LOG_BYTES
    last, snapshot = 0, 0
    with closing(store_at(address)) as store:
        try:
            fence = store.open("writer")
            for _ in range(APPENDS):
                last = store.append(fence, [body(x, last + 3) for x in range(last + 1, last + 4)])
                if last % 15 == 0:
                    store.snapshot_write(fence, last, state(last))
                    snapshot = last
                if shim.has_failed():
                    broken.append(f"acknowledged {last} after the disk had failed")
        except StoreStopped:
            if last:
                broken += still_acknowledged(store, fence, last)
            return last, snapshot, True
    return last, snapshot, False


def still_acknowledged(store, fence, last: int) -> list[str]:
    """After the stop: the next append is refused, and every acknowledged record can be read."""
    broken = []
    with suppress(StoreStopped):
        broken.append(f"appended {store.append(fence, [b'more'])} after it had stopped")
    read = [x.body for x in store.read()][:last]
    if read != [body(x, (x + 2) // 3 * 3) for x in range(1, last + 1)]:
        broken.append(f"of {last} acknowledged records {len(read)} could be read after the stop")
    return broken


def failing(folder: Path, calls: int) -> dict[str, object]:
    """Every call from 1 to `calls`, with both errors, in a process of its own each."""
    broken, stopped, runs = [], 0, 0
    for error in (errno.ENOSPC, errno.EIO):
        for number in range(1, calls + 1):
            address = str(folder / f"{errno.errorcode[error]}-{number}.db")
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                found = []
                ctypes.CDLL(None).fail_at_call(number, error)
                result = write_until_stopped(address, found)
                ctypes.CDLL(None).fail_at_call(0, 0)
                os.write(writing, json.dumps([*result, found]).encode())
                os._exit(0)
            os.close(writing)
            with os.fdopen(reading, "rb") as told:
                said = told.read()
            os.waitpid(child, 0)
            runs += 1
            if not said:
                broken.append(f"{address}: the writer did not end by itself")
                continue
            last, snapshot, has_stopped, found = json.loads(said)
            stopped += has_stopped
            if Path(address).exists() and last:
                found += broken_promises(address, last, snapshot)
            with closing(store_at(address)) as store:
                fence = store.open("next")
                if store.append(fence, [b"goes on"]) < last + 1:
                    found.append("opened again, it goes on before what was acknowledged")
            broken += [f"{Path(address).name}: {x}" for x in found]
    return {"runs": runs, "stopped": stopped, "broken": broken}


if __name__ == "__main__":
    shown = failing(Path(sys.argv[1]), int(sys.argv[2]))
    print(json.dumps(shown))
    sys.exit(1 if shown["broken"] else 0)
