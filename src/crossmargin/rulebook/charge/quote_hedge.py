"""Hedges across quote currencies: long against one stablecoin and short against another."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels import tiered_rate
from crossmargin.rulebook.amount import added_up
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.orders import (
    QUOTE_KIND,
    OrderFill,
    order_groups,
    order_values,
)
from crossmargin.rulebook.charge.tier_table import tier_table
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.group_field import one_per_group
from crossmargin.rulebook.parameters import PEG
from crossmargin.rulebook.reduce import parent_groups, row_values
from crossmargin.rulebook.run import Run
from crossmargin.rulebook.selection import Selection

F8 = NDArray[np.float64]

PAIR = "/"
DELTA = "delta_cash"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteHedge:
    """Sum over the groups of `by` of hedged cash delta under marginal tiers, pair after pair.

    `pairs` are quote currencies written "USDT/USD"; in their order each takes what is long of one
    and short of the other and leaves the rest to the next. `bounds` and `rates` name lists of
    parameters: hedge sizes in reporting units, and a fraction per tier. Rates indexed by `peg` are
    those of the largest price level that the pair still reaches, the index of one over that of the
    other, whichever is less: "0.995", "0.99" and so on; below all of them the least one counts.
    Source of the order, of the marginal tiers and of rates by price: OKX, MR9
    (https://pastorq.com/13690.html), whose example 1M x 0.75 % + 4M x 1.75 % + 5M x 2.5 % =
    202,500 it gives.

    With `orders` every pair has the orders that make its own hedge largest, and nothing is left out
    that another pair took: at least what any choice of orders pays.
    """

    by: str
    pairs: tuple[str, ...]
    bounds: str
    rates: str
    selection: Selection | None = None
    orders: OrderFill = OrderFill.NONE

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0, rounded to nearest once per group and pair; NaN where a row lacks a delta."""
        x = row_values(context, DELTA, self.selection)
        codes = [pair.split(PAIR) for pair in self.pairs]
        left = {code: self._delta(context, x, code) for code in dict.fromkeys(chain(*codes))}
        filled = self._filled(context, left)
        charged: F8 = np.zeros(context.groups_count(self.by))
        for first, second in codes:
            size = _opposite(left[first], left[second])
            sign = np.sign(left[first])
            left[first], left[second] = left[first] - sign * size, left[second] + sign * size
            if filled is not None:
                most = _most_opposite(filled, first, second)
                size = np.where(filled.ordered, most, size)
            charged += self._charged(context, size, first, second)
        total = added_up(parent_groups(context, self.by, at), charged, context.groups_count(at))
        parts = self._parts(context, x, charged) if context.explain else None
        return Outcome(amount=total, parts=parts)

    def _charged(self, context: Context, size: F8, first: str, second: str) -> F8:
        """(groups,) whole ticks that a hedge of so many ticks pays; NaN where the pair has no
        price.
        """
        levels, level = self._levels(context, first, second)
        table = tier_table(context.run, self.bounds, self.rates, levels)
        unit = 2.0**context.run.tick_exponent
        own = tiered_rate(
            size * unit,
            table.bound,
            table.rate,
            np.maximum(level, 0),
            whole=False,
            bound_below=False,
        )
        own = np.where(level < 0, np.nan, own)
        return np.rint(np.where(size == 0.0, 0.0, size * own))

    def _levels(
        self, context: Context, first: str, second: str
    ) -> tuple[tuple[str, ...], NDArray[np.int64]]:
        """Names of the price levels of the rates, and (groups,) the level of the pair, -1 where it
        has no price. One level where rates are not by peg.
        """
        run, count = context.run, context.groups_count(self.by)
        rates = run.terms.parameters[self.rates.removeprefix("$")]
        if rates.by != PEG or not isinstance(rates.value, Mapping):
            return ("",), np.zeros(count, dtype=np.int64)
        levels = sorted(rates.value, key=float, reverse=True)
        ratio = one_per_group(
            context, self.by, _ratio(run, first, second), f"the price of {first} in {second}"
        )
        ratio = np.minimum(ratio, 1.0 / ratio)
        level = np.searchsorted(-np.array([float(each) for each in levels]), -ratio, side="left")
        level = np.minimum(level, len(levels) - 1)
        return tuple(levels), np.where(np.isnan(ratio), -1, level).astype(np.int64)

    def _filled(self, context: Context, held: Mapping[str, F8]) -> "Filled | None":
        """The deltas with orders filled; None when none counts."""
        if self.orders is OrderFill.NONE or not len(context.orders.account):
            return None
        y = np.rint(order_values(context, DELTA, self.selection) * 2.0**-context.run.tick_exponent)
        if self.orders is OrderFill.UNPROTECTED:
            y = np.where(context.orders.kind == QUOTE_KIND, 0.0, y)
        universe = context.run.universe
        quote = universe.quote[context.orders.instrument]
        group, count = order_groups(context, self.by), context.groups_count(self.by)
        raised, lowered = {}, {}
        for code, delta in held.items():
            own = np.array([name == code for name in universe.assets], dtype=np.bool_)[quote]
            raised[code] = delta + added_up(group, np.where(own & ~(y < 0.0), y, 0.0), count)
            lowered[code] = delta + added_up(group, np.where(own & ~(y > 0.0), y, 0.0), count)
        ordered = np.zeros(count, dtype=np.bool_)
        ordered[group] = True
        return Filled(raised=raised, lowered=lowered, ordered=ordered)

    def _delta(self, context: Context, x: F8, code: str) -> F8:
        """(groups,) ticks of net delta against one quote currency."""
        u = context.run.universe
        own = np.array([name == code for name in u.assets], dtype=np.bool_)
        rows = context.groups(self.by).rows["positions"]
        quoted = own[u.quote[context.block("positions").instrument]] & (rows.row_group >= 0)
        group = np.where(quoted, rows.row_group, 0)
        return added_up(group, np.where(quoted, x, 0.0), context.groups_count(self.by))

    def _parts(self, context: Context, x: F8, charged: F8) -> Parts:
        """Rows of the pairs' currencies share what their group pays by the size of their delta."""
        u = context.run.universe
        named = set(PAIR.join(self.pairs).split(PAIR))
        quoted = np.array([name in named for name in u.assets], dtype=np.bool_)
        rows = context.groups(self.by).rows["positions"]
        instrument = context.block("positions").instrument
        size = np.where(quoted[u.quote[instrument]] & (rows.row_group >= 0), np.abs(x), 0.0)
        whole = added_up(np.maximum(rows.row_group, 0), size, len(charged))
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(whole != 0.0, charged / whole, 0.0)
        return Parts(
            positions=np.where(rows.row_group >= 0, size * share[rows.row_group], 0.0),
            balances=np.zeros(len(context.block("balances").account)),
        )


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Filled:
    """Per quote currency (groups,) the delta with all orders that raise it, and with all that lower
    it; `ordered` (groups,) marks groups with orders.
    """

    raised: Mapping[str, F8]
    lowered: Mapping[str, F8]
    ordered: NDArray[np.bool_]


def _ratio(run: Run, first: str, second: str) -> F8:
    """(instruments,) what one quote currency costs in the other, in each instrument's copy."""
    codes = run.universe.assets
    size = len(codes) // run.universe.copies
    rows = [codes.index(code) if code in codes else None for code in (first, second)]
    copies = np.arange(run.universe.copies) * size
    prices = [
        np.full(len(copies), np.nan) if row is None else run.market.index[row + copies]
        for row in rows
    ]
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = prices[0] / prices[1]
    return np.asarray(ratio[run.universe.underlying // size])


def _most_opposite(filled: Filled, first: str, second: str) -> F8:
    """(groups,) the largest hedge of two currencies over any choice of orders, >= 0."""
    one = np.minimum(filled.raised[first], -filled.lowered[second])
    other = np.minimum(-filled.lowered[first], filled.raised[second])
    return np.maximum(np.maximum(one, other), 0.0)


def _opposite(first: F8, second: F8) -> F8:
    """(groups,) what is long of one and short of the other, >= 0."""
    size = np.minimum(np.abs(first), np.abs(second))
    return np.where(
        np.isnan(first) | np.isnan(second), np.nan, np.where(first * second < 0.0, size, 0.0)
    )
