"""Who holds what: from a listing or an asset to the accounts that a change of it touches."""

from collections.abc import Iterable, Iterator, Mapping
from typing import final

from crossmargin.engine.table import Table


@final
class Holders:
    """A listing id (with a colon) or an asset code -> the accounts that hold or once held it.

    It never changes. Whom several names touch together is found once and remembered.
    """

    __slots__ = ("_by_name", "_touched")

    def __init__(self, by_name: Mapping[str, Table[bool]] | None = None) -> None:
        self._by_name = dict(by_name or {})
        self._touched: dict[tuple[str, ...], frozenset[str]] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def items(self) -> Iterator[tuple[str, Table[bool]]]:
        """Names and the accounts of each."""
        return iter(self._by_name.items())

    def assets(self) -> list[str]:
        """The asset codes among the names."""
        return [name for name in self._by_name if ":" not in name]

    def touched(self, names: Iterable[str]) -> frozenset[str]:
        """Accounts that hold any of `names`, or once did."""
        wanted = tuple(name for name in names if name in self._by_name)
        if wanted not in self._touched:
            self._touched[wanted] = frozenset().union(*(self._by_name[name] for name in wanted))
        return self._touched[wanted]

    def with_account(self, account_id: str, names: Iterable[str]) -> "Holders":
        """The same with an account entered under each name that does not have it yet."""
        fresh = [x for x in names if x not in self._by_name or account_id not in self._by_name[x]]
        if not fresh:
            return self
        more = dict(self._by_name)
        for name in fresh:
            more[name] = more.get(name, Table[bool]()).put(account_id, True)
        return Holders(more)


def holders_of(holders: Holders, *names: str) -> tuple[str, ...]:
    """Accounts that hold any of `names`, or once did, sorted."""
    return tuple(sorted(holders.touched(names)))
