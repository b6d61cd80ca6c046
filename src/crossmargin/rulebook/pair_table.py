"""Figures of pairs, of numbers ("2/3") or of names ("BTC/ETH"), as a table in both directions."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.rulebook.group_field import required
from crossmargin.rulebook.run import Run
from crossmargin.rulebook.terms import Parameter

F8 = NDArray[np.float64]


def pair_table(run: Run, reference: str, numbers: F8) -> F8:
    """(numbers, numbers) the parameter "$name" for every pair; one number counts for all of them.

    NaN for a pair that has no entry. `InputRefused` when both orders stand there and differ.
    """
    return named_pair_table(run, reference, [f"{number:.15g}" for number in numbers])


def named_pair_table(run: Run, reference: str, names: Sequence[str]) -> F8:
    """(names, names) as `pair_table`."""
    parameter = run.terms.parameters[reference.removeprefix("$")]
    required(run, parameter)
    if not isinstance(parameter.value, Mapping):
        return np.full((len(names), len(names)), _number(parameter.value))
    otherwise = _number(parameter.otherwise)
    found = np.full((len(names), len(names)), np.nan)
    for row, first in enumerate(names):
        for column, second in enumerate(names):
            entry = parameter.value.get(f"{first}/{second}")
            found[row, column] = _number(entry)
    _refuse_two_ways(run, parameter, found, names)
    found = np.where(np.isnan(found), found.T, found)
    return np.where(np.isnan(found), otherwise, found)


def _refuse_two_ways(run: Run, parameter: Parameter, found: F8, names: Sequence[str]) -> None:
    differ = (found != found.T) & ~np.isnan(found) & ~np.isnan(found.T)
    if differ.any():
        row, column = (int(each[0]) for each in np.nonzero(differ))
        where = f"recipe {run.terms.name}, params.{parameter.name}"
        message = f"{names[row]}/{names[column]} and {names[column]}/{names[row]} differ"
        raise InputRefused([Failure(Reason.CONTRADICTION, where, message)])


def _number(value: object) -> float:
    if value is None:
        return float("nan")
    if isinstance(value, float | int):
        return float(value)
    raise TypeError("a table of pairs has a list where a number is needed")
