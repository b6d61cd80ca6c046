"""The settlement prices at which a group's payoff can be worst: its own strikes and the ends."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.netting.grouping import Grouping
from crossmargin.rulebook.charge.payoff import PayoffLines


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SettlementPrices:
    """Ascending dollars per coin; group g has price[indptr[g]:indptr[g + 1]], none when it holds
    nothing.
    """

    price: NDArray[np.float64]
    indptr: NDArray[np.int64]


def settlement_prices(rows: Grouping, lines: PayoffLines, *, coin: bool) -> SettlementPrices:
    """Each group's own strikes once, with 0 (in quote currency) or infinity (in coin).

    Never anybody else's: a strike beyond a group's last one would make a net short call look worse
    than the rule says.
    """
    group = rows.row_group[rows.order]
    kinked = lines.kinked_coins != 0.0
    filled = np.flatnonzero(np.diff(rows.indptr))
    end = np.full(len(filled), np.inf if coin else 0.0)
    owner = np.concatenate([group[kinked], filled])
    price = np.concatenate([lines.strike[kinked], end])
    order = np.lexsort((price, owner))
    owner, price = owner[order], price[order]
    first = np.ones(len(owner), dtype=np.bool_)
    first[1:] = (owner[1:] != owner[:-1]) | (price[1:] != price[:-1])
    indptr = np.zeros(rows.groups_count + 1, dtype=np.int64)
    np.cumsum(np.bincount(owner[first], minlength=rows.groups_count), out=indptr[1:])
    return SettlementPrices(price=price[first], indptr=indptr)
