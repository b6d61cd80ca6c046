"""The tables of a PostgreSQL journal, and whether a database has them."""

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from crossmargin.base.failure import Failure, Reason
from crossmargin.store.port import StoreDamaged

METADATA: Final = sa.MetaData()


def _chained(name: str) -> sa.Table:
    return sa.Table(
        name,
        METADATA,
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
    )


JOURNAL: Final = _chained("journal")
SNAPSHOT: Final = _chained("snapshot")
WRITER: Final = sa.Table(
    "writer",
    METADATA,
    sa.Column("only_one", sa.Boolean, primary_key=True),
    sa.Column("token", sa.BigInteger, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.Column("snapshot_sequence", sa.BigInteger, nullable=False),
)


def has_tables(connection: sa.Connection) -> bool:
    """Does the database hold a journal of this schema? `StoreDamaged` for one of another schema."""
    found = MigrationContext.configure(connection).get_current_revision()
    wanted = ScriptDirectory.from_config(_config(connection)).get_current_head()
    if found is not None and found != wanted:
        message = f"the journal has schema {found}, this program writes {wanted}: migrate it first"
        raise StoreDamaged([Failure(Reason.UNSUPPORTED, "alembic_version", message)])
    return found is not None


def make_tables(connection: sa.Connection) -> None:
    """Bring the database to the newest schema, in the transaction of the connection."""
    command.upgrade(_config(connection), "head")


def _config(connection: sa.Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("version_locations", str(Path(__file__).parent / "migrations/versions"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
