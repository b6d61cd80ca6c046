"""Quote protection: what a market maker pays for the largest fill that the protection lets through.

Quotes under protection are cancelled after a fill, so they need no margin each; a venue that knows
the largest quantity which can trade before that charges for it once per underlying.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.netting.amount import times_field
from crossmargin.rulebook.amount import added_up
from crossmargin.rulebook.charge.collateral_haircuts import by_asset
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.orders import QUOTE_KIND, order_groups
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.rate import Rate
from crossmargin.rulebook.rate_value import rate_of
from crossmargin.rulebook.reduce import parent_groups

F8 = NDArray[np.float64]

UNDERLYING = "underlying"
LISTING = "listing"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteProtection:
    """Sum over underlyings with quotes of max(limit, largest quote) x index x rate.

    The largest quote is coins of the quotes on one side of one listing. `limit` names a parameter
    by asset: coins that the protection lets through. Source of the rule: Deribit, 25 November 2025,
    3 % of the larger of quote quantity and quantity limit
    (https://support.deribit.com/hc/en-us/articles/31600682719645).
    """

    rate: Rate
    limit: str | None = None

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0, rounded to nearest once per account and underlying; NaN without an index."""
        if not (context.orders.kind == QUOTE_KIND).any() and not context.explain:
            return Outcome(amount=np.zeros(context.groups_count(at)))
        largest, row = _largest_quotes(context)
        groups = context.groups(UNDERLYING)
        coins = largest
        if self.limit is not None:
            allowed = by_asset(context.run, self.limit)[groups.key]
            coins = np.where(largest > 0.0, np.maximum(largest, allowed), largest)
        index = context.run.asset_rate()[groups.key]
        rate = rate_of(self.rate, context, UNDERLYING) * index * 2.0**-context.run.tick_exponent
        charged = np.rint(times_field(coins, rate))
        total = added_up(parent_groups(context, UNDERLYING, at), charged, context.groups_count(at))
        parts = None
        if context.explain:
            positions = np.zeros(len(context.positions.account))
            paid = np.flatnonzero(charged != 0.0)
            positions[row[paid]] = charged[paid]
            parts = Parts(
                positions=positions, balances=np.zeros(len(context.block("balances").account))
            )
        return Outcome(amount=total, parts=parts)


def _largest_quotes(context: Context) -> tuple[F8, NDArray[np.int64]]:
    """(underlying groups,) coins quoted on the larger side of the listing that quotes most, and
    its position row.
    """
    orders = context.orders
    quoted = orders.kind == QUOTE_KIND
    listing = order_groups(context, LISTING)
    coins = np.where(quoted, orders.contracts * context.field("coins")[orders.instrument], 0.0)
    count = context.groups_count(LISTING)
    bids = added_up(listing, np.where(orders.side > 0.0, coins, 0.0), count)
    asks = added_up(listing, np.where(orders.side < 0.0, coins, 0.0), count)
    own = np.maximum(bids, asks)
    parent = parent_groups(context, LISTING, UNDERLYING)
    largest = np.zeros(context.groups_count(UNDERLYING))
    np.maximum.at(largest, parent, own)
    rows = context.groups(LISTING).rows["positions"]
    first = np.full(len(largest), -1, dtype=np.int64)
    winners = np.flatnonzero((own == largest[parent]) & (own > 0.0))[::-1]
    first[parent[winners]] = rows.order[rows.indptr[winners]]
    return largest, first
