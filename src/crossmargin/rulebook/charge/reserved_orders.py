"""Tokens reserved by open spot orders: they stay what they are or become the other token, as hurts
most.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.rulebook.amount import added_up
from crossmargin.rulebook.charge.token_rows import TokenRows, row_of_token, spot_orders
from crossmargin.rulebook.context import Context

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reserved:
    """(markets,) one row per account and pair of tokens with open orders.

    `as_one` and `as_other` are coins if all that is reserved becomes the one token or the other.
    `order` is the row of the market's first order.
    """

    account: I8
    one: I8
    other: I8
    as_one: F8
    as_other: F8
    order: I8


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Token:
    """(tokens,) what a coin that is held adds, and what a coin that is owed costs."""

    asset_credit: F8
    debt_cost: F8


def reserved_orders(context: Context, price: F8, debt_price: F8) -> Reserved:
    """What the spot orders of every account and pair of tokens reserve, and what it may become.

    A sale reserves its base; a purchase reserves contracts x limit price of its quote, at the
    debt price of the base where it has no limit. What is given turns at the asset's price over the
    debt price of what is got, or at the worst limit of the market's orders where that brings less;
    with a single order without a limit only the former.
    """
    o, universe = context.orders, context.run.universe
    order = spot_orders(context)
    i = o.instrument[order]
    base, quote = universe.underlying[i], universe.quote[i]
    sells = o.side[order] < 0.0
    given = np.where(sells, base, quote)
    coins = o.contracts[order] * context.field("coins")[i]
    limit = o.limit_price[order] / universe.multiplier[i]
    with np.errstate(invalid="ignore", divide="ignore"):
        rate = np.where(sells, limit, 1.0 / limit)
        dear = np.where(np.isnan(limit), debt_price[base] / price[quote], limit)
        amount = np.where(sells, coins, coins * dear)
    width = len(universe.assets)
    low, high = np.minimum(base, quote), np.maximum(base, quote)
    key = (o.account[order] * width + low) * width + high
    present, first, market = np.unique(key, return_index=True, return_inverse=True)
    one, other = present // width % width, present % width
    count, gives_one = len(present), given == one[market]
    brought = _turned(market, ~gives_one, amount, rate, count)
    taken = _turned(market, gives_one, amount, rate, count)
    own_one = added_up(market, np.where(gives_one, amount, 0.0), count)
    own_other = added_up(market, np.where(gives_one, 0.0, amount), count)
    with np.errstate(invalid="ignore", divide="ignore"):
        as_one = own_one + np.fmin(own_other * (price[other] / debt_price[one]), brought)
        as_other = own_other + np.fmin(own_one * (price[one] / debt_price[other]), taken)
    return Reserved(
        account=present // width // width,
        one=one,
        other=other,
        as_one=as_one,
        as_other=as_other,
        order=order[first],
    )


def _turned(market: I8, chosen: NDArray[np.bool_], amount: F8, rate: F8, count: int) -> F8:
    """(markets,) what is given in one direction at the worst limit of its orders; NaN without one
    for all.
    """
    worst = np.full(count, np.inf)
    total = added_up(market, np.where(chosen, amount, 0.0), count)
    with np.errstate(invalid="ignore"):
        np.minimum.at(worst, market[chosen], rate[chosen])
        return np.where(total == 0.0, 0.0, total * worst)


def reserved_credit(context: Context, market: Reserved, tokens: TokenRows, token: Token) -> F8:
    """(markets,) the lesser of what the reserves add as the one token and as the other."""
    one = row_of_token(context, tokens, market.account, market.one)
    other = row_of_token(context, tokens, market.account, market.other)
    nothing = (market.as_one == 0.0) | (market.as_other == 0.0)
    most = tokens.coins.copy()
    for row, coins in ((one, market.as_one), (other, market.as_other)):
        most += added_up(row, np.where(nothing, 0.0, coins), len(most))
    credit = np.minimum(
        _added(most[one], market.as_one, token.asset_credit[one], token.debt_cost[one]),
        _added(most[other], market.as_other, token.asset_credit[other], token.debt_cost[other]),
    )
    return np.where(nothing, 0.0, credit)


def _added(most: F8, coins: F8, credit: F8, cost: F8) -> F8:
    """(markets,) what `coins` add when they are the last to reach a balance of `most`."""
    held = np.clip(most, 0.0, coins)
    owed = coins - held
    with np.errstate(invalid="ignore"):
        return np.where(held == 0.0, 0.0, held * credit) + np.where(owed == 0.0, 0.0, owed * cost)
