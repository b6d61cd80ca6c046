"""Standings: a ladder that is data. The last rung whose test holds is where an account stands."""

from dataclasses import dataclass
from enum import StrEnum
from typing import final

import numpy as np
from numpy.typing import NDArray


@final
class Standing(StrEnum):
    """Where an account stands, from best to worst; UNAVAILABLE when it cannot be told."""

    HEALTHY = "healthy"
    WARNED = "warned"
    CALLED = "called"
    REDUCE_ONLY = "reduce_only"
    LIQUIDATING = "liquidating"
    BANKRUPT = "bankrupt"
    UNAVAILABLE = "unavailable"


STANDINGS: tuple[Standing, ...] = tuple(Standing)
"""Standings in order of severity; results hold their index."""


@final
class Measured(StrEnum):
    """What a rung looks at."""

    BUFFER = "buffer"
    UTILISATION = "utilisation"
    NET_LIQUIDATION_VALUE = "net_liquidation_value"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """Reached when the measured figure is below `threshold` (above, for utilisation); `or_at`
    includes equality.

    Buffer and utilisation are those of `level`; net liquidation value has none.
    """

    standing: Standing
    measured: Measured
    level: str | None = None
    threshold: float = 0.0
    or_at: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Rungs from best to worst."""

    rungs: tuple[Rung, ...]


def default_ladder(initial: str, liquidation: str, *, or_at: bool) -> Ladder:
    """The default ladder over a recipe's initial and liquidation levels.

    Warned from a utilisation of 0.80 of the liquidation level, called below initial (reduce-only at
    once), liquidating below the liquidation level (or at it, with `or_at`), bankrupt below no net
    liquidation value.
    """
    return Ladder(
        rungs=(
            Rung(
                standing=Standing.WARNED,
                measured=Measured.UTILISATION,
                level=liquidation,
                threshold=0.80,
                or_at=True,
            ),
            Rung(
                standing=Standing.CALLED,
                measured=Measured.BUFFER,
                level=initial,
                threshold=0.0,
                or_at=False,
            ),
            Rung(
                standing=Standing.LIQUIDATING,
                measured=Measured.BUFFER,
                level=liquidation,
                threshold=0.0,
                or_at=or_at,
            ),
            Rung(
                standing=Standing.BANKRUPT,
                measured=Measured.NET_LIQUIDATION_VALUE,
                level=None,
                threshold=0.0,
                or_at=False,
            ),
        )
    )


def rung_reached(
    rung: Rung, equity: NDArray[np.float64], requirement: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """(accounts,) whether a rung's test holds; False where a figure is NaN.

    Utilisation with a requirement and no positive equity counts as above every threshold; without a
    requirement it is 0. A liquidation at equality needs a requirement: an empty account is never
    liquidated.
    """
    match rung.measured:
        case Measured.UTILISATION:
            scaled = rung.threshold * np.maximum(equity, 0.0)
            reached = requirement >= scaled if rung.or_at else requirement > scaled
            return np.asarray(reached & (requirement > 0.0))
        case Measured.BUFFER:
            buffer = equity - requirement
            below = buffer < rung.threshold
            if rung.or_at:
                below |= (buffer == rung.threshold) & (requirement > 0.0)
            return np.asarray(below)
        case Measured.NET_LIQUIDATION_VALUE:
            return np.asarray(equity <= rung.threshold if rung.or_at else equity < rung.threshold)
