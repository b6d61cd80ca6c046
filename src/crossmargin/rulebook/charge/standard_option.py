"""Standard option margin: what a short option pays by itself, with the switches of the venues."""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.universe import Kind
from crossmargin.netting.amount import times_field
from crossmargin.rulebook.amount import Amount, added_up, group_amount
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.orders import OrderFill, filled_amount
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.rate import Rate
from crossmargin.rulebook.rate_value import rate_of
from crossmargin.rulebook.reduce import parent_groups, row_values
from crossmargin.rulebook.selection import Selection

F8 = NDArray[np.float64]

LISTING = "listing"
OPTIONS = Selection(kinds=(Kind.OPTION,))


@final
class Reference(StrEnum):
    """The price of the underlying that margin and moneyness are taken from."""

    INDEX = "index"
    FORWARD = "forward"


@final
class Leg(StrEnum):
    """What the smaller rate acts on.

    The reference price; the strike; the reference and the option's mark added; the larger of the
    two.
    """

    REFERENCE = "reference"
    STRIKE = "strike"
    REFERENCE_AND_MARK = "reference_and_mark"
    LARGER_OF_REFERENCE_AND_MARK = "larger_of_reference_and_mark"


@final
class Premium(StrEnum):
    """What is added: nothing, the mark, or the larger of mark and average entry price."""

    NONE = "none"
    MARK = "mark"
    LARGER_OF_MARK_AND_ENTRY = "larger_of_mark_and_entry"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StandardOption:
    """Short contracts x size x [max(larger x ref - otm, smaller x leg) + premium + fee x ref].

    ref is the `reference` price, otm how far the strike lies out of the money of it, leg as
    `call_leg` and `put_leg` say. In quote currency for a linear option; in coin, which is
    everything over ref, for a coin-settled one. A rule without moneyness (most maintenance rules)
    has `larger` 0. A rule that is the larger of two is a `max` of two of these, `per` listing. Long
    options pay nothing here.
    """

    reference: Reference
    larger: Rate
    smaller: Rate
    call_leg: Leg = Leg.REFERENCE
    put_leg: Leg = Leg.REFERENCE
    premium: Premium = Premium.MARK
    fee: Rate | None = None
    selection: Selection = OPTIONS
    orders: OrderFill = OrderFill.NONE

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0, rounded to nearest once per account and listing; NaN where a short lacks a
        figure.
        """
        contracts = row_values(context, "contracts", self.selection)
        if self.orders is OrderFill.NONE:
            rows = context.groups(LISTING).rows["positions"]
            short = group_amount(Amount.NET_SHORT, contracts, rows)
        else:
            short = filled_amount(
                context,
                LISTING,
                Amount.NET_SHORT,
                "contracts",
                self.selection,
                contracts,
                self.orders,
            )
        scale = 2.0**-context.run.tick_exponent
        charged = np.rint(times_field(short, self.per_contract(context) * scale))
        parent = parent_groups(context, LISTING, at)
        parts = None
        if context.explain:
            rows = context.groups(LISTING).rows["positions"]
            parts = Parts(
                positions=charged[rows.row_group],
                balances=np.zeros(len(context.block("balances").account)),
            )
        return Outcome(amount=added_up(parent, charged, context.groups_count(at)), parts=parts)

    def per_contract(self, context: Context) -> F8:
        """(listing groups,) reporting units that one short contract pays; NaN for what is no
        option.
        """
        universe, market = context.run.universe, context.run.market
        row = context.groups(LISTING).key
        ref = self._reference(context)[row]
        strike, coin = universe.strike[row], universe.inverse[row]
        call = universe.is_call[row]
        with np.errstate(invalid="ignore", divide="ignore"):
            otm = np.maximum(np.where(call, strike - ref, ref - strike), 0.0)
            unit = np.where(coin, 1.0 / ref, 1.0)
            mark = market.mark[row]
            leg = np.where(
                call,
                _leg(self.call_leg, ref * unit, strike * unit, mark),
                _leg(self.put_leg, ref * unit, strike * unit, mark),
            )
            larger = rate_of(self.larger, context, LISTING) * ref * unit - otm * unit
            charge = np.maximum(larger, rate_of(self.smaller, context, LISTING) * leg)
            charge += self._premium(context, mark)
            if self.fee is not None:
                charge += rate_of(self.fee, context, LISTING) * ref * unit
            size = universe.contract_size[row] * context.run.asset_rate()[universe.settle[row]]
            return np.where(universe.kind[row] == Kind.OPTION, charge * size, np.nan)

    def _reference(self, context: Context) -> F8:
        """(instruments,) quote currency per quoted unit of the underlying."""
        if self.reference is Reference.FORWARD:
            return context.field("forward")
        universe, index = context.run.universe, context.run.market.index
        return np.asarray(index[universe.underlying] * universe.multiplier / index[universe.quote])

    def _premium(self, context: Context, mark: F8) -> F8:
        """(listing groups,) settlement currency per quoted unit."""
        match self.premium:
            case Premium.NONE:
                return np.zeros(len(mark))
            case Premium.MARK:
                return mark
            case Premium.LARGER_OF_MARK_AND_ENTRY:
                return np.maximum(mark, self._entry(context))
            case _:
                assert_never(self.premium)

    def _entry(self, context: Context) -> F8:
        """(listing groups,) average price of the position; 0 where there is only an order."""
        p, universe = context.positions, context.run.universe
        row_group = context.groups(LISTING).rows["positions"].row_group
        entry = np.zeros(context.groups_count(LISTING))
        with np.errstate(invalid="ignore", divide="ignore"):
            average = p.cost / (p.contracts * universe.contract_size[p.instrument])
        entry[row_group] = np.where(p.contracts == 0.0, 0.0, average)
        return entry


def _leg(leg: Leg, ref: F8, strike: F8, mark: F8) -> F8:
    match leg:
        case Leg.REFERENCE:
            return ref
        case Leg.STRIKE:
            return strike
        case Leg.REFERENCE_AND_MARK:
            return np.asarray(ref + mark)
        case Leg.LARGER_OF_REFERENCE_AND_MARK:
            return np.maximum(ref, mark)
        case _:
            assert_never(leg)
