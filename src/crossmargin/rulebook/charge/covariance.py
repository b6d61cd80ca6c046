"""Covariance margin: a root of squared exposures, pairs of them, and what each listing adds."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.netting.amount import net
from crossmargin.risk.covariance_root import covariance_loss
from crossmargin.rulebook.amount import added_up, of_rows
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.market_totals import UNDERLYING
from crossmargin.rulebook.pair_table import named_pair_table
from crossmargin.rulebook.rate import Rate
from crossmargin.rulebook.rate_value import rate_of
from crossmargin.rulebook.reduce import parent_groups, row_values
from crossmargin.rulebook.selection import Selection

F8 = NDArray[np.float64]

OF = "delta_cash"
LISTING = "listing"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Covariance:
    """root of the sum over underlyings of (alpha x net delta) ** 2, over pairs of underlyings of
    beta x one net delta x the other, and over listings of (own x delta) ** 2.

    `pairs` names a parameter by pair of assets ("BTC/ETH"), each pair counted once: twice a
    covariance of losses per unit. Delta is that of a move of 100 %, in reporting units.
    """

    alpha: Rate
    pairs: str
    own: Rate
    selection: Selection | None = None

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0, rounded to nearest once per group of `at`."""
        x = row_values(context, OF, self.selection)
        rows = context.groups(LISTING).rows["positions"]
        size = net(rows, x)
        weight = rate_of(self.own, context, LISTING)
        single = np.where(size == 0.0, 0.0, size * weight)
        listing_at = parent_groups(context, LISTING, at)
        count = context.groups_count(at)
        squares = added_up(listing_at, single * single, count)

        held = net(context.groups(UNDERLYING).rows["positions"], x)
        unit_at = parent_groups(context, UNDERLYING, at)
        width = len(context.run.universe.assets) // context.run.universe.copies
        asset = context.groups(UNDERLYING).key % width
        taken = np.flatnonzero((held != 0.0) & (unit_at >= 0))
        active, place = np.unique(asset[taken], return_inverse=True)
        cell = (place, unit_at[taken])
        exposure, alpha = np.zeros((2, len(active), count))
        exposure[cell] = held[taken]
        alpha[cell] = rate_of(self.alpha, context, UNDERLYING)[taken]
        names = [context.run.universe.assets[each] for each in active]
        beta = named_pair_table(context.run, self.pairs, names)
        found = covariance_loss(exposure, alpha, beta, squares)
        amount = np.rint(found.loss)
        parts = None
        if context.explain:
            nearest = _ratio(amount, found.loss)
            per_asset = np.zeros(len(held))
            per_asset[taken] = found.by_exposure[cell] * nearest[unit_at[taken]]
            per_listing = _ratio(
                single * np.where(single == 0.0, 0.0, weight), found.loss[listing_at]
            )
            per_listing *= nearest[listing_at]
            paid = of_rows(per_asset, context.groups(UNDERLYING).rows["positions"].row_group)
            paid = paid + of_rows(per_listing, rows.row_group)
            parts = Parts(
                positions=np.where(x == 0.0, 0.0, x * paid),
                balances=np.zeros(len(context.block("balances").account)),
            )
        return Outcome(amount=amount, parts=parts)


def _ratio(amount: F8, of: F8) -> F8:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(of != 0.0, amount / of, 0.0)
