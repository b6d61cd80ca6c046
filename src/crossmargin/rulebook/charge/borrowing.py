"""Borrowing: what debts need beside being owed, a rate of their value by asset or account."""

from dataclasses import dataclass
from enum import StrEnum
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels import tiered_rate
from crossmargin.netting.amount import times_field
from crossmargin.rulebook.charge.asset_price import Price, asset_price
from crossmargin.rulebook.charge.balance_rows import asset_group
from crossmargin.rulebook.charge.collateral_haircuts import by_asset
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.row_ticks import tick_sum
from crossmargin.rulebook.charge.tier_table import tier_table
from crossmargin.rulebook.charge.unrealised import unrealised_coins
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.group_field import account_parameter, required
from crossmargin.rulebook.selection import FUTURES

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


@final
class Owed(StrEnum):
    """What counts as borrowed: `loans` as such, or the `negative` net of coins and profit of an
    asset.
    """

    LOANS = "loans"
    NEGATIVE = "negative"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Borrowing:
    """Sum over assets of what is owed x price x rate, in marginal tiers of its value with `bounds`.

    `rates` and `bounds` name parameters ("$name"), alone or by asset; `rates` alone may be by
    account. Net of an asset: its coins, less what was borrowed, and the unrealised profit of
    futures and perpetuals that settle in it.
    """

    rates: str
    owed: Owed
    price: Price = Price.INDEX
    bounds: str | None = None

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0, rounded to nearest once per account and asset; NaN where a price or rate is
        missing.
        """
        account, asset, coins = self._coins(context)
        price = asset_price(context.run, self.price)[asset]
        value = times_field(coins, price)
        rate = self._rate(context, account, asset, value)
        ticks = np.rint(times_field(value, rate) * 2.0**-context.run.tick_exponent)
        counted = ticks != 0.0
        group = asset_group(context, at, account[counted], asset[counted])
        total = tick_sum(group, ticks[counted], context.groups_count(at), "borrowing")
        return Outcome(
            amount=total,
            parts=self._parts(context, account, asset, ticks) if context.explain else None,
        )

    def _coins(self, context: Context) -> tuple[I8, I8, F8]:
        """(account and asset,) coins that are owed, > 0."""
        b, p, universe = context.balances, context.positions, context.run.universe
        width = len(universe.assets)
        key, amount = b.account * width + b.asset, b.amount
        if self.owed is Owed.LOANS:
            key, amount = key[b.loan], amount[b.loan]
        else:
            profit = unrealised_coins(context, FUTURES)
            gained = np.flatnonzero(profit)
            settle = universe.settle[p.instrument[gained]]
            key = np.concatenate([key, p.account[gained] * width + settle])
            amount = np.concatenate([amount, profit[gained]])
        present, inverse = np.unique(key, return_inverse=True)
        net = np.asarray(np.bincount(inverse, amount, len(present)), dtype=np.float64)
        owed = ~(net >= 0.0)
        return present[owed] // width, present[owed] % width, -net[owed]

    def _rate(self, context: Context, account: I8, asset: I8, value: F8) -> F8:
        """(account and asset,) the rate of the whole value: the mean of its slices in tiers."""
        parameter = context.run.terms.parameters[self.rates.removeprefix("$")]
        if self.bounds is not None:
            table = tier_table(context.run, self.bounds, self.rates, context.run.universe.assets)
            return tiered_rate(
                value, table.bound, table.rate, asset, whole=False, bound_below=False
            )
        if parameter.by == "account":
            required(context.run, parameter)
            return account_parameter(context, parameter)[account]
        return by_asset(context.run, self.rates)[asset]

    def _parts(self, context: Context, account: I8, asset: I8, ticks: F8) -> Parts:
        """The asset's balance row pays, and where it has none, the first position that settles in
        it.
        """
        block, universe = context.block("balances"), context.run.universe
        balances = np.zeros(len(block.account))
        positions = np.zeros(len(context.positions.account))
        width = len(universe.assets)
        held = block.account * width + block.instrument - universe.listings_count
        settled = context.positions.account * width
        settled = settled + universe.settle[context.positions.instrument]
        for wanted, paid in zip(account * width + asset, ticks, strict=True):
            own = np.flatnonzero(held == wanted)
            if len(own):
                balances[own[0]] += paid
            else:
                positions[np.flatnonzero(settled == wanted)[0]] += paid
        return Parts(positions=positions, balances=balances)
