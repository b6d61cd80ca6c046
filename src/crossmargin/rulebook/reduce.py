"""Reductions of the batch's positions to a grouping, with selection and named fields."""

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.ticks import TICK_LIMIT, TickOverflowError
from crossmargin.kernels import NotFinite, TickOverflow, net_and_gross
from crossmargin.netting.amount import held_min, times_field
from crossmargin.netting.grouping import Grouping
from crossmargin.rulebook.amount import Amount, amount_of, group_amount
from crossmargin.rulebook.context import ACCOUNT, Block, Context, rows_by_group
from crossmargin.rulebook.selection import Selection

F8 = NDArray[np.float64]

CASH_FIELDS = frozenset(
    {
        "notional",
        "notional_index",
        "mark_value",
        "model_value",
        "delta_cash",
        "gamma_cash",
        "vega_cash",
        "vega_per_vol",
        "theta_cash",
        "entry_value",
    }
)
"""Fields in reporting currency: their rows are rounded to ticks before they are added."""


ENTRY_VALUE = "entry_value"
"""What a position cost and what an order would, by their own prices; signed like contracts."""


def entry_values(context: Context) -> F8:
    """(positions,) the size of the cost in reporting units, signed like the contracts; NaN without
    one.
    """
    p, run = context.positions, context.run
    rate = run.asset_rate()[run.universe.settle[p.instrument]]
    with np.errstate(invalid="ignore"):
        value = np.copysign(np.abs(p.cost) * rate, p.contracts)
    return np.where(p.contracts == 0.0, 0.0, value)


def row_values(
    context: Context, of: str, selection: Selection | None, block: str = "positions"
) -> F8:
    """(rows,) contracts x field of each row: whole ticks for amounts, plain units otherwise; 0 if
    not selected.

    A row that is held and lacks the field is NaN.
    """
    rows = context.block(block)
    if of == ENTRY_VALUE and block == "positions":
        x = entry_values(context)
    else:
        x = _times_unit(context, of, rows)
    if of in CASH_FIELDS:
        x = np.rint(x * 2.0**-context.run.tick_exponent)
        if np.any(np.abs(x) >= TICK_LIMIT):
            raise TickOverflowError(f"{of} of a position does not fit below 2**53 ticks")
    if selection is not None:
        x = np.where(context.run.chosen(selection)[rows.instrument], x, 0.0)
    return x


def cash_sums(
    context: Context, by: str, of: str, selection: Selection | None
) -> tuple[F8, F8] | None:
    """(groups,) whole ticks each: the sums of `row_values` and of their sizes, added up once.

    None for a field that is no cash amount, and where a held position lacks it or something does
    not fit: who adds row by row says what.
    """
    if of not in CASH_FIELDS or of == ENTRY_VALUE:
        return None
    key = (by, of, selection)
    if key not in context.amounts:
        context.amounts[key] = _cash_sums(context, by, of, selection)
    return context.amounts[key]


def _cash_sums(
    context: Context, by: str, of: str, selection: Selection | None
) -> tuple[F8, F8] | None:
    ticks, lost = context.run.keep(
        ("ticks per contract", of, selection), lambda: _ticks_per_contract(context, of, selection)
    )
    block, rows = context.block("positions"), context.groups(by).rows["positions"]
    if lost is not None and lost[block.instrument].any():
        return None
    own = slice(None) if rows.in_order else rows.order
    try:
        return net_and_gross(ticks, block.instrument[own], block.contracts[own], rows.indptr)
    except (NotFinite, TickOverflow):
        return None


def _ticks_per_contract(
    context: Context, of: str, selection: Selection | None
) -> tuple[F8, NDArray[np.bool_] | None]:
    """(instruments,) ticks of one contract, 0 where not selected or missing; which are missing."""
    ticks = context.field(of) * 2.0**-context.run.tick_exponent
    if selection is not None:
        ticks = np.where(context.run.chosen(selection), ticks, 0.0)
    lost = np.isnan(ticks)
    ticks[lost] = 0.0
    return ticks, lost if lost.any() else None


def _times_unit(context: Context, of: str, rows: Block) -> F8:
    field = context.field(of)
    if not context.explain and context.run.keep(
        ("finite", of), lambda: bool(np.isfinite(field).all())
    ):
        return np.asarray(rows.contracts * field[rows.instrument])
    return times_field(rows.contracts, field[rows.instrument])


def group_size(
    context: Context, at: str, amount: Amount, of: str, selection: Selection | None = None
) -> F8:
    """(groups,) an amount of the group's positions in plain units (currency, coins or
    contracts).
    """
    size = rows_amount(context, at, amount, of, selection)
    if of in CASH_FIELDS and amount is not Amount.HELD:
        size = size * 2.0**context.run.tick_exponent
    return size


def is_always_known(context: Context, of: str, selection: Selection | None) -> bool:
    """Whether no position can lack the field: all listings selected have it, all sizes are said."""

    def listed() -> bool:
        field = context.field(of)
        if selection is not None:
            field = field[context.run.chosen(selection)]
        return of != ENTRY_VALUE and bool(np.isfinite(field).all())

    if not context.run.keep(("always known", of, selection), listed):
        return False
    return bool(np.isfinite(context.positions.contracts).all())


def rows_amount(
    context: Context, by: str, amount: Amount, of: str, selection: Selection | None
) -> F8:
    """(groups,) an amount of the group's positions, in ticks for cash amounts."""
    sums = None if amount is Amount.HELD else cash_sums(context, by, of, selection)
    if sums is not None:
        return amount_of(amount, *sums)
    x = row_values(context, of, selection)
    return group_amount(amount, x, context.groups(by).rows["positions"])


def held_min_field(
    context: Context, at: str, name: str, by: str, selection: Selection | None
) -> F8:
    """(groups of `at`,) the smallest value of a field among the positions held in the group of `by`
    around each; infinity where none is held, NaN where a held one lacks the field.
    """
    p, rows = context.positions, context.groups(by).rows["positions"]
    held = (p.contracts != 0.0) & (rows.row_group >= 0)
    if selection is not None:
        held &= context.run.chosen(selection)[p.instrument]
    least = held_min(rows, context.field(name)[p.instrument], held)
    occupied = np.zeros(rows.groups_count, dtype=np.bool_)
    occupied[rows.row_group[held]] = True
    least = np.where(occupied, least, np.inf)
    return np.asarray(least[parent_groups(context, at, by)])


def parent_groups(context: Context, fine: str, coarse: str) -> NDArray[np.int64]:
    """(fine groups,) the group of `coarse` that each group of `fine` belongs to."""
    if coarse == ACCOUNT and fine != coarse:
        return context.groups(fine).account
    if (fine, coarse) not in context.parents:
        parent = _parent_groups(context, fine, coarse)
        parent.setflags(write=False)
        context.parents[fine, coarse] = parent
    return context.parents[fine, coarse]


def _parent_groups(context: Context, fine: str, coarse: str) -> NDArray[np.int64]:
    count = context.groups_count(fine)
    if fine == coarse:
        return np.arange(count, dtype=np.int64)
    parent = np.full(count, -1, dtype=np.int64)
    for block in ("positions", "balances") if context.balances_grouped else ("positions",):
        inner, outer = context.groups(fine).rows[block], context.groups(coarse).rows[block]
        if not len(inner.order):
            continue
        first, filled = inner.indptr[:-1], np.diff(inner.indptr) > 0
        if not filled.all():
            first = first[filled]
        row = first if inner.in_order else inner.order[first]
        parent[filled] = outer.row_group[row]
    return parent


def parent_rows(context: Context, fine: str, coarse: str) -> Grouping:
    """The groups of `coarse` with the groups of `fine` as their rows."""
    groups = context.groups(coarse)
    return rows_by_group(coarse, parent_groups(context, fine, coarse), groups.account, groups.key)
