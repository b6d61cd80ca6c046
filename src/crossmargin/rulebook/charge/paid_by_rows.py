"""Who pays what a group is charged: its rows, in proportion to what each adds to the amount."""

import numpy as np
from numpy.typing import NDArray

from crossmargin.netting.amount import net
from crossmargin.rulebook.amount import of_rows
from crossmargin.rulebook.charge.interface import Parts
from crossmargin.rulebook.context import Context

F8 = NDArray[np.float64]


def paid_by_rows(context: Context, by: str, shares: F8, charged: F8) -> Parts:
    """(rows,) shares and (groups of `by`,) charged ticks -> the parts of the position rows.

    Where open orders alone cause a charge no row has a share: the group's first row pays it.
    """
    rows = context.groups(by).rows["positions"]
    whole = net(rows, shares)
    with np.errstate(invalid="ignore", divide="ignore"):
        per_share = np.where(whole != 0.0, charged / whole, 0.0)
    parts = shares * of_rows(per_share, rows.row_group)
    unshared = np.flatnonzero((whole == 0.0) & (charged != 0.0) & (np.diff(rows.indptr) > 0))
    parts[rows.order[rows.indptr[unshared]]] += charged[unshared]
    return Parts(positions=parts, balances=np.zeros(len(context.block("balances").account)))
