"""What perpetuals are worth to a token rulebook: base weighted by side, orders filled to the worse
side, gains weighted.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.universe import Kind
from crossmargin.netting.amount import times_field
from crossmargin.rulebook.amount import added_up
from crossmargin.rulebook.charge.token_rows import position_row
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.group_field import instrument_parameter
from crossmargin.valuation.unit_value import unit_value

F8 = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PerpetualValue:
    """Cash of a perpetual plus the least, over all bids filled and all asks filled, of base x mark
    x weight and what the fill paid.

    `long` weighs a base that is held, `short` one that is owed, `gain` a total above 0. The mark is
    kept from above by `slow_mark` where a base is held and from below where it is owed; a market
    without that figure has no slow price.
    """

    long: str
    short: str
    gain: str
    slow_mark: str | None = None


def perpetual_coins(context: Context, words: PerpetualValue) -> F8:
    """(position rows,) coins of the settlement token; 0 for what is no perpetual."""
    p, run = context.positions, context.run
    kind = run.universe.kind[p.instrument]
    chosen = kind == Kind.PERPETUAL
    own = unit_value(run.universe, run.market)[p.instrument]
    slow = own if words.slow_mark is None else _slow_value(context, words.slow_mark)
    held_price, owed_price = np.fmin(own, slow), np.fmax(own, slow)
    long = _weight(context, words.long)
    short = _weight(context, words.short)
    bids, asks = _orders(context)
    cash = np.where((p.contracts == 0.0) & (p.cost == 0.0), 0.0, -p.cost) + p.funding
    least = np.full(len(cash), np.inf)
    for filled, paid_at in ((bids, owed_price), (asks, held_price)):
        base = p.contracts + filled
        with np.errstate(invalid="ignore"):
            weighted = np.where(base < 0.0, owed_price * short, held_price * long)
            case = times_field(base, weighted) - times_field(filled, paid_at)
        least = np.minimum(least, np.where(chosen, case, 0.0))
    total = np.where(chosen, cash + least, 0.0)
    weighed = times_field(total, _weight(context, words.gain))
    return np.where(total > 0.0, weighed, total)


def _weight(context: Context, reference: str) -> F8:
    name = reference.removeprefix("$")
    return instrument_parameter(context.run, name)[context.positions.instrument]


def _slow_value(context: Context, name: str) -> F8:
    universe, rows = context.run.universe, context.positions.instrument
    return np.asarray(context.field(name)[rows] * universe.contract_size[rows])


def _orders(context: Context) -> tuple[F8, F8]:
    """(position rows,) contracts of all bids, and of all asks as a negative number."""
    o = context.orders
    row = position_row(context, o.account, o.instrument)
    signed, count = o.side * o.contracts, len(context.positions.account)
    return (
        added_up(row, np.maximum(signed, 0.0), count),
        added_up(row, np.minimum(signed, 0.0), count),
    )
