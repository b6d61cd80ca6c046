"""The ratio of net to gross replacement cost: how much of what is owed an account nets out."""

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.universe import Kind
from crossmargin.netting.amount import times_field
from crossmargin.rulebook.amount import Amount, group_amount
from crossmargin.rulebook.charge.row_ticks import row_ticks
from crossmargin.rulebook.charge.unrealised import unrealised_coins
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.rate import NetToGross
from crossmargin.rulebook.selection import FUTURES

F8 = NDArray[np.float64]


def net_to_gross(rate: NetToGross, context: Context, at: str) -> F8:
    """(groups,) max(0, sum of values) over the sum of positive values; NaN where a value is
    missing.
    """
    rows = context.groups(at).rows["positions"]
    value = row_ticks(context, _replacement(context), "the replacement cost")
    net = group_amount(Amount.NET_LONG, value, rows)
    gross = group_amount(Amount.LONG, value, rows)
    share = np.divide(net, gross, out=np.full(len(gross), rate.none), where=gross != 0.0)
    return np.where(np.isnan(gross), np.nan, share)


def _replacement(context: Context) -> F8:
    """(position rows,) what each is worth to its holder, in reporting currency."""
    run, p = context.run, context.positions
    universe = run.universe
    settled = run.asset_rate()[universe.settle[p.instrument]]
    profit = times_field(unrealised_coins(context, FUTURES), settled)
    option = universe.kind[p.instrument] == Kind.OPTION
    marked = times_field(p.contracts, context.field("mark_value")[p.instrument])
    return np.where(option, marked, profit)
