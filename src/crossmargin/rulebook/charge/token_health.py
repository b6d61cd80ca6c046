"""Health of tokens: perpetuals join the token that they settle in, and open spot orders turn as
they hurt most.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.rulebook.amount import added_up
from crossmargin.rulebook.charge.asset_price import Price, asset_price
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.perpetual_value import PerpetualValue, perpetual_coins
from crossmargin.rulebook.charge.reserved_orders import (
    Reserved,
    Token,
    reserved_credit,
    reserved_orders,
)
from crossmargin.rulebook.charge.row_ticks import row_ticks, tick_sum
from crossmargin.rulebook.charge.token_rows import (
    TokenRows,
    holders,
    position_row,
    row_of_token,
    token_parts,
    token_rows,
)
from crossmargin.rulebook.charge.weight_rule import WeightRule, weight_of
from crossmargin.rulebook.charge.weighted_balance import Side
from crossmargin.rulebook.context import ACCOUNT, Context

F8 = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TokenHealth:
    """Sum over tokens of (coins + what perpetuals are worth in them) x price x weight, and what
    reserved orders add at least.

    A perpetual's value (see `PerpetualValue`) joins its settlement token before that token's own
    weight. The reserved tokens of each spot market are taken to be all its one token or all its
    other, whichever adds less, with the reserves of all other markets resolved the other way.
    """

    side: Side
    price: Price
    debt_price: Price
    held: tuple[WeightRule, ...]
    owed: tuple[WeightRule, ...]
    perpetuals: PerpetualValue

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks of accounts; NaN where a price, a weight or a mark is missing."""
        if at != ACCOUNT:
            raise ValueError(f"the health of tokens cannot be divided by {at}")
        p, universe = context.positions, context.run.universe
        price = asset_price(context.run, self.price)
        debt_price = asset_price(context.run, self.debt_price)
        market = reserved_orders(context, price, debt_price)
        coins = perpetual_coins(context, self.perpetuals)
        settle = universe.settle[p.instrument]
        tokens = token_rows(
            context,
            np.concatenate([p.account, market.account, market.account]),
            np.concatenate([settle, market.one, market.other]),
            np.concatenate([coins, np.zeros(2 * len(market.account))]),
        )
        weights = Token(
            asset_credit=_times(
                weight_of(self.held, context, tokens, debt_price, owed=False), price[tokens.asset]
            ),
            debt_cost=_times(
                weight_of(self.owed, context, tokens, debt_price, owed=True),
                debt_price[tokens.asset],
            ),
        )
        with np.errstate(invalid="ignore"):
            per_coin = np.where(tokens.coins < 0.0, weights.debt_cost, weights.asset_credit)
            worth = np.where(tokens.coins == 0.0, 0.0, tokens.coins * per_coin)
        own = row_ticks(context, self._counted(worth), "the health of a token")
        freed = reserved_credit(context, market, tokens, weights)
        reserved = row_ticks(context, self._counted(freed), "the health of a spot market")
        total = tick_sum(
            np.concatenate([tokens.account, market.account]),
            np.concatenate([own, reserved]),
            context.accounts_count,
            "the health of tokens",
        )
        if not context.explain:
            return Outcome(amount=total)
        return Outcome(amount=total, parts=_parts(context, tokens, own, coins, market, reserved))

    def _counted(self, worth: F8) -> F8:
        match self.side:
            case Side.CREDIT:
                return np.maximum(worth, 0.0)
            case Side.DEBT:
                return np.maximum(-worth, 0.0)
            case Side.BOTH:
                return worth


def _parts(
    context: Context,
    tokens: TokenRows,
    own: F8,
    coins: F8,
    market: Reserved,
    reserved: F8,
) -> Parts:
    """Perpetuals share with the balance of their token coin by coin; reserves stand at an order."""
    p = context.positions
    settle = context.run.universe.settle[p.instrument]
    token = row_of_token(context, tokens, p.account, settle)
    with np.errstate(invalid="ignore", divide="ignore"):
        per_coin = np.where(own == 0.0, 0.0, own / tokens.coins)
    shared = np.where(coins == 0.0, 0.0, coins * per_coin[token])
    rest = own - added_up(token, shared, len(own))
    everywhere = np.arange(len(p.account), dtype=np.int64)
    parts = token_parts(context, tokens, rest, holders(context, tokens, everywhere, token))
    o = context.orders
    row = position_row(context, o.account[market.order], o.instrument[market.order])
    positions = parts.positions + shared + added_up(row, reserved, len(p.account))
    return Parts(positions=positions, balances=parts.balances)


def _times(weight: F8, price: F8) -> F8:
    with np.errstate(invalid="ignore"):
        return np.where(weight == 0.0, 0.0, weight * price)
