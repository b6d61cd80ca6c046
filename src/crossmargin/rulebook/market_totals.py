"""Figures over all accounts, looked up for groups of one underlying: crowds and owners."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.market.quoted import Quoted
from crossmargin.rulebook.context import Context

F8 = NDArray[np.float64]

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


def by_owner(
    context: Context,
    by: str,
    assets: NDArray[np.int64],
    totals: Mapping[tuple[str, str], Quoted],
) -> F8:
    """(groups,) what each group's owner has in its underlying.

    A published table is whole: an owner that it leaves out has nothing. NaN without a table, or for
    an account without an owner.
    """
    groups = context.groups(by)
    owner = context.owner[groups.account]
    names, codes = context.owner_names, context.run.universe.assets
    if not totals or not names:
        return np.full(len(owner), np.nan)
    pairs, place = np.unique(np.stack([owner, assets]), axis=1, return_inverse=True)
    found = [
        _or_nothing(totals.get((names[one], codes[asset]))) if one >= 0 else np.nan
        for one, asset in pairs.T.tolist()
    ]
    return np.asarray(np.array(found)[place.reshape(-1)])


def _or_nothing(quoted: Quoted | None) -> float:
    return 0.0 if quoted is None else quoted.value
