"""Bytes of a stored journal, changed one at a time: is every change found?

    python -m tests.store.flips FOLDER COUNT SEED

Two thirds in the files of a closed journal, one third in those of a killed writer's. Prints one
JSON object; ends with 1 when a change was not found, or was read as if it were none.
"""

import json
import shutil
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from crossmargin.store.address import store_at
from crossmargin.store.port import StoreDamaged

RECORDS = 60
SNAPSHOTS = (20, 50)
CLOSED = ("", "-seal", "-head")
CRASHED = ("-wal", "-seal", "-head")
COLUMNS = (
    ("journal", "body"),
    ("journal", "hash"),
    ("snapshot", "body"),
    ("snapshot", "hash"),
    ("writer", "hash"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flips:
    """Bytes changed; where a change was not found, and where it was read as if it were none."""

    count: int
    unseen: list[str]
    used: list[str]


def write_journal(store):
    """A short journal with two snapshots; the store stays open."""
    fence = store.open("engine")
    for number in range(1, RECORDS + 1):
        store.append(fence, [b'{"record":%d,"text":"%s"}' % (number, b"abc" * (number % 40))])
        if number in SNAPSHOTS:
            store.snapshot_write(fence, number, b"state after %d " % number * 400)
    return fence


def read_back(store):
    """Everything that a restart reads."""
    return [x.body for x in store.read()], store.snapshot_newest()


def is_honest(store, written) -> bool:
    """Does reading give what was written, or say that it is damaged?"""
    try:
        return read_back(store) == written
    except StoreDamaged:
        return True


def closed_journal(folder: Path) -> Path:
    """The files of a journal that was closed."""
    path = folder / "closed.db"
    with closing(store_at(str(path))) as store:
        write_journal(store)
    return path


def crashed_journal(folder: Path) -> Path:
    """The files of a journal as they lie when its writer is killed: all of it is in the log."""
    with closing(store_at(str(folder / "live.db"))) as store:
        write_journal(store)
        for suffix in ("", "-wal", "-seal", "-head"):
            shutil.copy(folder / f"live.db{suffix}", folder / f"crashed.db{suffix}")
    return folder / "crashed.db"


def flip_files(path: Path, suffixes, count: int, seed: int) -> Flips:
    """Change `count` bytes of the files of a SQLite journal, one after the other."""
    draw = np.random.default_rng(seed)
    files = [path.with_name(path.name + suffix) for suffix in suffixes]
    whole = {file: file.read_bytes() for file in files}
    unseen, used = [], []
    with closing(store_at(str(path))) as store:
        written = read_back(store)
    for _ in range(count):
        place = int(draw.integers(sum(len(x) for x in whole.values())))
        for file in files:
            if place < len(whole[file]):
                break
            place -= len(whole[file])
        changed = bytearray(whole[file])
        changed[place] ^= int(draw.integers(1, 256))
        file.write_bytes(changed)
        with closing(store_at(str(path))) as store:
            where = f"{file.name} byte {place} -> {changed[place]}"
            if not store.verify():
                unseen.append(where)
            if not is_honest(store, written):
                used.append(where)
        file.write_bytes(whole[file])
    return Flips(count=count, unseen=unseen, used=used)


def flip_rows(address: str, count: int, seed: int) -> Flips:
    """Change `count` bytes of the rows of a PostgreSQL journal, past its triggers."""
    draw = np.random.default_rng(seed)
    url = sa.make_url(address).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    unseen, used = [], []
    with engine.connect() as connection, closing(store_at(address)) as store:
        connection.exec_driver_sql("SET session_replication_role TO replica")
        written = read_back(store)
        for _ in range(count):
            table, column = COLUMNS[int(draw.integers(len(COLUMNS)))]
            query = f"SELECT sequence, {column} FROM {table} ORDER BY random() LIMIT 1"
            sequence, whole = connection.exec_driver_sql(query).one()
            changed = bytearray(whole)
            place = int(draw.integers(len(changed)))
            changed[place] ^= int(draw.integers(1, 256))
            update = f"UPDATE {table} SET {column} = %s WHERE sequence = %s"
            connection.exec_driver_sql(update, (bytes(changed), sequence))
            where = f"{table}[{sequence}].{column} byte {place}"
            if not store.verify():
                unseen.append(where)
            if not is_honest(store, written):
                used.append(where)
            connection.exec_driver_sql(update, (whole, sequence))
    engine.dispose()
    return Flips(count=count, unseen=unseen, used=used)


def shown_flips(flips: Flips) -> dict[str, object]:
    """What is printed of a run."""
    return {"changed": flips.count, "unseen": flips.unseen, "used": flips.used}


if __name__ == "__main__":
    place, total, first_seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    closed = flip_files(closed_journal(place), CLOSED, total - total // 3, first_seed)
    crashed = flip_files(crashed_journal(place), CRASHED, total // 3, first_seed + 1)
    both = Flips(
        count=closed.count + crashed.count,
        unseen=closed.unseen + crashed.unseen,
        used=closed.used + crashed.used,
    )
    print(json.dumps(shown_flips(both)))
    sys.exit(1 if both.unseen or both.used else 0)
