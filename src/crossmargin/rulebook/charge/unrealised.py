"""Unrealised profit: value at the mark less cost, with funding accrued."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.row_ticks import row_ticks, tick_sum
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.profit import profit_in_coins
from crossmargin.rulebook.selection import FUTURES, Selection


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Unrealised:
    """Sum of (value at mark - cost + funding accrued), converted at the index of the settlement
    asset.
    """

    selection: Selection = FUTURES

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Signed ticks, a gain positive; NaN where a position has no mark or no known cost."""
        p, run = context.positions, context.run
        chosen = np.flatnonzero(run.chosen(self.selection)[p.instrument])
        instrument, contracts, funding = (
            p.instrument[chosen],
            p.contracts[chosen],
            p.funding[chosen],
        )
        rate = run.asset_rate()[run.universe.settle[instrument]]
        with np.errstate(invalid="ignore"):
            value = contracts * context.field("mark_value")[instrument] - p.cost[chosen] * rate
            gained = np.where(contracts == 0.0, 0.0, value)
            gained += np.where(funding == 0.0, 0.0, funding * rate)
        ticks = row_ticks(context, gained, "the profit of a position")
        row_group = context.groups(at).rows["positions"].row_group[chosen]
        total = tick_sum(row_group, ticks, context.groups_count(at), "unrealised profit")
        parts = None
        if context.explain:
            inside = np.zeros(len(p.account))
            inside[chosen] = np.where(row_group >= 0, ticks, 0.0)
            parts = Parts(
                positions=inside, balances=np.zeros(len(context.block("balances").account))
            )
        return Outcome(amount=total, parts=parts)


def unrealised_coins(context: Context, selection: Selection) -> NDArray[np.float64]:
    """(position rows,) unrealised profit in coins of the settlement asset; 0 for rows not
    selected.
    """
    p, run = context.positions, context.run
    own = run.unit_value()[p.instrument]
    gained = profit_in_coins(own, p.contracts, p.cost, p.funding)
    return np.where(run.chosen(selection)[p.instrument], gained, 0.0)
