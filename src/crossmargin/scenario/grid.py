"""Grids: every price move with every vol move, in one or several families."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.scenario.assemble import assemble
from crossmargin.scenario.scenario_set import NO_VOL_MOVE, ScenarioSet, VolRule

F8 = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VolMove:
    """A named vol move: its rule, and its size per asset (U,), positive upwards."""

    name: str
    rule: VolRule
    size: F8


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GridFamily:
    """K price moves x vol moves, price-major. Asset u moves by `price_move[k]` x `price_edge[u]`.

    `loss_weight` and `damping_multiple` (K,) go with the price moves; `time_ns` passes in every
    cell.
    """

    name: str
    price_move: F8
    price_edge: F8
    vol: tuple[VolMove, ...]
    loss_weight: F8
    damping_multiple: F8
    time_ns: int = 0


def same_vol(assets_count: int) -> VolMove:
    """The vol move `same`: every option keeps its own vol."""
    return VolMove(name="same", rule=NO_VOL_MOVE, size=np.zeros(assets_count))


def weight_beyond(price_move: F8, standard_range: float) -> F8:
    """(K,) the share of a loss that counts: 1 inside the standard range, range / |move| beyond it.

    So a delta-one position never loses more outside the range than at its edge.
    """
    return np.minimum(1.0, standard_range / np.maximum(np.abs(price_move), standard_range))


def damping_beyond(price_move: F8, standard_range: float) -> F8:
    """(K,) max(|move| / range, 1) - 1: how many further ranges away a move lies."""
    return np.maximum(np.abs(price_move) / standard_range, 1.0) - 1.0


def grid(
    name: str, assets: Sequence[str], venues: Sequence[str], families: Sequence[GridFamily]
) -> ScenarioSet:
    """All cells of `families`, in order: price-major, vol-minor inside each. No probabilities."""
    labels: list[str] = []
    branch: list[str] = []
    rules: list[VolRule] = []
    for family in families:
        shown = _shown_moves(family)
        labels += [f"{price}, vol {vol.name}" for price in shown for vol in family.vol]
        branch += [family.name] * (len(shown) * len(family.vol))
        rules += [vol.rule for _ in shown for vol in family.vol]
    return assemble(
        name,
        assets,
        venues,
        labels,
        branch,
        spot_move=np.concatenate(
            [np.outer(f.price_edge, np.repeat(f.price_move, len(f.vol))) for f in families], axis=1
        ),
        vol_move=np.concatenate(
            [
                np.tile(np.stack([v.size for v in f.vol], axis=1), len(f.price_move))
                for f in families
            ],
            axis=1,
        ),
        vol_rules=rules,
        time_ns=np.concatenate([np.full(_cells(f), f.time_ns) for f in families]),
        loss_weight=np.concatenate([np.repeat(f.loss_weight, len(f.vol)) for f in families]),
        damping_multiple=np.concatenate(
            [np.repeat(f.damping_multiple, len(f.vol)) for f in families]
        ),
    )


def _cells(family: GridFamily) -> int:
    return len(family.price_move) * len(family.vol)


def _shown_moves(family: GridFamily) -> list[str]:
    """Each price move as a percentage, or as a multiple of the range where ranges differ."""
    edges = {float(edge) for edge in family.price_edge if edge}
    if len(edges) > 1:
        return [f"price {move:+g} x range" for move in family.price_move]
    edge = edges.pop() if edges else 1.0
    return [f"price {100 * edge * move:+.6g} %" for move in family.price_move]
