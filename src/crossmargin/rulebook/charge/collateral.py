"""Collateral: balances after haircuts and inside caps, debts in full."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.collateral.credit import CollateralRows, collateral_credit
from crossmargin.collateral.schedule import Measure
from crossmargin.rulebook.charge.asset_price import Price, asset_price
from crossmargin.rulebook.charge.balance_rows import asset_group, balance_parts
from crossmargin.rulebook.charge.collateral_haircuts import HaircutWords, Stated, haircuts_of
from crossmargin.rulebook.charge.collateral_place import (
    account_caps,
    holdings,
    location_weight,
    venue_scale,
)
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.row_ticks import row_ticks, tick_sum
from crossmargin.rulebook.charge.unrealised import unrealised_coins
from crossmargin.rulebook.charge.wrong_way import wrong_way_weight
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.selection import FUTURES

F8 = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Collateral:
    """Sum of coins x price x (1 - h_market)(1 - h_liquidity)(1 - h_location) inside caps, less
    debts in full.

    `rates` names a parameter by asset: market haircuts or weights, as `stated` says; lists of them
    with `bounds` are marginal tiers, counted in coins or value (`measure`); `size_factor` and
    `size_numerator` scale them by size. `liquidity` names haircuts by asset, `locations` haircuts
    by venue, chain, bridge or custodian. `caps` name the most credit in reporting currency that an
    account gets by asset, wrapper, issuer_family, venue, chain, bridge or custodian; what a table
    does not name has no cap. `venue_limit` names coins by asset that a venue counts over all
    accounts.

    `with_unrealised` nets the profit of futures and perpetuals with the balance of its settlement
    asset before any haircut. Assets in `revalued` ("*" for all) move in the scenarios and have no
    market haircut. `wrong_way` is a table of legal links, "issuer/party" each: coins of an issuer
    that is linked to their holder or venue count nothing. With `price` low a coin without a low
    price gives no credit.
    """

    rates: str
    stated: Stated
    price: Price
    debt_price: Price
    bounds: str | None = None
    measure: Measure = Measure.VALUE
    size_factor: str | None = None
    size_numerator: str | None = None
    liquidity: str | None = None
    locations: tuple[str, ...] = ()
    caps: tuple[str, ...] = ()
    venue_limit: str | None = None
    with_unrealised: bool = False
    revalued: tuple[str, ...] = ()
    wrong_way: tuple[str, ...] = ()

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Signed ticks; NaN where something is held or owed and its price or haircut is missing.

        `InputRefused` for haircuts that reward a concentration, and for caps of places beside
        weights scaled by size: those are one weight for the whole amount, wherever it is kept.
        """
        rows = self._rows(context)
        price = asset_price(context.run, self.price)
        if self.price is Price.LOW:
            price = np.nan_to_num(price, nan=0.0)
        owed = asset_price(context.run, self.debt_price)
        words = HaircutWords(
            rates=self.rates,
            stated=self.stated,
            bounds=self.bounds,
            measure=self.measure,
            size_factor=self.size_factor,
            size_numerator=self.size_numerator,
            liquidity=self.liquidity,
            revalued=self.revalued,
        )
        found = collateral_credit(rows, haircuts_of(context.run, words), price, owed)
        ticks = row_ticks(context, found.credit + found.debt, "the credit of a balance")
        counted = ticks != 0.0
        group = asset_group(context, at, rows.account[counted], rows.asset[counted])
        total = tick_sum(group, ticks[counted], context.groups_count(at), "collateral credit")
        return Outcome(
            amount=total, parts=self._parts(context, rows, ticks) if context.explain else None
        )

    def _rows(self, context: Context) -> CollateralRows:
        profit = None
        if self.with_unrealised:
            profit = unrealised_coins(context, FUTURES)
        held = holdings(context, profit)
        return CollateralRows(
            account=held.account,
            asset=held.asset,
            amount=held.amount,
            usable=held.usable,
            location_weight=location_weight(context, held, self.locations),
            scale=venue_scale(context, held, self.venue_limit)
            * wrong_way_weight(context, held, self.wrong_way),
            caps=account_caps(context, held, self.caps, of_places=self.size_factor is None),
        )

    def _parts(self, context: Context, rows: CollateralRows, ticks: F8) -> Parts:
        """Balances get their own rows' ticks; netted profit shares with the balance coin by
        coin.
        """
        positions = np.zeros(len(context.positions.account))
        if not self.with_unrealised:
            return Parts(
                positions=positions,
                balances=balance_parts(context, rows.account, rows.asset, ticks),
            )
        width = len(context.run.universe.assets)
        coins = np.where((rows.amount > 0.0) & ~rows.usable, 0.0, rows.amount)
        present, pair = np.unique(rows.account * width + rows.asset, return_inverse=True)
        whole = np.bincount(pair, weights=ticks, minlength=len(present))
        net = np.bincount(pair, weights=coins, minlength=len(present))
        with np.errstate(invalid="ignore", divide="ignore"):
            per_coin = np.where(whole == 0.0, 0.0, whole / net)
        own = np.arange(len(rows.account)) < len(context.balances.account)
        shared = np.where(own & (coins != 0.0), coins * per_coin[pair], 0.0)
        profit = unrealised_coins(context, FUTURES)
        p = context.positions
        key = p.account * width + context.run.universe.settle[p.instrument]
        gained = np.flatnonzero(profit != 0.0)
        positions[gained] = profit[gained] * per_coin[np.searchsorted(present, key[gained])]
        return Parts(
            positions=positions,
            balances=balance_parts(context, rows.account, rows.asset, shared),
        )
