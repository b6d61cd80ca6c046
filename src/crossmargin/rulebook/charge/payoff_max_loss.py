"""Maximum loss at settlement: the worst over 0, the group's own strikes, and beyond the last
one.
"""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.ticks import TICK_LIMIT, TickOverflowError
from crossmargin.domain.universe import Kind
from crossmargin.netting.grouping import Grouping
from crossmargin.rulebook.amount import added_up
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.payoff import (
    PayoffLines,
    paid_in_coin,
    paid_in_quote,
    payoff_lines,
    slope_above,
)
from crossmargin.rulebook.charge.settlement_price import SettlementPrices, settlement_prices
from crossmargin.rulebook.context import Context, rows_by_group
from crossmargin.rulebook.reduce import parent_groups
from crossmargin.rulebook.selection import Selection

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

PAIRS_PER_CHUNK = 1 << 18
"""So many rows x settlement prices are held at once, whatever the number of groups."""


@final
class Numeraire(StrEnum):
    """What a loss is counted in while the price moves: quote currency, or coins of the
    underlying.
    """

    QUOTE = "quote"
    COIN = "coin"


@final
class Beyond(StrEnum):
    """A loss without bound (above the last strike in quote currency, towards 0 in coin).

    `ignored` where another charge covers it; `unavailable` gives no figure, being no finite one.
    """

    IGNORED = "ignored"
    UNAVAILABLE = "unavailable"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PayoffMaxLoss:
    """Sum over the groups of `by` of max(0, -min over settlement prices of what the group pays).

    Options pay their payoff without their premium, futures, perpetuals and spot what they gain from
    the mark. Candidates are 0 and the group's own strikes in quote currency, its own strikes and
    infinity in coin: the payoff is a line in between. Coins are converted at the index. Driver: the
    settlement price.
    """

    by: str
    numeraire: Numeraire
    beyond: Beyond
    selection: Selection | None = None

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0; each row's payoff is rounded to nearest before it is added."""
        rows = self._rows(context)
        lines = payoff_lines(context, rows.order)
        prices = settlement_prices(rows, lines, coin=self.numeraire is Numeraire.COIN)
        paid, price = self._worst(context, rows, lines, prices)
        loss = np.maximum(-paid, 0.0)
        if self.beyond is Beyond.UNAVAILABLE:
            loss = np.where(self._unbounded(context, rows, lines), np.nan, loss)
        parent = parent_groups(context, self.by, at)
        total = added_up(parent, loss, context.groups_count(at))
        if not context.explain:
            return Outcome(amount=total)
        driver, names = _driver(loss, price, parent, len(total))
        return Outcome(
            amount=total,
            driver=driver,
            driver_names=names,
            parts=self._parts(context, rows, lines, loss, price),
        )

    def _rows(self, context: Context) -> Grouping:
        """Held and selected positions by the groups of `by`."""
        p, groups = context.positions, context.groups(self.by)
        chosen = p.contracts != 0.0
        chosen &= context.run.universe.kind[p.instrument] != Kind.BALANCE
        if self.selection is not None:
            chosen &= self.selection.instruments(context.run.universe)[p.instrument]
        row_group = np.where(chosen, groups.rows["positions"].row_group, -1)
        return rows_by_group(self.by, row_group, groups.account, groups.key)

    def _ticks(self, context: Context, rows: I8, lines: PayoffLines, price: F8) -> F8:
        """(rows,) whole ticks that position rows pay at a price each."""
        underlying = context.run.universe.underlying[context.positions.instrument[rows]]
        dollars = context.run.market.index[context.run.reporting_row[underlying]]
        if self.numeraire is Numeraire.QUOTE:
            value = paid_in_quote(lines, price) / dollars
        else:
            value = paid_in_coin(lines, price) * context.run.market.index[underlying] / dollars
        return np.asarray(np.rint(value * 2.0**-context.run.tick_exponent))

    def _worst(
        self, context: Context, rows: Grouping, lines: PayoffLines, prices: SettlementPrices
    ) -> tuple[F8, F8]:
        """(groups,) the least that each group is paid, and the first price at which it is."""
        least = np.zeros(rows.groups_count)
        price = np.full(rows.groups_count, np.nan)
        pairs = np.diff(rows.indptr) * np.diff(prices.indptr)
        for first, last in _chunks(pairs):
            row, candidate, starts = _pairs(rows, prices, first, last)
            if not len(row):
                continue
            ticks = self._ticks(context, rows.order[row], lines.taken(row), prices.price[candidate])
            if np.any(np.add.reduceat(np.abs(ticks), starts) >= TICK_LIMIT):
                raise TickOverflowError("a payoff does not add up exactly below 2**53 ticks")
            own = slice(prices.indptr[first], prices.indptr[last])
            filled = first + np.flatnonzero(np.diff(prices.indptr[first : last + 1]))
            opens = prices.indptr[filled] - prices.indptr[first]
            paid = np.add.reduceat(ticks, starts)
            least[filled] = np.minimum.reduceat(paid, opens)
            group = np.repeat(filled, np.diff(np.append(opens, len(paid))))
            hit = np.flatnonzero(paid == least[group])[::-1]
            price[group[hit]] = prices.price[own][hit]
        return least, price

    def _unbounded(self, context: Context, rows: Grouping, lines: PayoffLines) -> NDArray[np.bool_]:
        """(groups,) whether the loss has no bound: net short above all strikes, or at 0 in coin."""
        scale = 2.0**-context.run.tick_exponent
        if self.numeraire is Numeraire.QUOTE:
            index = context.run.market.index
            underlying = context.run.universe.underlying[context.positions.instrument[rows.order]]
            end = slope_above(lines) * index[underlying]
        else:
            end = paid_in_quote(lines, np.zeros(len(rows.order)))
        group = rows.row_group[rows.order]
        # In ticks, so that positions that cancel leave exactly nothing.
        return np.bincount(group, weights=np.rint(end * scale), minlength=rows.groups_count) < 0.0

    def _parts(
        self, context: Context, rows: Grouping, lines: PayoffLines, loss: F8, price: F8
    ) -> Parts:
        """What each row pays at its group's worst price; a hedge has a negative part."""
        group = rows.row_group[rows.order]
        parts = np.zeros(len(context.positions.account))
        with np.errstate(invalid="ignore"):
            paid = self._ticks(context, rows.order, lines, price[group])
            parts[rows.order] = np.where(loss[group] == 0.0, 0.0, -paid)
        return Parts(positions=parts, balances=np.zeros(len(context.block("balances").account)))


def _chunks(pairs: I8) -> list[tuple[int, int]]:
    """Runs of groups with at most `PAIRS_PER_CHUNK` pairs each, or one group."""
    part = np.cumsum(pairs) // PAIRS_PER_CHUNK
    bounds = [0, *(np.flatnonzero(np.diff(part)) + 1).tolist(), len(pairs)]
    return [(a, b) for a, b in pairwise(bounds) if b > a]


def _pairs(rows: Grouping, prices: SettlementPrices, first: int, last: int) -> tuple[I8, I8, I8]:
    """Every row of groups first..last with every price of its group: rows, prices, where each
    price begins.
    """
    rows_count = np.diff(rows.indptr[first : last + 1])
    prices_count = np.diff(prices.indptr[first : last + 1])
    per_price = np.repeat(rows_count, prices_count)
    starts = np.cumsum(per_price) - per_price
    candidate = np.repeat(np.arange(prices.indptr[first], prices.indptr[last]), per_price)
    within = np.arange(len(candidate)) - np.repeat(starts, per_price)
    row = np.repeat(np.repeat(rows.indptr[first:last], prices_count), per_price) + within
    return row, candidate, starts


def _driver(loss: F8, price: F8, parent: I8, groups_count: int) -> tuple[I8, tuple[str, ...]]:
    """(groups,) the settlement price of the finer group that loses most, numbered among the
    names.
    """
    names = np.unique(price[loss > 0.0])
    driver = np.full(groups_count, -1, dtype=np.int64)
    # The largest loss is written last; of equal ones the first group.
    for group in np.lexsort((-np.arange(len(loss)), loss)):
        if loss[group] > 0.0 and parent[group] >= 0:
            driver[parent[group]] = np.searchsorted(names, price[group])
    return driver, tuple(f"settles at {name:,.10g}" for name in names)
