"""Brackets: an amount times the rates of the tiers it reaches, slice by slice or as a whole."""

from dataclasses import dataclass
from enum import StrEnum
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels import tiered_rate
from crossmargin.netting.amount import times_field
from crossmargin.rulebook.amount import Amount, added_up, group_amount, row_shares
from crossmargin.rulebook.charge.interface import Outcome
from crossmargin.rulebook.charge.orders import OrderFill, filled_amount
from crossmargin.rulebook.charge.paid_by_rows import paid_by_rows
from crossmargin.rulebook.charge.tier_table import TierTable, tier_table
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.group_field import group_field, instrument_labels, one_per_group
from crossmargin.rulebook.owner_size import OWNER_FIELDS
from crossmargin.rulebook.rate import Rate
from crossmargin.rulebook.rate_value import rate_of
from crossmargin.rulebook.reduce import CASH_FIELDS, parent_groups, row_values
from crossmargin.rulebook.selection import Selection

F8 = NDArray[np.float64]


@final
class Brackets(StrEnum):
    """`marginal`: each slice at its own rate. `whole`: all of it at the rate of the tier it
    reaches.
    """

    MARGINAL = "marginal"
    WHOLE = "whole"


@final
class Stated(StrEnum):
    """How a table states its rates: as fractions, or as the most leverage of each tier."""

    FRACTION = "fraction"
    LEVERAGE = "leverage"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Tiered:
    """Sum over the groups of `by` of amount(rows) under brackets, in ticks, rounded to nearest once
    per group.

    Rows are contracts x the field `of`. `bounds` and `rates` name parameters ("$name"); they may be
    indexed by asset, settle, listing, economic_id or venue. Tiers are chosen by the same amount, or
    by the amount of the field `measured_by` (contracts, coins) where a venue does so; where that is
    the owner's size, the owner's accounts pay together what one account with it would. `leverage`
    is the user's own choice: no rate is below its inverse. At a bound `whole` takes the tier above
    it, or below it with `bound_below`.
    """

    amount: Amount
    of: str
    by: str
    bounds: str
    rates: str
    brackets: Brackets = Brackets.MARGINAL
    stated: Stated = Stated.FRACTION
    leverage: Rate | None = None
    measured_by: str | None = None
    bound_below: bool = False
    selection: Selection | None = None
    orders: OrderFill = OrderFill.NONE

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0 for an amount >= 0; the driver is the highest tier that is reached."""
        x = row_values(context, self.of, self.selection)
        size = self._size(context, self.of, x)
        measured = size
        if self.measured_by in OWNER_FIELDS:
            measured = group_field(context, self.by, str(self.measured_by))
        elif self.measured_by is not None:
            own = row_values(context, self.measured_by, self.selection)
            measured = self._size(context, self.measured_by, own)
        bound, rate = self._brackets(context)
        effective = effective_rate(measured, bound, rate, self.brackets, self.bound_below)
        charged = np.rint(times_field(size * 2.0**-context.run.tick_exponent, effective))
        parent = parent_groups(context, self.by, at)
        total = added_up(parent, charged, context.groups_count(at))
        return Outcome(
            amount=total,
            driver=self._driver(measured, bound, parent, len(total)),
            driver_names=tuple(f"tier {tier + 1}" for tier in range(rate.shape[1])),
            parts=paid_by_rows(
                context,
                self.by,
                row_shares(self.amount, x, context.groups(self.by).rows["positions"]),
                charged,
            )
            if context.explain
            else None,
        )

    def _size(self, context: Context, of: str, x: F8) -> F8:
        """(groups,) the amount in plain units."""
        if self.orders is OrderFill.NONE:
            size = group_amount(self.amount, x, context.groups(self.by).rows["positions"])
        else:
            size = filled_amount(context, self.by, self.amount, of, self.selection, x, self.orders)
        in_ticks = of in CASH_FIELDS and self.amount is not Amount.HELD
        return size * 2.0**context.run.tick_exponent if in_ticks else size

    def _brackets(self, context: Context) -> tuple[F8, F8]:
        """(groups, tiers - 1) bounds and (groups, tiers) rates as fractions."""
        table, row = group_brackets(context, self.by, self.bounds, self.rates)
        known = ~np.isnan(row)
        index = np.where(known, row, 0.0).astype(np.int64)
        rate = np.where(known[:, None], table.rate[index], np.nan)
        if self.stated is Stated.LEVERAGE:
            rate = 1.0 / rate
        if self.leverage is not None:
            rate = np.maximum(rate, 1.0 / rate_of(self.leverage, context, self.by)[:, None])
        return table.bound[index], rate

    def _driver(
        self, measured: F8, bound: F8, parent: NDArray[np.int64], groups_count: int
    ) -> NDArray[np.int64]:
        driver = np.full(groups_count, -1, dtype=np.int64)
        reached = (measured[:, None] > bound).sum(axis=1)
        inside = (measured > 0.0) & (parent >= 0)
        np.maximum.at(driver, parent[inside], reached[inside])
        return driver


def effective_rate(size: F8, bound: F8, rate: F8, brackets: Brackets, bound_below: bool) -> F8:
    """(groups,) charge per unit of `size` >= 0 under (groups, tiers - 1) bounds and (groups, tiers)
    rates. A size that is missing has no rate.

    Marginal: the mean rate of the slices up to `size`, continuous at the bounds.
    """
    whole = brackets is Brackets.WHOLE
    own = np.arange(len(size), dtype=np.int64)
    return tiered_rate(size, bound, rate, own, whole=whole, bound_below=bound_below)


def group_brackets(context: Context, by: str, bounds: str, rates: str) -> tuple[TierTable, F8]:
    """The brackets of every label, and (groups,) the row of the table that holds each group's, NaN
    for none.
    """
    run = context.run
    parameter = run.terms.parameters[rates.removeprefix("$")]
    if parameter.by is None:
        return tier_table(run, bounds, rates, ("",)), np.zeros(context.groups_count(by))
    if parameter.by == "account":
        names = context.account_names
        first = context.first_account
        labels = [str(names[first + i]) for i in range(context.accounts_count)]
        own = context.groups(by).account.astype(np.float64)
        return tier_table(run, bounds, rates, labels), own
    by_instrument = instrument_labels(run, parameter)
    labels = sorted(set(by_instrument))
    number = {label: float(i) for i, label in enumerate(labels)}
    rows = np.array([number[label] for label in by_instrument])
    return tier_table(run, bounds, rates, labels), one_per_group(
        context, by, rows, f"params.{parameter.name}"
    )
