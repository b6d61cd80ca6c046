"""Tokens times weights: what is held counts less, what is owed costs more, open spot orders in
their worse fill.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.rulebook.amount import added_up
from crossmargin.rulebook.charge.asset_price import Price, asset_price
from crossmargin.rulebook.charge.collateral_haircuts import by_asset
from crossmargin.rulebook.charge.interface import Outcome
from crossmargin.rulebook.charge.orders import OrderFill
from crossmargin.rulebook.charge.row_ticks import row_ticks, tick_sum
from crossmargin.rulebook.charge.token_rows import (
    TokenRows,
    holders,
    position_row,
    row_of_token,
    spot_orders,
    token_parts,
    token_rows,
)
from crossmargin.rulebook.charge.weight_rule import WeightRule, weight_of
from crossmargin.rulebook.context import ACCOUNT, Context

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


@final
class Side(StrEnum):
    """What a charge counts: `credit` of what is held, `debt` of what is owed (>= 0), or `both`
    (signed).
    """

    CREDIT = "credit"
    DEBT = "debt"
    BOTH = "both"


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Filled:
    """(tokens,) after a fill: weighted value (a debt negative) and what the orders paid or
    brought.
    """

    weighted: F8
    paid: F8


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedBalance:
    """Sum over tokens of coins x price x weight; debts at `debt_price` and the weights of `owed`.

    With `orders` worst each token with spot orders is looked at after all of its bids and after all
    of its asks, and the fill that leaves less counts: its coins weighted, and beside them what the
    orders pay (a debt) or bring (a credit) in full at the debt price. `debt_extra` is added to
    every weight of what is owed. Totals and tiers of the rules are valued at the index.
    """

    side: Side
    price: Price
    debt_price: Price
    held: tuple[WeightRule, ...]
    owed: tuple[WeightRule, ...]
    debt_extra: str | None = None
    orders: OrderFill = OrderFill.NONE

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks of accounts; NaN where something is held or owed and a price or weight is
        missing.
        """
        if at != ACCOUNT:
            raise ValueError(f"weighted balances cannot be divided by {at}")
        order, asset = self._ordered(context)
        nothing = np.zeros(len(order))
        tokens = token_rows(context, context.orders.account[order], asset, nothing)
        token = row_of_token(context, tokens, context.orders.account[order], asset)
        ticks = row_ticks(context, self._amount(context, tokens, order, token), "a token's credit")
        total = tick_sum(tokens.account, ticks, context.accounts_count, "weighted balances")
        if not context.explain:
            return Outcome(amount=total)
        o = context.orders
        row = position_row(context, o.account[order], o.instrument[order])
        parts = token_parts(context, tokens, ticks, holders(context, tokens, row, token))
        return Outcome(amount=total, parts=parts)

    def _ordered(self, context: Context) -> tuple[I8, I8]:
        """Rows of spot orders that count, and the asset that each buys or sells."""
        if self.orders is OrderFill.NONE:
            nothing = np.zeros(0, dtype=np.int64)
            return nothing, nothing
        order = spot_orders(context)
        return order, context.run.universe.underlying[context.orders.instrument[order]]

    def _amount(self, context: Context, tokens: TokenRows, order: I8, token: I8) -> F8:
        """(tokens,) reporting units that each token adds to this side."""
        o = context.orders
        coins = o.side[order] * o.contracts[order] * context.field("coins")[o.instrument[order]]
        count = len(tokens.account)
        bids = added_up(token, np.maximum(coins, 0.0), count)
        asks = added_up(token, np.minimum(coins, 0.0), count)
        bought = self._filled(context, tokens, bids)
        weighted, paid = bought.weighted, bought.paid
        if len(order):
            sold = self._filled(context, tokens, asks)
            with np.errstate(invalid="ignore"):
                worse = sold.weighted + sold.paid < weighted + paid
            weighted = np.where(worse, sold.weighted, weighted)
            paid = np.where(worse, sold.paid, paid)
        match self.side:
            case Side.CREDIT:
                return np.asarray(np.maximum(weighted, 0.0) + np.maximum(paid, 0.0))
            case Side.DEBT:
                return np.asarray(np.maximum(-weighted, 0.0) + np.maximum(-paid, 0.0))
            case Side.BOTH:
                return np.asarray(weighted + paid)

    def _filled(self, context: Context, tokens: TokenRows, filled: F8) -> Filled:
        """(tokens,) the tokens after `filled` coins came (negative: went) against cash."""
        after = TokenRows(account=tokens.account, asset=tokens.asset, coins=tokens.coins + filled)
        held = after.coins > 0.0
        price = asset_price(context.run, self.price)
        owed = asset_price(context.run, self.debt_price)
        index = asset_price(context.run, Price.INDEX)
        credit = weight_of(self.held, context, after, index, owed=False)
        debt = weight_of(self.owed, context, after, index, owed=True)
        if self.debt_extra is not None:
            debt = debt + by_asset(context.run, self.debt_extra)[tokens.asset]
        with np.errstate(invalid="ignore"):
            value = after.coins * np.where(held, price[after.asset], owed[after.asset])
            weighted = np.where(after.coins == 0.0, 0.0, value * np.where(held, credit, debt))
            paid = np.where(filled == 0.0, 0.0, -filled * owed[after.asset])
        return Filled(weighted=weighted, paid=paid)
