"""Collateral credit: quantity x price x (1 - h_market)(1 - h_liquidity)(1 - h_location), inside
caps.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.collateral.cap import Cap, capped
from crossmargin.collateral.debt import Cover, cover
from crossmargin.collateral.schedule import Schedule, market_credit

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CollateralRows:
    """(rows,) what accounts hold; several rows of one asset at several places.

    `amount` in coins, negative is a debt. A row that is not `usable` gives no credit; a debt counts
    always. `location_weight` is 1 - h_location of the row's place, `scale` the share that caps over
    all accounts leave (`shared_scale`). `caps` are those of one account.
    """

    account: I8
    asset: I8
    amount: F8
    usable: NDArray[np.bool_]
    location_weight: F8
    scale: F8
    caps: tuple[Cap, ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Haircuts:
    """Market schedule, (assets,) 1 - h_liquidity, and which assets the scenarios revalue.

    A revalued asset has no market haircut, tiers included: its fall is in the scenarios. Its
    liquidity and location haircuts and its caps stay.
    """

    schedule: Schedule
    liquidity_weight: F8
    revalued: NDArray[np.bool_]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Credit:
    """(rows,) what each row adds: `credit` >= 0 of what is held, `debt` <= 0 of what is owed."""

    credit: F8
    debt: F8


def collateral_credit(
    rows: CollateralRows, haircuts: Haircuts, price: F8, debt_price: F8
) -> Credit:
    """(rows,) credit and debt at (assets,) `price` and `debt_price`, in the currency of the prices.

    Coins first repay debts of their own asset, in full but for the haircut of their place, the
    safest place first; what is then left gives credit, what is then owed is valued without any
    haircut. Tiers see the account's whole amount of an asset; slices go to the safest places first.
    Credit is non-decreasing and, but for the debt it repays first, concave in each quantity, at
    most market value, and 0 above a cap. NaN where something is held or owed and a figure is
    missing.
    """
    assets_count = len(haircuts.liquidity_weight)
    covered = cover(
        pair=rows.account * assets_count + rows.asset,
        amount=np.where((rows.amount > 0.0) & ~rows.usable, 0.0, rows.amount),
        weight=rows.location_weight,
    )
    credit = _by_place(rows, haircuts, price, covered)
    credit = capped(_times(credit, rows.scale), rows.account, rows.caps)
    return Credit(credit=credit, debt=_times(-covered.owed, debt_price[rows.asset]))


def _by_place(rows: CollateralRows, haircuts: Haircuts, price: F8, covered: Cover) -> F8:
    """(rows,) credit before caps: each place gets the slices that follow those of safer places."""
    credit = np.zeros(len(rows.amount))
    stacked = np.zeros(covered.pairs_count)
    below = np.zeros(covered.pairs_count)
    weight = _times(rows.location_weight, haircuts.liquidity_weight[rows.asset])
    for step in covered.steps:
        pair, asset = covered.pair[step], rows.asset[step]
        stacked[pair] += covered.left[step]
        value = _market(haircuts, asset, stacked[pair], price[asset])
        with np.errstate(invalid="ignore"):
            slices = np.where(covered.left[step] == 0.0, 0.0, value - below[pair])
        credit[step] = np.where(
            rows.location_weight[step] == 0.0, 0.0, _times(slices, weight[step])
        )
        below[pair] = value
    return credit


def _market(haircuts: Haircuts, asset: I8, amount: F8, price: F8) -> F8:
    haircut = market_credit(haircuts.schedule, asset, amount, price)
    return np.where(haircuts.revalued[asset], _times(amount, price), haircut)


def _times(amount: F8, factor: F8) -> F8:
    with np.errstate(invalid="ignore"):
        return np.where(amount == 0.0, 0.0, amount * factor)
