"""Unrealised profit: value at the mark less cost, with funding accrued."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.universe import Kind
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.row_ticks import row_ticks, tick_sum
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.selection import Selection
from crossmargin.valuation.unit_value import unit_value

FUTURES = Selection(kinds=(Kind.PERPETUAL, Kind.FUTURE))


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
        rate = run.asset_rate()[run.universe.settle[p.instrument]]
        with np.errstate(invalid="ignore"):
            value = p.contracts * context.field("mark_value")[p.instrument] - p.cost * rate
            gained = np.where(p.contracts == 0.0, 0.0, value)
            gained += np.where(p.funding == 0.0, 0.0, p.funding * rate)
        chosen = run.chosen(self.selection)[p.instrument]
        ticks = row_ticks(context, np.where(chosen, gained, 0.0), "the profit of a position")
        row_group = context.groups(at).rows["positions"].row_group
        total = tick_sum(row_group, ticks, context.groups_count(at), "unrealised profit")
        parts = None
        if context.explain:
            inside = np.where(row_group >= 0, ticks, 0.0)
            parts = Parts(
                positions=inside, balances=np.zeros(len(context.block("balances").account))
            )
        return Outcome(amount=total, parts=parts)


def unrealised_coins(context: Context, selection: Selection) -> NDArray[np.float64]:
    """(position rows,) unrealised profit in coins of the settlement asset; 0 for rows not
    selected.
    """
    p, run = context.positions, context.run
    with np.errstate(invalid="ignore"):
        value = p.contracts * unit_value(run.universe, run.market)[p.instrument] - p.cost
    gained = np.where(p.contracts == 0.0, 0.0, value) + p.funding
    return np.where(run.chosen(selection)[p.instrument], gained, 0.0)
