"""Categories of a lending pool: assets that move together, with terms of their own for accounts
that borrow nothing else.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.group_field import account_parameter, list_by_instrument, required
from crossmargin.rulebook.run import Run
from crossmargin.rulebook.terms import Parameter

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Categories:
    """Names of parameters ("$name"): `chosen` by account is the number of a category, 0 for none.

    `collateral` and `borrowable` by asset list the categories in which an asset has the category's
    weight, or may be borrowed. `priced` has one flag per category: above 0 its assets are worth
    their `price` by asset, in dollars, instead of the index.
    """

    chosen: str
    collateral: str
    borrowable: str
    priced: str
    price: str

    def flags(self, run: Run, name: str) -> F8:
        """(categories,) a list parameter with one entry per category.

        `InputRefused` for one of another length than `priced`.
        """
        own = _entries(run, name)
        if len(own) != len(_entries(run, self.priced)):
            raise _refused(run, name, "has not one entry for each category")
        return own


def active_category(context: Context, words: Categories, debt_account: I8, debt_asset: I8) -> I8:
    """(accounts,) the category whose terms an account has: the one it chose, 0 where it chose none
    or owes something that may not be borrowed in it.

    `InputRefused` for a number that no category has.
    """
    run = context.run
    parameter = _parameter(run, words.chosen)
    required(run, parameter)
    stated = account_parameter(context, parameter)
    count = len(_entries(run, words.priced))
    if np.any((stated != np.rint(stated)) | (stated < 0.0) | (stated > count)):
        raise _refused(run, words.chosen, f"is a whole number from 0 to {count}")
    category = stated.astype(np.int64)
    inside = _members(run, words, words.borrowable)[debt_asset, category[debt_account]]
    category[debt_account[~inside]] = 0
    return category


def is_collateral(
    context: Context, words: Categories, category: I8, asset: I8
) -> NDArray[np.bool_]:
    """(n,) whether an asset has the weights of a category; in category 0 nothing has."""
    return np.asarray(_members(context.run, words, words.collateral)[asset, category])


def is_borrowable(
    context: Context, words: Categories, category: I8, asset: I8
) -> NDArray[np.bool_]:
    """(n,) whether an asset may be borrowed in a category; in category 0 everything may."""
    return np.asarray(_members(context.run, words, words.borrowable)[asset, category])


def in_category(context: Context, words: Categories, category: I8, asset: I8) -> NDArray[np.bool_]:
    """(n,) whether an asset belongs to a category, as collateral or as a debt."""
    owed = is_borrowable(context, words, category, asset) & (category > 0)
    return is_collateral(context, words, category, asset) | owed


def _members(run: Run, words: Categories, name: str) -> NDArray[np.bool_]:
    """(assets, 1 + categories) the table of a parameter by asset; column 0 is False, but True for
    what may be borrowed.
    """
    return run.keep(("pool category", name, words.priced), lambda: _table(run, words, name))


def _table(run: Run, words: Categories, name: str) -> NDArray[np.bool_]:
    count = len(_entries(run, words.priced))
    listed = list_by_instrument(run, name)[run.universe.listings_count :]
    table = np.zeros((len(listed), count + 1), dtype=np.bool_)
    table[:, 0] = name == words.borrowable
    asset, place = np.nonzero(~np.isnan(listed))
    number = listed[asset, place]
    if np.any((number != np.rint(number)) | (number < 1.0) | (number > count)):
        raise _refused(run, name, f"lists categories, whole numbers from 1 to {count}")
    table[asset, number.astype(np.int64)] = True
    return table


def _entries(run: Run, name: str) -> F8:
    parameter = _parameter(run, name)
    required(run, parameter)
    if not isinstance(parameter.value, tuple):
        raise _refused(run, name, "is no list with an entry for each category")
    return np.array(parameter.value, dtype=np.float64)


def _parameter(run: Run, name: str) -> Parameter:
    return run.terms.parameters[name.removeprefix("$")]


def _refused(run: Run, name: str, message: str) -> InputRefused:
    where = f"recipe {run.terms.name}, params.{name.removeprefix('$')}"
    return InputRefused([Failure(Reason.OUT_OF_BOUNDS, where, message)])
