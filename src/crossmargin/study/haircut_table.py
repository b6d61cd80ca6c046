"""A table of haircuts from history and depth, to be handed to a recipe as a parameter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.market.correlation import score_correlation
from crossmargin.market.history import ReturnHistory, log_moves
from crossmargin.market.volatility import ewma_variance
from crossmargin.risk.haircut import risk_based_haircut
from crossmargin.risk.impact import impact_frac


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What would have to be sold of a coin, and into what: dollars, dollars a day, a fraction."""

    size: float
    adv: float
    half_spread_frac: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class HaircutRule:
    """The figures of the rule: none of them has a default.

    `secured` is the asset that the book mostly holds. Volatility is exponentially weighted with
    `decay`; correlation is of normal scores over the last `window` days.
    """

    secured: str
    decay: float
    window: int
    days: float
    level: float
    coefficient: float
    power: float
    participation: float


def haircut_table(
    history: ReturnHistory, sales: Mapping[str, Sale], rule: HaircutRule
) -> dict[str, float]:
    """Haircut of each coin of `sales` as a fraction, rounded up to a basis point.

    `InputRefused` for a coin without history, a history with gaps or too short, and depth that is
    not known.
    """
    wanted = [*sales, rule.secured]
    found = [
        Failure(Reason.MISSING_DATA, f"haircut.{code}", "there is no history of it")
        for code in wanted
        if code not in history.assets
    ]
    if found:
        raise InputRefused(found)
    moves = log_moves(history, 1)[:, [history.assets.index(code) for code in wanted]]
    if not np.isfinite(moves).all() or len(moves) < rule.window:
        message = f"{rule.window} days without a gap are needed"
        raise InputRefused([Failure(Reason.MISSING_DATA, "haircut.history", message)])
    day_vol = np.sqrt(ewma_variance(moves, rule.decay)[-1, :-1])
    correlation = score_correlation(moves[-rule.window :])[:-1, -1]
    own = list(sales.values())
    every = np.ones(len(own))
    cost = impact_frac(
        np.array([each.size for each in own]),
        np.array([each.adv for each in own]),
        np.array([each.half_spread_frac for each in own]),
        day_vol,
        coefficient=every * rule.coefficient,
        power=every * rule.power,
        participation=every * rule.participation,
    )
    haircut = risk_based_haircut(day_vol, correlation, cost, days=rule.days, level=rule.level)
    unknown = [
        Failure(Reason.MISSING_DATA, f"haircut.{code}", "its depth is not known")
        for code, value in zip(sales, haircut, strict=True)
        if np.isnan(value)
    ]
    if unknown:
        raise InputRefused(unknown)
    return {
        code: float(np.ceil(value * 1e4 - 1e-9) / 1e4)
        for code, value in zip(sales, haircut, strict=True)
    }
