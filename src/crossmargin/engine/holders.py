"""Who holds what: from a listing or an asset to the accounts that a change of it touches."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from crossmargin.engine.table import Table

Holders: TypeAlias = Mapping[str, Table[bool]]
"""A listing id (with a colon) or an asset code -> the accounts that hold or once held it."""


def holders_of(holders: Holders, *names: str) -> tuple[str, ...]:
    """Accounts that hold any of `names`, or once did, sorted."""
    found = {account for name in names if name in holders for account, _ in holders[name].items()}
    return tuple(sorted(found))


def with_holder(holders: Holders, account_id: str, names: Iterable[str]) -> Holders:
    """Holders with an account entered under each name that does not have it yet."""
    fresh = [name for name in names if account_id not in holders.get(name, Table[bool]())]
    if not fresh:
        return holders
    more = dict(holders)
    for name in fresh:
        more[name] = more.get(name, Table[bool]()).put(account_id, True)
    return more
