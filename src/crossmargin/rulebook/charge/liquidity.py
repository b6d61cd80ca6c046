"""Liquidity: what closing the position would cost in the market as deep as it is."""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.netting.amount import net, times_field
from crossmargin.risk.impact import impact_frac
from crossmargin.rulebook.amount import Amount, added_up, group_amount, of_rows, row_shares
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.group_field import group_field
from crossmargin.rulebook.market_totals import by_owner, by_underlying, group_assets
from crossmargin.rulebook.rate import Rate
from crossmargin.rulebook.rate_value import rate_of
from crossmargin.rulebook.reduce import CASH_FIELDS, parent_groups, row_values
from crossmargin.rulebook.selection import Selection

F8 = NDArray[np.float64]

UNKNOWN = ("size or depth not known: a flat rate",)


@final
class Whose(StrEnum):
    """Whose size decides how dear closing is: the position's own, all that its owner has, or all
    that everybody has on the same side.
    """

    POSITION = "position"
    OWNER = "owner"
    SIDE = "side"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Liquidity:
    """Sum over the groups of `by` of |net of the field `of`| x cost of closing, in ticks, rounded
    once per group.

    The cost is that of `impact_frac` at the size that `whose` names, never less than the group's
    own. `day_vol`, `half_spread` and `adv` (dollars a day) are rates, so they may be fields of the
    market: where one is missing the charge is unavailable, or costs the rate `unknown`, and the
    driver says so. Owners and sides come from the market's totals, by underlying.
    """

    of: str
    by: str
    whose: Whose
    adv: Rate
    half_spread: Rate
    day_vol: Rate
    coefficient: Rate
    power: Rate
    participation: Rate
    unknown: Rate | None = None
    selection: Selection | None = None

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0 per group."""
        x = row_values(context, self.of, self.selection)
        rows = context.groups(self.by).rows["positions"]
        signed = net(rows, x)
        scale = 1.0 if self.of in CASH_FIELDS else 2.0**-context.run.tick_exponent
        own = group_amount(Amount.ABS_NET, x, rows) * scale
        unit = 2.0**context.run.tick_exponent
        dollars = times_field(own * unit, group_field(context, self.by, "reporting_index"))
        size = np.maximum(dollars, np.where(own == 0.0, 0.0, self._size(context, signed)))
        frac = impact_frac(
            size,
            rate_of(self.adv, context, self.by),
            rate_of(self.half_spread, context, self.by),
            rate_of(self.day_vol, context, self.by),
            coefficient=rate_of(self.coefficient, context, self.by),
            power=rate_of(self.power, context, self.by),
            participation=rate_of(self.participation, context, self.by),
        )
        parent = parent_groups(context, self.by, at)
        guessed = np.zeros(len(own), dtype=np.bool_)
        if self.unknown is not None:
            guessed = np.isnan(frac) & (own != 0.0)
            frac = np.where(guessed, rate_of(self.unknown, context, self.by), frac)
        charged = np.rint(own * frac)
        total = added_up(parent, charged, context.groups_count(at))
        parts = self._parts(context, x, charged) if context.explain else None
        driver = np.full(len(total), -1, dtype=np.int64)
        driver[parent[guessed & (parent >= 0)]] = 0
        return Outcome(amount=total, driver=driver, driver_names=UNKNOWN, parts=parts)

    def _size(self, context: Context, signed: F8) -> F8:
        """(groups of `by`,) the size that decides, in dollars; 0 where it is the position's own."""
        match self.whose:
            case Whose.POSITION:
                return np.zeros(len(signed))
            case Whose.OWNER:
                assets = group_assets(context, self.by, "liquidity")
                totals = context.run.priced.totals.owner_delta
                coins = by_owner(context, self.by, assets, totals)
                return np.asarray(np.abs(coins) * context.run.market.index[assets])
            case Whose.SIDE:
                assets = group_assets(context, self.by, "liquidity")
                totals_of = context.run.priced.totals
                long = by_underlying(context, assets, totals_of.long_notional)
                short = by_underlying(context, assets, totals_of.short_notional)
                return np.where(signed > 0.0, long, short)
            case _:
                assert_never(self.whose)

    def _parts(self, context: Context, x: F8, charged: F8) -> Parts:
        rows = context.groups(self.by).rows["positions"]
        shares = row_shares(Amount.ABS_NET, x, rows)
        whole = net(rows, shares)
        with np.errstate(invalid="ignore", divide="ignore"):
            per_share = np.where(whole != 0.0, charged / whole, 0.0)
        return Parts(
            positions=shares * of_rows(per_share, rows.row_group),
            balances=np.zeros(len(context.block("balances").account)),
        )
