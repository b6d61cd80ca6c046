"""The book as columns: what the risk floors read. Rows are what is present, sorted by account."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.universe import Universe


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class PositionColumns:
    """(P,) one row per account and instrument, merged exactly, sorted by account, then instrument.

    `contracts` signed; `cost` settlement currency for the whole row (NaN when unknown), `funding`
    accrued.
    """

    account: NDArray[np.int64]
    instrument: NDArray[np.int64]
    contracts: NDArray[np.float64]
    cost: NDArray[np.float64]
    funding: NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BalanceColumns:
    """(B,) balances and loans, sorted by account: `amount` in whole coins, negative is a debt.

    `venue`, `chain`, `bridge`, `custodian` number the names in `places`, -1 where there is none.
    `usable` is False for what is in transit or pledged elsewhere. `loan` marks what was borrowed.
    """

    account: NDArray[np.int64]
    asset: NDArray[np.int64]
    amount: NDArray[np.float64]
    venue: NDArray[np.int64]
    chain: NDArray[np.int64]
    bridge: NDArray[np.int64]
    custodian: NDArray[np.int64]
    usable: NDArray[np.bool_]
    loan: NDArray[np.bool_]
    places: tuple[str, ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrderColumns:
    """(O,) open orders sorted by account: `side` +1 buy, -1 sell; `limit_price` NaN where there is
    none.

    `kind` numbers `OrderKind` in its order of definition.
    """

    account: NDArray[np.int64]
    instrument: NDArray[np.int64]
    side: NDArray[np.float64]
    contracts: NDArray[np.float64]
    limit_price: NDArray[np.float64]
    kind: NDArray[np.int8]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BookColumns:
    """A book of A accounts as columns over one universe. `owner` numbers entities (A,), -1 for
    none; `owner_ids` are their names, empty where nobody needs them.
    """

    universe: Universe
    account_ids: tuple[str, ...] | range
    owner: NDArray[np.int64]
    positions: PositionColumns
    balances: BalanceColumns
    orders: OrderColumns
    owner_ids: tuple[str, ...] = ()

    @property
    def accounts_count(self) -> int:
        """Number of accounts."""
        return len(self.account_ids)
