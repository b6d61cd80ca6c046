"""Profit and loss of one account over the price of one underlying, now and at the last expiry."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.columns import BookColumns
from crossmargin.rulebook.liquidation_move import one_account
from crossmargin.rulebook.run import PricedMarket, reporting_rows
from crossmargin.scenario.assemble import assemble
from crossmargin.valuation.reported import reported_change
from crossmargin.valuation.risk_arrays import risk_arrays

F8 = NDArray[np.float64]

MOVES = np.linspace(-0.6, 1.0, 81)
"""Relative moves of the price: 2 % apart, with 0 among them."""


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Payoff:
    """(moves,) profit in reporting currency against the value now, all other prices unmoved.

    `at_expiry` looks at the moment of the last expiry held in the underlying: an option that
    expires before is worth its intrinsic value, funding has run at its present rate.
    """

    underlying: str
    price_now: float
    prices: F8
    today: F8
    at_expiry: F8


def payoffs(
    book: BookColumns, priced: PricedMarket, account: int, reporting: str
) -> tuple[Payoff, ...]:
    """A curve for each underlying in which the account has positions; none where data lack."""
    alone = one_account(book, priced, account)
    own, universe = alone.book, alone.book.universe
    held = own.positions.instrument[own.positions.contracts != 0.0]
    found = (
        _payoff(own, alone.priced, int(row), reporting)
        for row in np.unique(universe.underlying[held])
    )
    return tuple(curve for curve in found if curve is not None)


def _payoff(
    book: BookColumns, priced: PricedMarket, underlying: int, reporting: str
) -> Payoff | None:
    universe, market = book.universe, priced.market
    count = len(MOVES)
    spot = np.zeros((len(universe.assets), 2 * count))
    spot[underlying] = np.tile(MOVES, 2)
    here = universe.underlying == underlying
    last = int(universe.expiry_ns[here].max(initial=0))
    left = max(last - market.as_of_ns, 0)
    scenarios = assemble(
        "payoff",
        universe.assets,
        universe.venues,
        labels=[str(number) for number in range(2 * count)],
        family=["payoff"] * (2 * count),
        spot_move=spot,
        time_ns=np.repeat([0, left], count),
    )
    _, change = reported_change(
        universe,
        market.index,
        risk_arrays(universe, market, scenarios, "mark"),
        scenarios,
        reporting_rows(universe, reporting),
        shocked=True,
    )
    profit = _profit(book, here, change)
    now = float(market.index[underlying])
    if not np.all(np.isfinite(profit)) or not np.isfinite(now):
        return None
    return Payoff(
        underlying=universe.assets[underlying],
        price_now=now,
        prices=now * (1.0 + MOVES),
        today=profit[:count],
        at_expiry=profit[count:],
    )


def _profit(book: BookColumns, here: NDArray[np.bool_], change: F8) -> F8:
    """(scenarios,) of the positions in the underlying, and of the coins of it that are held."""
    p, b = book.positions, book.balances
    coins = book.universe.listings_count + b.asset
    row = np.concatenate([p.instrument, coins])
    amount = np.concatenate([p.contracts, b.amount])
    used = here[row] & (amount != 0.0)
    return np.asarray(amount[used] @ change[row[used]])
