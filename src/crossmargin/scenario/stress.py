"""Named stress: what happened once, or what somebody fears, asset by asset."""

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
class StressEvent:
    """One event: `price_move` and `discount` (U,), a vol move (U,) by one rule, time, loss weight.

    An asset ends at (1 + price_move) x (1 - discount) of its price: a wrapper moves with what it
    wraps and loses its discount on top; a stablecoin that breaks has only the discount.
    """

    name: str
    price_move: F8
    discount: F8
    vol_move: F8
    vol_rule: VolRule = NO_VOL_MOVE
    venue_move: F8
    time_ns: int = 0
    loss_weight: float = 1.0


def stress(
    name: str,
    assets: Sequence[str],
    venues: Sequence[str],
    events: Sequence[StressEvent],
    *,
    equally_likely: bool = False,
) -> ScenarioSet:
    """One scenario per event, in order. No probabilities, unless all are equally likely."""
    count = len(events)
    return assemble(
        name,
        assets,
        venues,
        [event.name for event in events],
        ["stress"] * len(events),
        spot_move=np.stack(
            [e.price_move - e.discount - e.price_move * e.discount for e in events], axis=1
        ),
        vol_move=np.stack([event.vol_move for event in events], axis=1),
        vol_rules=[event.vol_rule for event in events],
        venue_move=np.stack([event.venue_move for event in events], axis=1),
        time_ns=[event.time_ns for event in events],
        loss_weight=[event.loss_weight for event in events],
        probability=np.full(count, 1.0 / count) if equally_likely else None,
    )
