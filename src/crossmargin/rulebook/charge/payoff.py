"""What each position pays at one settlement price of its underlying: a line with at most one
kink.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.universe import Kind
from crossmargin.rulebook.context import Context
from crossmargin.valuation.unit_value import faces

F8 = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PayoffLines:
    """(rows,) dollars at a settlement price s, in dollars per coin: constant + coins x s + kink.

    The kink is kinked_coins x max(s - strike, 0) for a call, max(strike - s, 0) for a put. Futures,
    perpetuals and spot pay what they gain from their mark, options their whole payoff.
    """

    constant: F8
    coins: F8
    kinked_coins: F8
    strike: F8
    is_call: NDArray[np.bool_]

    def taken(self, rows: NDArray[np.int64]) -> "PayoffLines":
        """The lines of `rows` alone."""
        return PayoffLines(
            constant=self.constant[rows],
            coins=self.coins[rows],
            kinked_coins=self.kinked_coins[rows],
            strike=self.strike[rows],
            is_call=self.is_call[rows],
        )


def payoff_lines(context: Context, rows: NDArray[np.int64]) -> PayoffLines:
    """(rows,) the lines of position rows; NaN where a future has no mark or a currency no index."""
    universe, market = context.run.universe, context.run.market
    i = context.positions.instrument[rows]
    contracts = context.positions.contracts[rows] * universe.contract_size[i]
    option, face = universe.kind[i] == Kind.OPTION, faces(universe)[i]
    quote, settle = market.index[universe.quote[i]], market.index[universe.settle[i]]
    multiplier, mark = universe.multiplier[i], market.mark[i]
    # A linear contract pays one unit of its settlement currency per unit of its quote currency.
    coins = np.where(universe.inverse[i], contracts, contracts * multiplier * settle / quote)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        line = np.where(face, contracts / mark, coins)
        entry = np.where(face, -contracts * quote, -contracts * mark * settle)
    return PayoffLines(
        constant=np.where(option, 0.0, entry),
        coins=np.where(option, 0.0, line),
        kinked_coins=np.where(option, coins, 0.0),
        strike=np.where(option, universe.strike[i] * quote / multiplier, 0.0),
        is_call=universe.is_call[i],
    )


def paid_in_quote(lines: PayoffLines, price: F8) -> F8:
    """(rows,) dollars paid at `price` (rows,)."""
    away = np.where(lines.is_call, price - lines.strike, lines.strike - price)
    return lines.constant + lines.coins * price + lines.kinked_coins * np.maximum(away, 0.0)


def paid_in_coin(lines: PayoffLines, price: F8) -> F8:
    """(rows,) coins paid at `price` (rows,), which may be inf; at 0 what is paid just above it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        entry = np.where(lines.constant == 0.0, 0.0, lines.constant / price)
        ratio = np.where(lines.strike == 0.0, 0.0, lines.strike / price)
    away = np.where(lines.is_call, 1.0 - ratio, ratio - 1.0)
    return entry + lines.coins + lines.kinked_coins * np.maximum(away, 0.0)


def slope_above(lines: PayoffLines) -> F8:
    """(rows,) coins by which the payoff grows beyond every strike."""
    return lines.coins + np.where(lines.is_call, lines.kinked_coins, 0.0)
