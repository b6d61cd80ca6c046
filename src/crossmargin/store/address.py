"""Which store an address names."""

import importlib
import importlib.util
from pathlib import Path
from typing import Final

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.store.port import Store
from crossmargin.store.sqlite import SqliteStore

_LIBRARIES: Final = ("sqlalchemy", "alembic", "psycopg")


def store_at(address: str) -> Store:
    """A file path or `sqlite:///PATH` -> SQLite; `postgresql://...` -> PostgreSQL. Opens nothing.

    `InputRefused` for another scheme, and where PostgreSQL's libraries are not installed.
    """
    scheme, mark, rest = address.partition("://")
    if not mark:
        return SqliteStore(Path(address))
    if scheme == "sqlite" and rest.startswith("/") and rest != "/":
        return SqliteStore(Path(rest[1:]))
    if scheme in ("postgresql", "postgres"):
        return _postgres(address)
    message = f"{scheme}:// is no store: give a file path or postgresql://..."
    raise InputRefused([Failure(Reason.UNSUPPORTED, "store", message)])


def _postgres(address: str) -> Store:
    missing = [name for name in _LIBRARIES if importlib.util.find_spec(name) is None]
    if missing:
        message = f"{', '.join(missing)} missing: pip install crossmargin[postgres]"
        raise InputRefused([Failure(Reason.UNSUPPORTED, "store", message)])
    store: Store = importlib.import_module("crossmargin.store.postgres").PostgresStore(address)
    return store
