"""Sums over an account's positions of contracts times a figure of the instrument."""

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels import NotFinite, TickOverflow, net_ticks
from crossmargin.rulebook.context import ACCOUNT, Context

F8 = NDArray[np.float64]


def account_sum(context: Context, per_contract: F8, contracts: F8) -> F8 | None:
    """(accounts,) whole ticks: the sum of rint(contracts x per_contract) over positions.

    `per_contract` (instruments,) reporting units, `contracts` (positions,). The figures are those
    of a sum row by row, since a tick is a power of two; equal figures are added up once. None where
    rows are not sorted by account, or where something is not finite or does not fit: who adds row
    by row says what.
    """
    u, p = context.run.universe, context.positions
    ticks = per_contract[: u.listings_count] * 2.0**-context.run.tick_exponent
    if contracts is not p.contracts:
        return _summed(context, ticks, contracts)
    key = ticks.tobytes()
    if key not in context.sums:
        context.sums[key] = _summed(context, ticks, contracts)
    return context.sums[key]


def _summed(context: Context, ticks: F8, contracts: F8) -> F8 | None:
    instrument, rows = context.positions.instrument, context.groups(ACCOUNT).rows["positions"]
    if not rows.in_order:
        return None
    lost = np.isnan(ticks)
    if lost.any():
        if lost[instrument].any():
            return None
        ticks[lost] = 0.0
    try:
        total = net_ticks(ticks[:, None], instrument, contracts, rows.indptr)[:, 0]
    except (NotFinite, TickOverflow):
        return None
    total.setflags(write=False)
    return total
