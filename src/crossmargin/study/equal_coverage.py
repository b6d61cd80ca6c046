"""What a margin costs once it covers as much as another: the mean of it, scaled to one coverage."""

from dataclasses import dataclass
from typing import final

import numpy as np

from crossmargin.risk.measure import tail_at_level
from crossmargin.study.backtest import Backtest


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """`factor` times the margin is not breached more often than the level allows, and `mean_frac`
    is the mean of that, as a fraction of one leg.
    """

    factor: float
    mean_frac: float


def cost_at_coverage(run: Backtest) -> Cost | None:
    """The least factor at which no more days are breached than the level of the run allows, rounded
    down to whole days.

    None where a margin is nothing on a day with a loss: no factor makes it more.
    """
    lost = run.loss_frac > 0.0
    if (run.margin_frac[lost] <= 0.0).any():
        return None
    ratio = np.zeros(len(run.loss_frac))
    ratio[lost] = run.loss_frac[lost] / run.margin_frac[lost]
    allowed = tail_at_level(run.level, len(ratio)).whole_count
    factor = float(np.sort(ratio)[::-1][allowed])
    return Cost(factor=factor, mean_frac=factor * float(run.margin_frac.mean()))
