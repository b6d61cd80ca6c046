"""Rates that depend on the key of a group alone: found once for a run, not for every group."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Never, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.netting.grouping import Grouping
from crossmargin.rulebook.context import ACCOUNT, Context, Groups
from crossmargin.rulebook.owner_size import OWNER_FIELDS
from crossmargin.rulebook.rate import (
    Affine,
    Combined,
    FromField,
    FromParameter,
    Growth,
    LowConfidence,
    Number,
    Ramp,
    Rate,
    Rounded,
    Shortfall,
    Step,
    children,
)
from crossmargin.rulebook.run import Run

F8 = NDArray[np.float64]
Evaluate: TypeAlias = Callable[[Rate, Context, str], F8]


class RowsNeededError(LookupError):
    """A figure that is not one for each key: the rows of a group say which it is."""


def rate_by_key(rate: Rate, context: Context, by: str, evaluate: Evaluate) -> F8 | None:
    """(keys,) the rate of every group of `by` with that key, NaN for a key of no instrument.

    None where it is not a matter of the key alone: where it depends on a size, an account or an
    owner, or where instruments of one key differ in a field. `evaluate` gives the rates of groups.
    """
    if by == ACCOUNT or isinstance(context.groups(by).rows, _NoRows):
        return None
    found: F8 | None = context.run.keep(
        ("rate by key", by, rate), lambda: _rate_by_key(rate, context, by, evaluate)
    )
    return found


def keyed(context: Context, by: str) -> Context:
    """A context in which every key of `by` that an instrument has is one group, without rows."""
    return context.run.keep(("keyed", by), lambda: _keyed(context, by))


def spread_over_keys(context: Context, by: str, figures: F8, otherwise: float) -> F8:
    """(groups of `keyed`, ...) figures -> (keys, ...), `otherwise` for keys of no instrument."""
    key = keyed(context, by).groups(by).key
    table = np.full((int(key.max(initial=-1)) + 1, *figures.shape[1:]), otherwise)
    table[key] = figures
    return table


def _rate_by_key(rate: Rate, context: Context, by: str, evaluate: Evaluate) -> F8 | None:
    if not _is_of_key(rate, context.run):
        return None
    try:
        figures = evaluate(rate, keyed(context, by), by)
    except RowsNeededError:
        return None
    table = spread_over_keys(context, by, figures, np.nan)
    table.setflags(write=False)
    return table


def _is_of_key(rate: Rate, run: Run) -> bool:
    match rate:
        case FromParameter():
            is_own = run.terms.parameters[rate.name].by != "account"
        case FromField() | Affine() | Shortfall() | Ramp() | Step() | Growth():
            is_own = rate.field not in OWNER_FIELDS
        case Number() | Combined() | Rounded() | LowConfidence():
            is_own = True
        case _:
            is_own = False
    return is_own and all(_is_of_key(each, run) for each in children(rate))


def _keyed(context: Context, by: str) -> Context:
    own = context.key(by)
    key = np.unique(own[own >= 0])
    account = np.zeros(len(key), dtype=np.int64)
    groups = Groups(name=by, account=account, key=key, rows=_NoRows())
    return replace(
        context,
        accounts_count=1,
        explain=False,
        row_starts=None,
        answers={},
        outcomes={},
        found={by: groups},
        sums={},
        amounts={},
        parents={},
        positions_alone=[],
        blocks={},
    )


@final
class _NoRows(Mapping[str, Grouping]):
    """Rows of groups that have none: whoever asks for them has no figure by key."""

    __slots__ = ()

    def __getitem__(self, name: str) -> Never:
        raise RowsNeededError(name)

    def __iter__(self) -> Iterator[str]:
        raise RowsNeededError

    def __len__(self) -> int:
        raise RowsNeededError
