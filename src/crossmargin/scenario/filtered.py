"""Filtered historical scenarios: past moves by their own forecast volatility, at today's."""

from collections.abc import Sequence
from enum import StrEnum
from typing import assert_never, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.base.instant import NS_PER_DAY
from crossmargin.kernels import exp_fixed, log_fixed
from crossmargin.market.history import log_moves, simple_moves
from crossmargin.market.volatility import ewma_variance
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


def filtered(
    name: str,
    assets: Sequence[str],
    venues: Sequence[str],
    joint: JointMoves,
    *,
    decay: float,
    estimate: Estimate,
    vol_rule: VolRule | None = None,
) -> ScenarioSet:
    """The W joint moves, each by the volatility forecast for its first day, times today's; 1/W
    each.

    Forecasts are of one day, column by column, exponentially weighted with `decay` over the whole
    history up to the last window. A vol index is filtered like a price.

    Raises `InputRefused`: a gap in the history, a price that never moved.
    """
    where = f"scenarios.{name}"
    count = len(joint.end_ns)
    rule = vol_rule if vol_rule is not None and joint.vol is not None else NO_VOL_MOVE
    vol_move = None
    if joint.vol is not None:
        vol_move = _scaled(joint.vol, joint.horizon_days, decay, estimate, f"{where}.vol")
    return assemble(
        name,
        assets,
        venues,
        [f"{label}, at today's volatility" for label in joint.labels],
        ["filtered"] * count,
        spot_move=_scaled(joint.spot, joint.horizon_days, decay, estimate, where),
        vol_move=vol_move,
        vol_rules=[rule] * count,
        probability=np.full(count, 1.0 / count),
    )


def _scaled(past: PastMoves, horizon_days: int, decay: float, estimate: Estimate, where: str) -> F8:
    """(U, W) the moves of one history as they would be now."""
    used = sorted(set(past.column) - {-1})
    scaled = np.zeros(past.moves.shape)
    if used:
        variance = _forecasts(past, used, horizon_days, decay, estimate, where)
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


def _forecasts(
    past: PastMoves,
    used: Sequence[int],
    horizon_days: int,
    decay: float,
    estimate: Estimate,
    where: str,
) -> F8:
    """(rows, used) variance forecast for the day after each row up to the end of the last
    window.
    """
    history, last = past.history, int(past.start[-1]) + horizon_days
    daily = (log_moves if estimate is Estimate.LOG else simple_moves)(history, 1)[:last, used]
    spans = np.diff(history.date_ns[: last + 1])
    if not np.isfinite(daily).all() or (spans != NS_PER_DAY).any():
        message = "a forecast needs every day of the history, and some are missing"
        raise InputRefused([Failure(Reason.MISSING_DATA, f"{where}.history", message)])
    return ewma_variance(daily, decay)


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
