"""Collateral credit: coins x price x (1 - h_market)(1 - h_liquidity)(1 - h_location), capped."""

from dataclasses import dataclass, replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.collateral.cap import Cap, capped, exceeded
from crossmargin.collateral.debt import Cover, cover, steps_by_weight
from crossmargin.collateral.schedule import Flat, Schedule, Tiered, market_credit
from crossmargin.collateral.slices import sliced_credit

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
    haircut. Tiers see the account's whole amount of an asset; slices go to the heaviest weights
    first. Credit is non-decreasing and, but for the debt it repays first, concave in each quantity,
    at most market value, and 0 above a cap. NaN where something is held or owed and a figure is
    missing.

    Raises
    ------
    ValueError
        Weights scaled by size with an exceeded cap of a place, in an account that keeps one asset
        at several places: only slices can be told apart by place.
    """
    assets_count = len(haircuts.liquidity_weight)
    covered = cover(
        pair=rows.account * assets_count + rows.asset,
        amount=np.where((rows.amount > 0.0) & ~rows.usable, 0.0, rows.amount),
        weight=rows.location_weight,
    )
    weight = _times(rows.location_weight, _times(rows.scale, haircuts.liquidity_weight[rows.asset]))
    before = _by_place(rows, haircuts, price, covered, weight)
    credit = capped(before, rows.account, rows.caps)
    for account in _contested(rows, haircuts, covered, before):
        own = np.flatnonzero(rows.account == account)
        credit[own] = _sliced(rows, haircuts, price, covered, weight, own)
    return Credit(credit=credit, debt=_times(-covered.owed, debt_price[rows.asset]))


def _by_place(
    rows: CollateralRows, haircuts: Haircuts, price: F8, covered: Cover, weight: F8
) -> F8:
    """(rows,) credit before caps: each row gets the slices that follow those of heavier rows."""
    credit = np.zeros(len(rows.amount))
    stacked = np.zeros(covered.pairs_count)
    below = np.zeros(covered.pairs_count)
    for step in steps_by_weight(covered.pair, weight):
        pair, asset = covered.pair[step], rows.asset[step]
        stacked[pair] += covered.left[step]
        value = _market(haircuts, asset, stacked[pair], price[asset])
        with np.errstate(invalid="ignore"):
            slices = np.where(covered.left[step] == 0.0, 0.0, value - below[pair])
        credit[step] = np.where(weight[step] == 0.0, 0.0, _times(slices, weight[step]))
        below[pair] = value
    return credit


def _market(haircuts: Haircuts, asset: I8, amount: F8, price: F8) -> F8:
    haircut = market_credit(haircuts.schedule, asset, amount, price)
    return np.where(haircuts.revalued[asset], _times(amount, price), haircut)


def _contested(rows: CollateralRows, haircuts: Haircuts, covered: Cover, before: F8) -> I8:
    """Accounts over a cap of a place, in which rows of one asset compete for its slices."""
    if not rows.caps or isinstance(haircuts.schedule, Flat):
        return np.zeros(0, dtype=np.int64)
    competing = (covered.left > 0.0) & ~haircuts.revalued[rows.asset]
    crowd = np.bincount(covered.pair, weights=competing, minlength=covered.pairs_count) > 1.0
    apart = [cap for cap in rows.caps if _tells_apart(cap, covered, competing)]
    over = exceeded(before, rows.account, apart)
    missing = np.unique(rows.account[np.isnan(before)])
    both = np.intersect1d(rows.account[crowd[covered.pair]], rows.account[over])
    return np.setdiff1d(both, missing)


def _tells_apart(cap: Cap, covered: Cover, competing: NDArray[np.bool_]) -> bool:
    """Whether the cap treats rows of one account and asset differently."""
    low = np.full(covered.pairs_count, np.inf)
    high = np.full(covered.pairs_count, -np.inf)
    np.minimum.at(low, covered.pair[competing], cap.key[competing])
    np.maximum.at(high, covered.pair[competing], cap.key[competing])
    return bool(np.any(low < high))


def _sliced(
    rows: CollateralRows, haircuts: Haircuts, price: F8, covered: Cover, weight: F8, own: I8
) -> F8:
    if not isinstance(haircuts.schedule, Tiered):
        raise ValueError("weights scaled by size and caps of places cannot be combined")
    revalued = haircuts.revalued[:, None]
    schedule = replace(haircuts.schedule, weight=np.where(revalued, 1.0, haircuts.schedule.weight))
    return sliced_credit(
        schedule,
        rows.asset[own],
        covered.left[own],
        price[rows.asset[own]],
        weight[own],
        [cap.taken(own) for cap in rows.caps],
    )


def _times(amount: F8, factor: F8) -> F8:
    with np.errstate(invalid="ignore"):
        return np.where(amount == 0.0, 0.0, amount * factor)
