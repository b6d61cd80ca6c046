"""Pegs that break, one at a time, from where they stand: further away, and back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from crossmargin.scenario.assemble import assemble
from crossmargin.scenario.filtered import LARGEST_FALL
from crossmargin.scenario.scenario_set import ScenarioSet


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Peg:
    """A coin and what it is meant to be worth.

    `distance` is its price over its peg less 1: -0.02 is 2 % below. It falls by `fall` at least,
    and by `multiple` times what it stands below its peg already. `movers` are the places of the
    coin and of what wraps it in the list of assets.
    """

    code: str
    distance: float
    fall: float
    multiple: float
    movers: tuple[int, ...]


def depeg(
    name: str, assets: Sequence[str], venues: Sequence[str], pegs: Sequence[Peg]
) -> ScenarioSet:
    """Two scenarios for each peg: the coin falls further, and it is back at its peg.

    Both move only the coin and what wraps it. Without any peg nothing moves in the one scenario.
    """
    labels = [f"{peg.code} {how}" for peg in pegs for how in ("falls from its peg", "at its peg")]
    moves = np.zeros((len(assets), max(1, len(labels))))
    for i, peg in enumerate(pegs):
        fall = max(peg.fall, peg.multiple * max(0.0, -peg.distance))
        moves[list(peg.movers), 2 * i] = max(-fall, LARGEST_FALL)
        moves[list(peg.movers), 2 * i + 1] = 1.0 / (1.0 + peg.distance) - 1.0
    named = labels or ["no coin has a peg"]
    return assemble(name, assets, venues, named, ["depeg"] * len(named), spot_move=moves)
