"""Durable appends beside bare inserts of the same bytes, the same batches and the same sync mode.

    python benchmarks/journal_append.py FILE|postgresql://... [RECORDS]

Ours chains each record, holds the writer's token, and for a file says beside it what was
acknowledged and seals each page that it moves. Bare is one table, begin, insert, commit. The two
take turns, so that other load hits them alike; the ratio is what counts (at least 0.4). Last comes
reading back through the chain, beside appending in batches of one.
"""

import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import psycopg

from crossmargin.store.address import store_at
from crossmargin.store.sqlite_schema import PAGE_BYTES

BODY_BYTES = 200
BATCHES = (1, 10, 100, 1_000)
RATIO_LEAST = 0.4


def bare_file(path):
    """Inserts into one table of a SQLite file, flushed at each commit as ours are."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE bare (sequence INTEGER PRIMARY KEY, body BLOB, hash BLOB)")

    def insert(rows):
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO bare VALUES (?, ?, ?)", rows)
        connection.execute("COMMIT")

    return insert


def bare_server(address):
    """Inserts into one table of a database, committed by the server's own settings."""
    connection = psycopg.connect(address)
    connection.execute("DROP TABLE IF EXISTS bare")
    connection.execute("CREATE TABLE bare (sequence bigint PRIMARY KEY, body bytea, hash bytea)")
    connection.commit()

    def insert(rows):
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO bare VALUES (%s, %s, %s)", rows)
        connection.commit()

    return insert


def main(address, records):
    """One line per batch size; the worst ratio decides how it ends."""
    ratios = []
    draw = np.random.default_rng(1)
    bare = bare_server(address) if "://" in address else bare_file(Path(address + "-bare"))
    written, single_us = 0, 0.0
    with closing(store_at(address)) as store:
        fence = store.open("benchmark")
        for batch in BATCHES:
            rounds = max(min(records // batch, 300), 5)
            ours_ns = bare_ns = 0
            for _ in range(rounds):
                bodies = [draw.bytes(BODY_BYTES) for _ in range(batch)]
                rows = [(written + x, body, body[:32]) for x, body in enumerate(bodies, start=1)]
                started = time.perf_counter_ns()
                store.append(fence, bodies)
                between = time.perf_counter_ns()
                bare(rows)
                ended = time.perf_counter_ns()
                ours_ns += between - started
                bare_ns += ended - between
                written += batch
            ours_us, bare_us = (x / rounds / batch / 1e3 for x in (ours_ns, bare_ns))
            single_us = single_us or ours_us
            ratios.append(bare_us / ours_us)
            print(
                f"batch {batch:5d}: ours {ours_us:8.2f} us a record,"
                f" bare {bare_us:8.2f}, ratio {ratios[-1]:.2f}"
            )
        started = time.perf_counter_ns()
        read = sum(1 for _ in store.read())
        read_us = (time.perf_counter_ns() - started) / read / 1e3
        print(f"read back: {read_us:.2f} us a record, {single_us / read_us:.0f} x batch 1")
    return 0 if min(ratios) >= RATIO_LEAST else 3


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100_000))
