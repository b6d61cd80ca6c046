"""Amount kinds: how the signed rows of a group become one figure, and which row pays how much of
it.
"""

from enum import StrEnum
from typing import assert_never, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.netting import amount as netted
from crossmargin.netting.grouping import Grouping

F8 = NDArray[np.float64]


@final
class Amount(StrEnum):
    """How a group's rows are added.

    Of rows x: `net` their sum, `abs_net` its absolute value, `net_long` and `net_short` its
    positive and negative side (both >= 0), `gross` the sum of |x|, `long` and `short` the sums of
    either side (>= 0), `hedged` (gross - |net|) / 2, `held` 1 where anything is held.
    """

    NET = "net"
    ABS_NET = "abs_net"
    NET_LONG = "net_long"
    NET_SHORT = "net_short"
    GROSS = "gross"
    LONG = "long"
    SHORT = "short"
    HEDGED = "hedged"
    HELD = "held"


def group_amount(kind: Amount, x: F8, groups: Grouping) -> F8:
    """(groups,) the figure of each group from its signed rows (rows,). >= 0 for every kind but
    `net`.
    """
    match kind:
        case Amount.NET:
            return netted.net(groups, x)
        case Amount.ABS_NET:
            return np.abs(netted.net(groups, x))
        case Amount.NET_LONG:
            return np.maximum(netted.net(groups, x), 0.0)
        case Amount.NET_SHORT:
            return np.maximum(-netted.net(groups, x), 0.0)
        case Amount.GROSS:
            return netted.gross(groups, x)
        case Amount.LONG:
            return netted.long(groups, x)
        case Amount.SHORT:
            return netted.short(groups, x)
        case Amount.HEDGED:
            return netted.hedged(groups, x)
        case Amount.HELD:
            return np.minimum(netted.count(groups, x), 1.0)
        case _:
            assert_never(kind)


def amount_of(kind: Amount, net: F8, gross: F8) -> F8:
    """(groups,) as `group_amount`, from the sums of whole ticks and of their sizes: exact, because
    both sums are even or both odd. ValueError for `held`, which counts rows.
    """
    match kind:
        case Amount.NET:
            return net
        case Amount.ABS_NET:
            return np.abs(net)
        case Amount.NET_LONG:
            return np.maximum(net, 0.0)
        case Amount.NET_SHORT:
            return np.maximum(-net, 0.0)
        case Amount.GROSS:
            return gross
        case Amount.LONG:
            return (gross + net) / 2.0
        case Amount.SHORT:
            return (gross - net) / 2.0
        case Amount.HEDGED:
            return (gross - np.abs(net)) / 2.0
        case Amount.HELD:
            raise ValueError("a held amount counts rows")
        case _:
            assert_never(kind)


def row_shares(kind: Amount, x: F8, groups: Grouping) -> F8:
    """(rows,) what each row adds to its group's figure: own share, or Euler's, so a hedge is
    negative.
    """
    net = of_rows(netted.net(groups, x), groups.row_group)
    match kind:
        case Amount.GROSS:
            return np.abs(x)
        case Amount.LONG:
            return np.maximum(x, 0.0)
        case Amount.SHORT:
            return np.maximum(-x, 0.0)
        case Amount.NET:
            return x
        case Amount.HELD:
            held = (x != 0.0).astype(np.float64)
            count = of_rows(netted.count(groups, x), groups.row_group)
            return np.asarray(held / np.maximum(count, 1.0))
        case Amount.ABS_NET:
            return np.asarray(np.sign(net) * x)
        case Amount.NET_LONG:
            return np.where(net > 0.0, x, 0.0)
        case Amount.NET_SHORT:
            return np.where(net < 0.0, -x, 0.0)
        case Amount.HEDGED:
            return np.asarray((np.abs(x) - np.sign(net) * x) / 2)
        case _:
            assert_never(kind)


def of_rows(per_group: F8, row_group: NDArray[np.int64]) -> F8:
    """(rows,) the figure of each row's group; 0 for a row in no group, where there may be none."""
    return np.append(per_group, 0.0)[row_group]


def added_up(parent: NDArray[np.int64], amount: F8, groups_count: int) -> F8:
    """(groups,) the sums of finer groups' amounts in their order; `parent` (finer groups,), -1 for
    none.
    """
    inside = parent >= 0
    if not inside.all():
        parent, amount = parent[inside], amount[inside]
    # Without rows there are no weights either, and the counts would be integers.
    total = np.bincount(parent, weights=amount, minlength=groups_count)
    return total.astype(np.float64, copy=False)
