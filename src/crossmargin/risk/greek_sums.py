"""Greeks of accounts: sums of contracts times the Greeks of one contract, per underlying."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.columns import BookColumns
from crossmargin.valuation.greeks import Greeks

F8 = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GreekSums:
    """(groups,) an account and an asset each, sorted; and (groups,) each Greek of `Greeks` by name.

    Coins held count in their own asset. NaN where a listing that is held lacks data.
    """

    account: NDArray[np.int64]
    underlying: NDArray[np.int64]
    sums: Mapping[str, F8]


def greek_sums(book: BookColumns, greeks: Greeks) -> GreekSums:
    """Greeks of every account by underlying: additive over positions and balances."""
    universe = book.universe
    p, b = book.positions, book.balances
    row = np.concatenate([p.instrument, universe.listings_count + b.asset])
    held = np.concatenate([p.contracts, b.amount])
    width = len(universe.assets)
    key = np.concatenate([p.account, b.account]) * width + universe.underlying[row]
    groups, group = np.unique(key, return_inverse=True)
    sums: dict[str, NDArray[np.float64]] = {
        field.name: np.bincount(
            group,
            # What is not held adds nothing, also where its Greek is unknown.
            weights=np.where(held == 0.0, 0.0, held * getattr(greeks, field.name)[row]),
            minlength=len(groups),
        ).astype(np.float64)
        for field in fields(Greeks)
    }
    return GreekSums(account=groups // width, underlying=groups % width, sums=sums)
