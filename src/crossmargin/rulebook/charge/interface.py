"""The one interface of all charges, and what they answer with."""

from dataclasses import dataclass
from typing import Protocol, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.rulebook.context import Context


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parts:
    """What each row contributes to the amount of its own group, in ticks: float64, summing to the
    amount.
    """

    positions: NDArray[np.float64]
    balances: NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """(groups,) signed ticks, NaN where unavailable.

    `driver` (groups,) numbers `driver_names`, -1 for none; `parts` only when the context explains.
    """

    amount: NDArray[np.float64]
    driver: NDArray[np.int64] | None = None
    driver_names: tuple[str, ...] = ()
    parts: Parts | None = None


class Charge(Protocol):
    """A leaf: a frozen dataclass whose fields are what a recipe may write."""

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Amount, driver and parts for each group of the grouping called `at`."""
        ...
