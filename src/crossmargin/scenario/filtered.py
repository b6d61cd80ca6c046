"""Filtered historical scenarios: past moves by their own forecast volatility, at today's."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, assert_never, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.base.instant import NS_PER_DAY
from crossmargin.kernels import exp_fixed, log_fixed
from crossmargin.market.history import log_moves, simple_moves
from crossmargin.market.volatility import ewma_variance, garch_over_days, garch_variance
from crossmargin.scenario.assemble import assemble
from crossmargin.scenario.joint_history import JointMoves, PastMoves
from crossmargin.scenario.scenario_set import NO_VOL_MOVE, ScenarioSet, VolRule

F8 = NDArray[np.float64]

LARGEST_FALL = -1.0 + 2.0**-20
"""A scaled move may take all of a price but a millionth: what is left can still be divided by."""


@final
class Estimate(StrEnum):
    """Which returns the forecast is made of, and which are scaled by it: never one and the other.

    LOG returns become simple moves after they are scaled; SIMPLE ones stay what they are.
    """

    LOG = "log"
    SIMPLE = "simple"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Ewma:
    """Exponentially weighted squares: a forecast is the same for every day to come."""

    decay: float


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Garch:
    """`omega`, `alpha` and `beta` (C,) by the columns of a history; NaN for a column that no asset
    uses.
    """

    omega: F8
    alpha: F8
    beta: F8


Forecast: TypeAlias = Ewma | Garch


def filtered(
    name: str,
    assets: Sequence[str],
    venues: Sequence[str],
    joint: JointMoves,
    *,
    forecast: Forecast,
    vol_forecast: Forecast | None,
    estimate: Estimate,
    floor_days: int = 0,
    vol_rule: VolRule | None = None,
) -> ScenarioSet:
    """The W joint moves, each by the volatility that was forecast for its window when it began,
    times that forecast for the coming window; 1/W each.

    Forecasts are made column by column, from the first day of the history up to the end of the last
    window: of prices by `forecast`, of vol indexes by `vol_forecast`, None where none moves.

    With `floor_days` the forecast for the coming window is not below the mean square of so many
    last days, or of all where there are fewer.

    Raises `InputRefused`: a gap in the history, a price that never moved.
    """
    where = f"scenarios.{name}"
    count = len(joint.end_ns)
    rule = vol_rule if vol_rule is not None and joint.vol is not None else NO_VOL_MOVE
    vol_move = None
    if joint.vol is not None:
        if vol_forecast is None:
            raise ValueError("vol indexes that move need a forecast of their own")
        vol_move = _scaled(
            joint.vol, joint.horizon_days, vol_forecast, estimate, floor_days, f"{where}.vol"
        )
    return assemble(
        name,
        assets,
        venues,
        [f"{label}, at today's volatility" for label in joint.labels],
        ["filtered"] * count,
        spot_move=_scaled(joint.spot, joint.horizon_days, forecast, estimate, floor_days, where),
        vol_move=vol_move,
        vol_rules=[rule] * count,
        probability=np.full(count, 1.0 / count),
    )


def _scaled(
    past: PastMoves,
    horizon_days: int,
    forecast: Forecast,
    estimate: Estimate,
    floor_days: int,
    where: str,
) -> F8:
    """(U, W) the moves of one history as they would be now."""
    used = sorted(set(past.column) - {-1})
    scaled = np.zeros(past.moves.shape)
    if used:
        daily = _daily(past, used, horizon_days, estimate, where)
        variance = _forecasts(daily, used, horizon_days, forecast)
        if floor_days:
            least = np.mean(daily[-floor_days:] ** 2, axis=0) * _days_of(forecast, horizon_days)
            variance[-1] = np.maximum(variance[-1], least)
        ahead = np.concatenate([variance[past.start], variance[-1:]])
        own = past.moves[:, used]
        match estimate:
            case Estimate.SIMPLE:
                scaled[:, used] = filtered_moves(own, ahead)
            case Estimate.LOG:
                moved = exp_fixed(scaled_to_now(log_fixed(1.0 + own), ahead)) - 1.0
                scaled[:, used] = np.maximum(moved, LARGEST_FALL)
            case _:
                assert_never(estimate)
    return past.by_asset(scaled)


def _daily(
    past: PastMoves, used: Sequence[int], horizon_days: int, estimate: Estimate, where: str
) -> F8:
    """(rows, used) returns of all days up to the end of the last window."""
    history, last = past.history, int(past.start[-1]) + horizon_days
    daily = (log_moves if estimate is Estimate.LOG else simple_moves)(history, 1)[:last, used]
    spans = np.diff(history.date_ns[: last + 1])
    if not np.isfinite(daily).all() or (spans != NS_PER_DAY).any():
        message = "a forecast needs every day of the history, and some are missing"
        raise InputRefused([Failure(Reason.MISSING_DATA, f"{where}.history", message)])
    return daily


def _forecasts(daily: F8, used: Sequence[int], horizon_days: int, forecast: Forecast) -> F8:
    """(rows + 1, used) variance forecast at each row, for the window that begins there; by a factor
    that all rows share where it is exponentially weighted.
    """
    match forecast:
        case Ewma():
            return ewma_variance(daily, forecast.decay)
        case Garch():
            own = (forecast.omega[used], forecast.alpha[used], forecast.beta[used])
            return garch_over_days(garch_variance(daily, *own), *own, horizon_days)
        case _:
            assert_never(forecast)


def _days_of(forecast: Forecast, horizon_days: int) -> int:
    """Of how many days a forecast is the variance."""
    return horizon_days if isinstance(forecast, Garch) else 1


def scaled_to_now(moves: F8, variance: F8) -> F8:
    """(T, U) past moves and (T + 1, U) variance forecasts -> (T, U) the moves as they would be now.

    Each move is divided by the volatility that was forecast for its day and multiplied by the
    forecast for the coming one, row T. Joint days stay joint.
    """
    if variance.shape != (len(moves) + 1, *moves.shape[1:]):
        raise ValueError(f"variance of shape {variance.shape} does not fit moves of {moves.shape}")
    if not (variance > 0.0).all():
        message = "a forecast volatility of nothing cannot scale a move"
        raise InputRefused([Failure(Reason.OUT_OF_BOUNDS, "variance", message)])
    return np.asarray(moves / np.sqrt(variance[:-1]) * np.sqrt(variance[-1]))


def filtered_moves(moves: F8, variance: F8) -> F8:
    """As `scaled_to_now`, for simple moves: a fall that scaling would take below -100 % is held at
    `LARGEST_FALL`.
    """
    held: F8 = np.maximum(scaled_to_now(moves, variance), LARGEST_FALL)
    return held
