"""The price of one listing at which a level of an account has nothing to spare, found by asking the
engine.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from crossmargin.base.ticks import TickOverflowError
from crossmargin.conformance.translation import CrossingFigure
from crossmargin.domain.columns import BalanceColumns, BookColumns
from crossmargin.kernels import NotFinite, TickOverflow
from crossmargin.rulebook.assess import MarginColumns, assess
from crossmargin.rulebook.context import Context

ROUNDS = 40
SPARE_BITS = range(2, 63, 6)
"""How much coarser than the vector's the tick may be, so that a far price still fits: tried in
turn."""
RESOLVED_FRAC = 2.0**-30
"""A buffer is zero when it is so small a part of what it was: the rest is the rounding of parts."""


def crossing_price(figure: CrossingFigure, columns: MarginColumns) -> float | None:
    """The price at which the level's buffer is zero; 0 when it would be below 0, None without one.

    The listing's mark alone moves. Each step is a line through two evaluations: where a level is
    straight in the price, one step is enough.
    """
    context = columns.context
    if context is None:
        raise ValueError("the columns were not asked to explain")
    for spare in SPARE_BITS:
        try:
            return _crossing(figure, columns, context, columns.tick_exponent + spare)
        except (TickOverflowError, TickOverflow, NotFinite):
            continue
    return None


def _crossing(
    figure: CrossingFigure, columns: MarginColumns, context: Context, exponent: int
) -> float | None:
    run, names = context.run, [str(name) for name in columns.account_ids]
    account = names.index(figure.account)
    row = run.universe.name_of
    listing = [row(i) for i in range(run.universe.listings_count)].index(figure.row)
    balances = context.balances
    if figure.multiple is not None:
        needed = columns.levels[figure.level].requirement[account]
        cash = math.ldexp(float(needed), columns.tick_exponent) * figure.multiple
        balances = _only_cash(columns, context, account, cash)
    book = BookColumns(
        universe=context.run.universe,
        account_ids=columns.account_ids,
        owner=context.owner,
        positions=context.positions,
        balances=balances,
        orders=context.orders,
    )

    def buffer(price: float) -> float:
        mark = run.market.mark.copy()
        mark[listing] = price
        market = replace(run.market, mark=mark)
        priced = replace(run.priced, market=market, priced={}, sensitivities={})
        found = assess(
            columns.recipe, book, priced, reporting=columns.reporting, tick_exponent=exponent
        )
        return float(found.levels[figure.level].buffer[account])

    return _root(buffer, float(run.market.mark[listing]))


def _root(buffer: Callable[[float], float], mark: float) -> float | None:
    before, now = mark / 2.0, mark
    left, right = buffer(before), buffer(now)
    resolved = RESOLVED_FRAC * max(abs(left), abs(right))
    for _ in range(ROUNDS):
        if left == right or math.isnan(left) or math.isnan(right):
            return None
        if abs(right) <= resolved:
            return now
        following = now - right * (now - before) / (right - left)
        if following <= 0.0:
            return 0.0
        before, now = now, following
        left, right = right, buffer(now)
    return None


def _only_cash(
    columns: MarginColumns, context: Context, account: int, cash: float
) -> BalanceColumns:
    """Balances of nothing but `cash` in reporting currency in the account."""
    universe = context.run.universe
    nowhere = np.full(1, -1, dtype=np.int64)
    return BalanceColumns(
        account=np.array([account], dtype=np.int64),
        asset=np.array([universe.assets.index(columns.reporting)], dtype=np.int64),
        amount=np.array([cash]),
        venue=nowhere,
        chain=nowhere,
        bridge=nowhere,
        custodian=nowhere,
        usable=np.ones(1, dtype=np.bool_),
        loan=np.zeros(1, dtype=np.bool_),
        places=(),
    )
