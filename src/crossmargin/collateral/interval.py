"""Stale or missing prices give an interval of credit, not a smaller number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, Reason
from crossmargin.collateral.credit import CollateralRows, Haircuts, collateral_credit

F8 = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PriceInterval:
    """(assets,) the least, the last good and the most that a coin is worth; NaN where there is no
    such bound.
    """

    low: F8
    last_good: F8
    high: F8


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CreditInterval:
    """(rows,) credit and debt together, signed, at three ends.

    `worst` is for new credit, withdrawals and new risk, `last_good` for maintenance, `best` decides
    whether a liquidation may start. `missing` says which held assets have no bound at all: their
    ends are NaN.
    """

    worst: F8
    last_good: F8
    best: F8
    missing: tuple[Failure, ...]


def credit_interval(
    rows: CollateralRows, haircuts: Haircuts, price: PriceInterval, assets: Sequence[str]
) -> CreditInterval:
    """(rows,) collateral credit less debts at the worst, the last good and the best end.

    Credit: 0 at the worst end without a low price, NaN at the last good end without a last good
    one; the best end uses the high price, the last good one where there is none. Debts: the high
    price at the worst end, the higher of it and the last good one at the last good end, the low one
    at the best end; NaN, not 0, without a bound on that side. worst <= last_good <= best.
    """
    # Bounds that contradict each other widen the interval.
    least = np.fmin(np.fmin(price.low, price.last_good), price.high)
    most = np.fmax(np.fmax(price.high, price.last_good), price.low)
    low_known = np.where(np.isnan(price.low), np.nan, least)
    high_known = np.where(np.isnan(price.high), np.nan, most)
    high = np.where(np.isnan(price.high) & np.isnan(price.last_good), np.nan, most)
    worst = _signed(rows, haircuts, np.nan_to_num(low_known, nan=0.0), high_known)
    last_good = _signed(rows, haircuts, price.last_good, high)
    best = _signed(rows, haircuts, high, np.where(np.isnan(low_known), price.last_good, low_known))
    return CreditInterval(
        worst=worst,
        last_good=last_good,
        best=best,
        missing=tuple(_missing(rows, last_good, assets)),
    )


def _signed(rows: CollateralRows, haircuts: Haircuts, price: F8, debt_price: F8) -> F8:
    found = collateral_credit(rows, haircuts, price, debt_price)
    return found.credit + found.debt


def _missing(rows: CollateralRows, last_good: F8, assets: Sequence[str]) -> list[Failure]:
    return [
        Failure(
            Reason.MISSING_DATA,
            f"assets.{assets[asset]}",
            "has no last good price, or no haircut: it has no credit at maintenance",
        )
        for asset in np.unique(rows.asset[np.isnan(last_good)])
    ]
