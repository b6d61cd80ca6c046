"""Closing fee: what it costs to close at the bankruptcy price, beside the margin itself."""

from dataclasses import dataclass
from typing import final

import numpy as np

from crossmargin.netting.amount import times_field
from crossmargin.rulebook.amount import added_up
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.rate import Rate
from crossmargin.rulebook.rate_value import rate_of
from crossmargin.rulebook.reduce import parent_groups
from crossmargin.rulebook.selection import FUTURES, Selection

LISTING = "listing"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingFee:
    """Sum over listings of |cost| x (1 - sign of cost / leverage) x fee.

    The bankruptcy price of a long is entry x (1 - 1 / leverage), of a short entry x (1 + 1 /
    leverage); an inverse contract, whose cost has the other sign, has the reciprocals. Confirmed to
    rounding on recorded Bybit positions of 2022 (XRPUSDT, taker fee 0.06 %).
    """

    fee: Rate
    leverage: Rate
    selection: Selection = FUTURES

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0, rounded to nearest once per listing; NaN where a position has no known
        cost.
        """
        p, run = context.positions, context.run
        chosen = run.chosen(self.selection)[p.instrument] & (p.contracts != 0.0)
        rows = context.groups(LISTING).rows["positions"]
        rate = run.asset_rate()[run.universe.settle[p.instrument]]
        cost = np.where(chosen, p.cost * rate, 0.0)
        leverage = rate_of(self.leverage, context, LISTING)[rows.row_group]
        fee = rate_of(self.fee, context, LISTING)[rows.row_group]
        at_bankruptcy = np.abs(cost) - times_field(cost, 1.0 / leverage)
        ticks = np.rint(times_field(at_bankruptcy, fee) * 2.0**-run.tick_exponent)
        by_listing = added_up(rows.row_group, ticks, context.groups_count(LISTING))
        parent = parent_groups(context, LISTING, at)
        parts = None
        if context.explain:
            parts = Parts(
                positions=ticks, balances=np.zeros(len(context.block("balances").account))
            )
        total = added_up(parent, by_listing, context.groups_count(at))
        return Outcome(amount=total, parts=parts)
