"""Option strategies: what short options pay when long ones, or each other, stand beside them."""

from dataclasses import dataclass, replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.netting.amount import net, times_field
from crossmargin.rulebook.amount import added_up
from crossmargin.rulebook.charge.calendar_spread import matched
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.payoff_max_loss import Beyond, Numeraire, PayoffMaxLoss
from crossmargin.rulebook.charge.standard_option import (
    OPTIONS,
    Leg,
    Premium,
    Reference,
    StandardOption,
)
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.rate import Rate
from crossmargin.rulebook.reduce import parent_groups, row_values
from crossmargin.rulebook.selection import Selection

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

LISTING, EXPIRY, UNDERLYING = "listing", "expiry", "underlying"
WAYS = {"nearest the money covered first": 1.0, "farthest covered first": -1.0, "none covered": 0.0}
"""In which order of strikes longs cover shorts."""
DRIVERS = tuple(WAYS)
WORST_PAYOFF = {"by": EXPIRY, "numeraire": Numeraire.QUOTE, "beyond": Beyond.IGNORED}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OptionStrategy:
    """Sum over underlyings of the least of three ways to pair options; shorts left over pay as
    `standard_option` has it, with their mark.

    Shorts are covered as far as there are longs of the same right and expiry, from the money
    outwards, inwards, or not at all. What is covered pays the worst payoff at settlement of its
    expiry with all longs, premiums apart. Of shorts left over, a call and a put of one underlying
    pay the dearer side and the mark of the other.
    """

    reference: Reference
    larger: Rate
    smaller: Rate
    call_leg: Leg = Leg.REFERENCE
    put_leg: Leg = Leg.REFERENCE
    selection: Selection = OPTIONS

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0; NaN where a short lacks a figure. Driver, per underlying: the way."""
        legs = self._legs(context)
        ways = [self._paid(context, legs, order) for order in WAYS.values()]
        amounts = np.stack([way.amount for way in ways])
        best = np.argmin(amounts, axis=0)
        least = np.take_along_axis(amounts, best[None, :], axis=0)[0]
        least = np.where(np.isnan(amounts).any(axis=0), np.nan, least)
        parent = parent_groups(context, UNDERLYING, at)
        total = added_up(parent, least, context.groups_count(at))
        if not context.explain:
            return Outcome(amount=total)
        row_group = context.groups(UNDERLYING).rows["positions"].row_group
        positions = np.zeros(len(row_group))
        for number, way in enumerate(ways):
            positions = np.where(best[row_group] == number, way.parts, positions)
        return Outcome(
            amount=total,
            driver=np.where(least > 0.0, best, -1) if at == UNDERLYING else None,
            driver_names=DRIVERS,
            parts=Parts(
                positions=positions, balances=np.zeros(len(context.block("balances").account))
            ),
        )

    def _legs(self, context: Context) -> "_Legs":
        alone = StandardOption(
            reference=self.reference,
            larger=self.larger,
            smaller=self.smaller,
            call_leg=self.call_leg,
            put_leg=self.put_leg,
            premium=Premium.MARK,
            selection=self.selection,
        )
        rows = context.groups(LISTING).rows["positions"]
        universe, row = context.run.universe, context.groups(LISTING).key
        size = net(rows, row_values(context, "notional_index", self.selection))
        worth = net(rows, row_values(context, "mark_value", self.selection))
        return _Legs(
            size=size,
            cost=alone.evaluate(context, LISTING).amount,
            mark=np.where(size < 0.0, -worth, 0.0),
            side=np.where(universe.is_call[row], 1.0, -1.0),
            strike=np.nan_to_num(universe.strike[row]),
            expiry=parent_groups(context, LISTING, EXPIRY),
            underlying=parent_groups(context, LISTING, UNDERLYING),
        )

    def _paid(self, context: Context, legs: "_Legs", order: float) -> "_Way":
        """What every underlying pays when longs cover shorts in this order, 0 for none."""
        short = np.maximum(-legs.size, 0.0)
        covered = np.zeros(len(short))
        if order != 0.0:
            right = 2 * legs.expiry + (legs.side > 0.0)
            pairs = matched(legs.size, order * legs.side * legs.strike, right)
            covered = added_up(pairs.short, pairs.amount, len(short))
        left = np.divide(short - covered, short, out=np.zeros_like(short), where=short > 0.0)
        alone = np.rint(times_field(legs.cost, left)) - legs.saved(short - covered)
        positions = context.positions
        row_group = context.groups(LISTING).rows["positions"].row_group
        kept = times_field(positions.contracts, (1.0 - left)[row_group])
        beside = replace(
            context,
            positions=replace(positions, contracts=kept),
            answers={},
            sums={},
            blocks={},
        )
        payoff = PayoffMaxLoss(selection=self.selection, **WORST_PAYOFF)  # type: ignore[arg-type]
        loss = payoff.evaluate(beside, UNDERLYING)
        count = context.groups_count(UNDERLYING)
        amount = added_up(legs.underlying, alone, count) + loss.amount
        if loss.parts is None:
            return _Way(amount=amount, parts=np.zeros(0))
        held = net(context.groups(LISTING).rows["positions"], positions.contracts)
        with np.errstate(invalid="ignore", divide="ignore"):
            per_contract = np.where(held != 0.0, alone / held, 0.0)
        own = times_field(positions.contracts, per_contract[row_group])
        return _Way(amount=amount, parts=own + loss.parts.positions)


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Legs:
    """(listings,) `size` in notional ticks, sold negative; `cost` and `mark` of what is sold, in
    ticks; `side` 1 for a call, -1 for a put; groups of expiry and underlying.
    """

    size: F8
    cost: F8
    mark: F8
    side: F8
    strike: F8
    expiry: I8
    underlying: I8

    def saved(self, left: F8) -> F8:
        """(listings,) ticks that straddles save: all but the mark of the cheaper side, which is
        where the saving stands.
        """
        sold = np.where(self.size < 0.0, -self.size, 1.0)
        cost, mark = self.cost / sold, self.mark / sold
        pairs = matched(left * self.side, -np.nan_to_num(cost), self.underlying)
        call, put = pairs.long, pairs.short
        cheaper = np.where(cost[call] < cost[put], call, put)
        relief = pairs.amount * np.maximum(cost[cheaper] - mark[cheaper], 0.0)
        return np.rint(added_up(cheaper, relief, len(left)))


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Way:
    """(underlyings,) ticks, and (rows,) what each position pays of them."""

    amount: F8
    parts: F8
