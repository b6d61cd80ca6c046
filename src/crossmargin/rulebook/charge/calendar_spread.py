"""Calendar spread: what opposite exposures at different expiries pay by the time between them."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.netting.amount import net
from crossmargin.rulebook.amount import Amount, added_up
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.orders import OrderFill, order_groups, worst_within
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.rate import Rate
from crossmargin.rulebook.rate_value import rate_of
from crossmargin.rulebook.reduce import CASH_FIELDS, parent_groups, row_values
from crossmargin.rulebook.selection import Selection

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

TERM = "maturity"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarSpread:
    """Sum over the groups of `by` of matched amount x days between its two terms x rate.

    Rows are contracts x the field `of`, netted per maturity (perpetuals and spot at day 0). Longs
    and shorts are matched nearest term first on both sides, which among all ways of matching has
    the least amount times days where both sides are equal; what one side has more stays unmatched.
    With `orders` a group with open orders pays for the smaller side, each with every order that
    makes it larger, over all the days between its terms: at least what any choice of orders pays.
    """

    of: str
    by: str
    rate: Rate
    selection: Selection | None = None
    orders: OrderFill = OrderFill.NONE

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0 with a rate >= 0, rounded to nearest once per group of `by`."""
        x = row_values(context, self.of, self.selection)
        inner = net(context.groups(TERM).rows["positions"], x)
        parent = parent_groups(context, TERM, self.by)
        days = _days(context)
        pairs = matched(inner, days, parent)
        rate = rate_of(self.rate, context, self.by)
        scale = 1.0 if self.of in CASH_FIELDS else 2.0**-context.run.tick_exponent
        spread = pairs.amount * np.abs(days[pairs.long] - days[pairs.short])
        outer = added_up(parent[pairs.long], spread, context.groups_count(self.by))
        outer = np.maximum(outer, self._with_orders(context, x, days, parent))
        outer = np.where(_unknown(inner, parent, len(outer)), np.nan, outer)
        charged = np.rint(np.where(outer == 0.0, 0.0, outer * rate * scale))
        total = added_up(parent_groups(context, self.by, at), charged, context.groups_count(at))
        parts = None
        if context.explain:
            parts = self._parts(context, x, inner, pairs, spread, outer, charged)
        return Outcome(amount=total, parts=parts)

    def _with_orders(self, context: Context, x: F8, days: F8, parent: I8) -> F8:
        """(groups of `by`,) amount x days that groups with open orders may come to, 0 without."""
        count = context.groups_count(self.by)
        if self.orders is OrderFill.NONE or not len(context.orders.account):
            return np.zeros(count)
        most = worst_within(
            context, self.by, TERM, Amount.HEDGED, self.of, self.selection, x, self.orders
        )
        first, last = np.full(count, np.inf), np.full(count, -np.inf)
        np.minimum.at(first, parent, days)
        np.maximum.at(last, parent, days)
        ordered = np.zeros(count, dtype=np.bool_)
        ordered[order_groups(context, self.by)] = True
        return np.where(ordered, most * np.maximum(last - first, 0.0), 0.0)

    def _parts(
        self,
        context: Context,
        x: F8,
        inner: F8,
        pairs: "Pairs",
        spread: F8,
        outer: F8,
        charged: F8,
    ) -> Parts:
        """Both terms of a pair pay half of it each, and a term's rows in proportion to its net;
        what only orders could match is paid by the group's first row.
        """
        count = len(inner)
        half = added_up(pairs.long, spread / 2, count) + added_up(pairs.short, spread / 2, count)
        parent = parent_groups(context, TERM, self.by)
        with np.errstate(invalid="ignore", divide="ignore"):
            matched_only = added_up(parent[pairs.long], spread, len(outer))
            per_spread = np.where(matched_only != 0.0, charged / matched_only, 0.0)
            per_unit = np.where(inner != 0.0, half * per_spread[parent] / inner, 0.0)
        row_group = context.groups(TERM).rows["positions"].row_group
        positions = np.where(row_group >= 0, x * per_unit[row_group], 0.0)
        rows = context.groups(self.by).rows["positions"]
        rest = np.flatnonzero((matched_only == 0.0) & (charged != 0.0))
        positions[rows.order[rows.indptr[rest]]] += charged[rest]
        return Parts(positions=positions, balances=np.zeros(len(context.block("balances").account)))


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pairs:
    """(pairs,) a long and a short entry and the amount in which they are matched, > 0."""

    long: I8
    short: I8
    amount: F8


def matched(amount: F8, days: F8, group: I8) -> Pairs:
    """Positive and negative entries (entries,) of one group matched in order of their days.

    Each side is laid end to end along a line; where the ends of both cut it, a piece belongs to one
    long and one short entry.
    """
    amount = np.where(np.isnan(amount), 0.0, amount)
    order = _merged(group, days)
    long, long_end = _laid(np.maximum(amount, 0.0), group, order)
    short, short_end = _laid(np.maximum(-amount, 0.0), group, order)
    if not len(long) or not len(short):
        nothing = np.zeros(0, dtype=np.int64)
        return Pairs(long=nothing, short=nothing, amount=np.zeros(0))
    owner = np.concatenate([group[long], group[short]])
    end = np.concatenate([long_end, short_end])
    is_long = np.arange(len(end)) < len(long)
    cut = _merged(owner, end)
    owner, end, is_long = owner[cut], end[cut], is_long[cut]
    opens = np.append(True, owner[1:] != owner[:-1])
    start = np.where(opens, 0.0, np.append(0.0, end[:-1]))
    before = np.append(0, np.cumsum(is_long)[:-1])
    before_short = np.append(0, np.cumsum(~is_long)[:-1])
    # Entries of both sides are sorted by group, so counts of the ends passed are their indexes.
    next_long = np.minimum(before, len(long) - 1)
    next_short = np.minimum(before_short, len(short) - 1)
    inside = (group[long[next_long]] == owner) & (group[short[next_short]] == owner)
    inside &= (before < len(long)) & (before_short < len(short)) & (end > start)
    return Pairs(
        long=long[next_long][inside],
        short=short[next_short][inside],
        amount=(end - start)[inside],
    )


def _merged(group: I8, place: F8) -> I8:
    """(entries,) their order by group, then place, else as they came.

    Complex numbers are compared by both parts, and a stable sort merges what lies in runs.
    """
    both = np.empty(len(group), dtype=np.complex128)
    both.real, both.imag = group, place
    return np.argsort(both, kind="stable")


def _laid(size: F8, group: I8, order: I8) -> tuple[I8, F8]:
    """The entries with a size in order, and where each ends along its group's line."""
    own = order[size[order] > 0.0]
    total = np.cumsum(size[own])
    opens = np.flatnonzero(np.append(True, group[own][1:] != group[own][:-1])) if len(own) else own
    before = np.append(0.0, total)[opens]
    return own, total - np.repeat(before, np.diff(np.append(opens, len(own))))


def _days(context: Context) -> F8:
    """(maturity groups,) days to expiry, 0 for perpetuals and spot."""
    rows = context.groups(TERM).rows["positions"]
    term = np.nan_to_num(context.field("term_years")) * 365.0
    days = np.zeros(context.groups_count(TERM))
    filled = np.flatnonzero(np.diff(rows.indptr) > 0)
    first = rows.order[rows.indptr[filled]]
    days[filled] = term[context.block("positions").instrument[first]]
    return days


def _unknown(inner: F8, parent: I8, count: int) -> NDArray[np.bool_]:
    lost = np.zeros(count, dtype=np.bool_)
    lost[parent[np.isnan(inner)]] = True
    return lost
