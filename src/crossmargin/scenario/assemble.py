"""A scenario set from the arrays that a family has; what it does not have stays still."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from crossmargin.scenario.scenario_set import NO_VOL_MOVE, ScenarioSet, VolRule

F8 = NDArray[np.float64]
T = TypeVar("T", bound=np.generic)


def assemble(
    name: str,
    assets: Sequence[str],
    venues: Sequence[str],
    labels: Sequence[str],
    family: Sequence[str],
    *,
    spot_move: F8 | None = None,
    vol_move: F8 | None = None,
    vol_rules: Sequence[VolRule] | None = None,
    venue_move: F8 | None = None,
    term_move: ArrayLike = 0.0,
    time_ns: ArrayLike = 0,
    loss_weight: ArrayLike = 1.0,
    damping_multiple: ArrayLike = 0.0,
    probability: F8 | None = None,
) -> ScenarioSet:
    """S scenarios with the given arrays, (U, S), (V, S) or (S,); a number stands for all of them.

    `vol_rules` gives one rule per scenario; equal ones are kept once. Without an array nothing
    moves, no time passes and every loss counts in full.
    """
    count = len(labels)
    rules = list(vol_rules) if vol_rules is not None else [NO_VOL_MOVE] * count
    distinct = tuple(dict.fromkeys(rules))
    still = np.zeros((len(assets), count))
    return ScenarioSet(
        name=name,
        assets=tuple(assets),
        venues=tuple(venues),
        labels=tuple(labels),
        family=tuple(family),
        spot_move=still if spot_move is None else spot_move,
        vol_move=still if vol_move is None else vol_move,
        vol_rule=np.array([distinct.index(rule) for rule in rules], dtype=np.int64),
        vol_rules=distinct,
        venue_move=np.zeros((len(venues), count)) if venue_move is None else venue_move,
        term_move=_per_scenario(term_move, count, np.float64),
        time_ns=_per_scenario(time_ns, count, np.int64),
        loss_weight=_per_scenario(loss_weight, count, np.float64),
        damping_multiple=_per_scenario(damping_multiple, count, np.float64),
        probability=probability,
    )


def _per_scenario(value: ArrayLike, count: int, dtype: type[T]) -> NDArray[T]:
    array = np.asarray(value, dtype=dtype)
    return np.full(count, array) if array.ndim == 0 else array
