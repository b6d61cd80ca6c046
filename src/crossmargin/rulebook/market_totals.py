"""Figures over all accounts, looked up for groups of one underlying: crowds and owners."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.market.quoted import Quoted
from crossmargin.rulebook.context import Context

F8 = NDArray[np.float64]
ByOwner: TypeAlias = Mapping[tuple[str, str], Quoted]

UNDERLYING = "underlying"


def group_assets(context: Context, by: str, what: str) -> NDArray[np.int64]:
    """(groups,) the asset of each group; refused for a grouping that is not of one underlying."""
    if by != UNDERLYING:
        where = f"recipe {context.run.terms.name}, {what}"
        message = f"totals are by underlying, so it stands by {UNDERLYING}, not by {by}"
        raise InputRefused([Failure(Reason.CONTRADICTION, where, message)])
    return context.groups(by).key


def by_underlying(context: Context, assets: NDArray[np.int64], totals: Mapping[str, Quoted]) -> F8:
    """(groups,) a total of each group's underlying; NaN where it was not published."""
    codes = context.run.universe.assets
    known = {code: quoted.value for code, quoted in totals.items()}
    column = np.array([known.get(code, np.nan) for code in codes])
    return np.asarray(column[assets])


def by_owner(context: Context, by: str, assets: NDArray[np.int64], totals: ByOwner) -> F8:
    """(groups,) what each group's owner has in its underlying.

    A published table is whole: an owner that it leaves out has nothing. NaN without a table, or for
    an account without an owner.
    """
    owner = context.owner[context.groups(by).account]
    names = context.owner_names
    if not totals or not names:
        return np.full(len(owner), np.nan)
    # The table holds both, so their identities name nothing else while it is kept.
    table = context.run.keep(
        ("totals by owner", id(names), id(totals)), lambda: _table(context, names, totals)
    )
    width = len(context.run.universe.assets)
    key = owner * width + assets
    row = np.minimum(np.searchsorted(table.key, key), len(table.key) - 1)
    found = np.where(table.key[row] == key, table.value[row], 0.0)
    return np.where(owner >= 0, found, np.nan)


def owner_numbers(context: Context) -> Mapping[str, int]:
    """The number of each owner's name."""
    names = context.owner_names
    # The entry holds the names, so their identity names nothing else while it is kept.
    return context.run.keep(
        ("owner numbers", id(names)), lambda: (names, {name: i for i, name in enumerate(names)})
    )[1]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Table:
    """Sorted owner x assets + asset, and the value of each; what it was made of."""

    names: tuple[str, ...]
    totals: ByOwner
    key: NDArray[np.int64]
    value: F8


def _table(context: Context, names: tuple[str, ...], totals: ByOwner) -> _Table:
    """Entries of owners and assets that the book does not know are left out; -1 ends an empty
    table.
    """
    number = owner_numbers(context)
    codes, copies = context.run.universe.assets, context.run.universe.copies
    width, size = len(codes), len(codes) // copies
    place = {code: i for i, code in enumerate(codes[:size])}
    known = [
        (number[owner] * width + place[code], quoted.value)
        for (owner, code), quoted in totals.items()
        if code in place and owner in number
    ]
    first = np.array([key for key, _ in known], dtype=np.int64)
    key = np.concatenate([[-1], *(first + copy * size for copy in range(copies))])
    value = np.concatenate([[0.0], np.tile([each for _, each in known], copies)])
    order = np.argsort(key, kind="stable")
    return _Table(names=names, totals=totals, key=key[order], value=value[order])
