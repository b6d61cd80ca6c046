"""Contagion buffer: what a position pays for standing in a crowd that would be closed with it."""

from dataclasses import dataclass
from typing import final

import numpy as np

from crossmargin.netting.amount import net, times_field
from crossmargin.risk.contagion import contagion_frac
from crossmargin.rulebook.amount import Amount, added_up, group_amount, of_rows, row_shares
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.group_field import group_field
from crossmargin.rulebook.market_totals import UNDERLYING, by_owner, by_underlying
from crossmargin.rulebook.rate import Rate
from crossmargin.rulebook.rate_value import rate_of
from crossmargin.rulebook.reduce import parent_groups, row_values
from crossmargin.rulebook.selection import Selection

OF = "delta_cash"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Contagion:
    """Sum over underlyings of |net delta| x `contagion_frac`, in ticks, rounded once for each.

    The crowd is what others have on the position's side in the market's totals, the owner's own
    part of it taken out; the size that makes a piece dearer is the owner's, or the position's where
    that is larger. It belongs into an initial requirement: new risk pays, nobody is closed by it.
    """

    factor: Rate
    day_vol: Rate
    utilisation: Rate
    selection: Selection | None = None

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0 per group."""
        totals = context.run.priced.totals
        rows = context.groups(UNDERLYING).rows["positions"]
        assets = context.groups(UNDERLYING).key
        x = row_values(context, OF, self.selection)
        is_long = net(rows, x) > 0.0
        own = group_amount(Amount.ABS_NET, x, rows)
        dollar = group_field(context, UNDERLYING, "reporting_index")
        size = times_field(own * 2.0**context.run.tick_exponent, dollar)
        coins = np.abs(by_owner(context, UNDERLYING, assets, totals.owner_delta))
        crowd, part = (
            np.where(is_long, long, short)
            for long, short in (
                (
                    by_underlying(context, assets, totals.crowd_long),
                    by_underlying(context, assets, totals.crowd_short),
                ),
                (
                    by_owner(context, UNDERLYING, assets, totals.owner_crowd_long),
                    by_owner(context, UNDERLYING, assets, totals.owner_crowd_short),
                ),
            )
        )
        frac = contagion_frac(
            np.maximum(size, coins * context.run.market.index[assets]),
            np.maximum(0.0, crowd - np.where(crowd == 0.0, 0.0, part)),
            by_underlying(context, assets, totals.cycle_depth),
            rate_of(self.day_vol, context, UNDERLYING),
            factor=rate_of(self.factor, context, UNDERLYING),
            utilisation=rate_of(self.utilisation, context, UNDERLYING),
        )
        charged = np.rint(times_field(own, frac))
        parent = parent_groups(context, UNDERLYING, at)
        total = added_up(parent, charged, context.groups_count(at))
        parts = None
        if context.explain:
            shares = row_shares(Amount.ABS_NET, x, rows)
            whole = net(rows, shares)
            with np.errstate(invalid="ignore", divide="ignore"):
                per_share = np.where(whole != 0.0, charged / whole, 0.0)
            parts = Parts(
                positions=shares * of_rows(per_share, rows.row_group),
                balances=np.zeros(len(context.block("balances").account)),
            )
        return Outcome(amount=total, parts=parts)
