"""Filtered historical scenarios: past moves by their own forecast volatility, at today's."""

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, InputRefused, Reason

F8 = NDArray[np.float64]

LARGEST_FALL = -1.0 + 2.0**-20
"""A scaled move may take all of a price but a millionth: what is left can still be divided by."""


def filtered_moves(moves: F8, variance: F8) -> F8:
    """(T, U) past moves and (T + 1, U) variance forecasts -> (T, U) the moves as they would be now.

    Each move is divided by the volatility that was forecast for its day and multiplied by the
    forecast for the coming one, row T. Joint days stay joint. A fall that scaling would take below
    -100 % is held at `LARGEST_FALL`.
    """
    if variance.shape != (len(moves) + 1, *moves.shape[1:]):
        raise ValueError(f"variance of shape {variance.shape} does not fit moves of {moves.shape}")
    if not (variance > 0.0).all():
        message = "a forecast volatility of nothing cannot scale a move"
        raise InputRefused([Failure(Reason.OUT_OF_BOUNDS, "variance", message)])
    scaled = moves / np.sqrt(variance[:-1]) * np.sqrt(variance[-1])
    held: F8 = np.maximum(scaled, LARGEST_FALL)
    return held
