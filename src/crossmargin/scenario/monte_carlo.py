"""Simulated scenarios: the moves of the past, put together anew by a copula."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.counter_hash import counter_hash, unit_fraction
from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.market.correlation import (
    Correlation,
    lower_factor,
    repaired,
    score_correlation,
    shrunk,
    stressed,
)
from crossmargin.market.normal_quantile import normal_quantile
from crossmargin.scenario.assemble import assemble
from crossmargin.scenario.joint_history import JointMoves, PastMoves
from crossmargin.scenario.scenario_set import NO_VOL_MOVE, ScenarioSet, VolRule

F8 = NDArray[np.float64]


@final
class Copula(StrEnum):
    """How moves hang together: STUDENT has common shocks, so that extremes come together."""

    GAUSSIAN = "gaussian"
    STUDENT = "student"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What a simulation is told: nothing of it is left to chance.

    `degrees` of freedom count for the Student copula only. `shrinkage` is the share of every
    correlation that is not believed; `correlation` stresses what is left.
    """

    draws: int
    seed: int
    copula: Copula
    degrees: int
    shrinkage: float
    correlation: Correlation


def monte_carlo(
    name: str,
    assets: Sequence[str],
    venues: Sequence[str],
    joint: JointMoves,
    simulation: Simulation,
    vol_rule: VolRule | None = None,
) -> ScenarioSet:
    """N joint moves, 1/N each: every price and vol index moves as it did in the W windows, at
    ranks that a copula joins.

    Draw by draw, factor k is the move of the past at the rank that its copula variable has among
    the N draws. Each factor thus has the spread of its own past exactly, whatever the seed (with N
    = W the same moves in another order); only what happens together is simulated, and no move is
    larger than one that was. The seed stands in every label.

    Raises `InputRefused`: a missing price in a window.
    """
    count = simulation.draws
    parts = [joint.spot] if joint.vol is None else [joint.spot, joint.vol]
    used = [sorted(set(part.column) - {-1}) for part in parts]
    past = np.concatenate(
        [part.moves[:, own] for part, own in zip(parts, used, strict=True)], axis=1
    )
    if not np.isfinite(past).all():
        message = "a simulation needs a move of every window, and some are missing"
        raise InputRefused([Failure(Reason.MISSING_DATA, f"scenarios.{name}.history", message)])
    drawn = _drawn(past, simulation)
    split = len(used[0])
    rule = vol_rule if vol_rule is not None and joint.vol is not None else NO_VOL_MOVE
    return assemble(
        name,
        assets,
        venues,
        [f"draw {i + 1} of {count}, seed {simulation.seed}" for i in range(count)],
        ["monte_carlo"] * count,
        spot_move=_by_asset(joint.spot, used[0], drawn[:, :split]),
        vol_move=None if joint.vol is None else _by_asset(joint.vol, used[1], drawn[:, split:]),
        vol_rules=[rule] * count,
        probability=np.full(count, 1.0 / count),
    )


def _by_asset(past: PastMoves, used: Sequence[int], drawn: F8) -> F8:
    whole = np.zeros((len(drawn), past.moves.shape[1]))
    whole[:, used] = drawn
    return past.by_asset(whole)


def _drawn(past: F8, simulation: Simulation) -> F8:
    """(W, K) past moves -> (N, K) drawn ones."""
    believed = shrunk(score_correlation(past), simulation.shrinkage)
    matrix = repaired(stressed(believed, simulation.correlation)).matrix
    joined = copula_variables(matrix, simulation)
    windows, draws = len(past), simulation.draws
    rank = np.argsort(np.argsort(joined, axis=0, kind="stable"), axis=0, kind="stable")
    place = ((2 * rank + 1) * windows) // (2 * draws)
    return np.take_along_axis(np.sort(past, axis=0), place, axis=0)


def copula_variables(matrix: F8, simulation: Simulation) -> F8:
    """(N, K) normal variables with the correlations of `matrix` (K, K); for a Student copula
    divided by a common chi, of which only the scale is left out: ranks are all that is read.
    """
    width = len(matrix)
    normal = np.stack([_normal(simulation, k) for k in range(width)], axis=1)
    factor = lower_factor(matrix)
    joined = np.zeros_like(normal)
    for j in range(width):
        joined += normal[:, j : j + 1] * factor[:, j]
    if simulation.copula is Copula.STUDENT:
        square = np.zeros(simulation.draws)
        for d in range(simulation.degrees):
            square += _normal(simulation, width + d) ** 2
        joined /= np.sqrt(square)[:, None]
    return joined


def _normal(simulation: Simulation, stream: int) -> F8:
    """(N,) standard normal variables of one stream of the counter hash."""
    words = counter_hash(simulation.seed, stream, np.arange(simulation.draws, dtype=np.uint64))
    # The middle of each of the 2**53 cells: never 0 and never 1.
    return normal_quantile(np.minimum(unit_fraction(words) + 2.0**-54, 1.0 - 2.0**-53))
