"""Brackets of a recipe as arrays: bounds and rates of every label of an index."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.rulebook.group_field import entry_of, required
from crossmargin.rulebook.run import Run
from crossmargin.rulebook.terms import Parameter

F8 = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TierTable:
    """Brackets of T labels, K tiers at most.

    `bound` (T, K - 1) where each tier ends, inf where a label has fewer; `rate` (T, K) of each
    tier, the last one repeated; NaN for a label without brackets.
    """

    bound: F8
    rate: F8


def tier_table(run: Run, bounds: str, rates: str, labels: Sequence[str]) -> TierTable:
    """The brackets that two parameters ("$name") give to each of `labels`.

    Each list of rates is one longer than its list of bounds: the last rate has no end.
    `InputRefused` when it is not, when bounds do not ascend from 0, or when a parameter has no
    value.
    """
    own_bounds, own_rates = _parameter(run, bounds), _parameter(run, rates)
    tables = [(_list(own_bounds, label), _list(own_rates, label)) for label in labels]
    failures = [
        Failure(Reason.CONTRADICTION, f"recipe {run.terms.name}, params.{own_bounds.name}", message)
        for label, (bound, rate) in zip(labels, tables, strict=True)
        if (message := _wrong(label, bound, rate))
    ]
    if failures:
        raise InputRefused(dict.fromkeys(failures))
    tiers = max((len(rate) for _, rate in tables), default=1) or 1
    table = TierTable(
        bound=np.full((len(labels), tiers - 1), np.inf), rate=np.full((len(labels), tiers), np.nan)
    )
    for row, (bound, rate) in enumerate(tables):
        if rate:
            table.bound[row, : len(bound)] = bound
            table.rate[row] = rate[-1]
            table.rate[row, : len(rate)] = rate
    return table


def _parameter(run: Run, reference: str) -> Parameter:
    parameter = run.terms.parameters[reference.removeprefix("$")]
    required(run, parameter)
    return parameter


def _list(parameter: Parameter, label: str) -> tuple[float, ...]:
    entry = entry_of(parameter, label)
    if entry is None:
        return ()
    if isinstance(entry, tuple):
        return entry
    if isinstance(entry, float | int):
        return (float(entry),)
    raise TypeError(f"params.{parameter.name} is neither a number nor a list")


def _wrong(label: str, bound: tuple[float, ...], rate: tuple[float, ...]) -> str:
    if not bound and not rate:
        return ""
    if len(rate) != len(bound) + 1:
        return f"{label or 'the table'} has {len(bound)} bounds and {len(rate)} rates, not one more"
    if any(low >= high for low, high in zip((0.0, *bound), bound, strict=False)):
        return f"{label or 'the table'}: bounds do not ascend from 0"
    return ""
