"""What of an account's equity is not money yet, and what it would cost to close it all."""

import math
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.columns import BookColumns
from crossmargin.domain.universe import Kind
from crossmargin.market.columns import MarketColumns
from crossmargin.risk.impact import impact_frac
from crossmargin.rulebook.run import PricedMarket
from crossmargin.valuation.unit_value import unit_value

F8: TypeAlias = NDArray[np.float64]

DAYS_PER_YEAR = 365.0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingTerms:
    """What closing costs: the figures of `impact_frac`, `participation` a fraction of all volume,
    and `unknown_frac`, the fraction of an exposure that is lost where the market does not say its
    volume, half-spread or vol index.
    """

    coefficient: float
    power: float
    participation: float
    unknown_frac: float


def paper_value(book: BookColumns, priced: PricedMarket, offset_share: float) -> F8:
    """(accounts,) float64 dollars >= 0 of equity that nobody has paid yet: it is not withdrawable.

    Open profit of futures and perpetuals, less the share of it, `offset_share`, that may cover open
    losses of the same settlement asset; and long options. NaN where a mark or a cost is missing.
    """
    u, p, market = book.universe, book.positions, priced.market
    own = unit_value(u, market)[p.instrument]
    futures = np.isin(u.kind[p.instrument], (Kind.PERPETUAL, Kind.FUTURE))
    options = u.kind[p.instrument] == Kind.OPTION
    with np.errstate(invalid="ignore"):
        value = np.where(p.contracts == 0.0, 0.0, p.contracts * own)
        gained = np.where(
            futures, value - np.where(p.contracts == 0.0, 0.0, p.cost) + p.funding, 0.0
        )
    assets = len(u.assets)
    cell = p.account * assets + u.settle[p.instrument]
    count = book.accounts_count * assets
    profit = _added(cell, np.where(np.isnan(gained), np.nan, np.maximum(gained, 0.0)), count)
    loss = _added(cell, np.where(np.isnan(gained), np.nan, np.maximum(-gained, 0.0)), count)
    premium = _added(cell, np.where(options, np.where(p.contracts > 0.0, value, 0.0), 0.0), count)
    coins = profit - np.minimum(offset_share * profit, loss) + premium
    dollars = np.tile(market.index, book.accounts_count)
    with np.errstate(invalid="ignore"):
        worth = np.where(coins == 0.0, 0.0, coins * dollars)
    return np.asarray(worth.reshape(book.accounts_count, assets).sum(axis=1))


def closing_cost(book: BookColumns, priced: PricedMarket, terms: ClosingTerms) -> F8:
    """(accounts,) float64 dollars >= 0: what closing every position costs against its mark.

    Per underlying, `impact_frac` of its exposure in dollars (delta, long and short added) at the
    market's volume, half-spread and a day's move at its vol index; never more than the exposure.
    NaN where an exposure is unknown.
    """
    u, p = book.universe, book.positions
    delta = priced.greeks().delta_cash[p.instrument]
    with np.errstate(invalid="ignore"):
        exposure = np.where(p.contracts == 0.0, 0.0, np.abs(p.contracts * delta))
    assets = len(u.assets)
    cell = p.account * assets + u.underlying[p.instrument]
    dollars = _added(cell, exposure, book.accounts_count * assets)
    dollars = dollars.reshape(book.accounts_count, assets)
    frac = _closing_frac(priced.market, terms, dollars)
    with np.errstate(invalid="ignore"):
        cost = np.where(dollars == 0.0, 0.0, dollars * frac)
    return np.asarray(cost.sum(axis=1))


def _closing_frac(market: MarketColumns, terms: ClosingTerms, dollars: F8) -> F8:
    """(accounts, assets) the fraction of the exposure that closing costs."""
    frac = impact_frac(
        dollars,
        market.adv,
        market.half_spread_frac,
        market.vol_index / math.sqrt(DAYS_PER_YEAR),
        coefficient=np.array(terms.coefficient),
        power=np.array(terms.power),
        participation=np.array(terms.participation),
    )
    return np.minimum(np.where(np.isnan(frac), terms.unknown_frac, frac), 1.0)


def _added(cell: NDArray[np.int64], amount: F8, count: int) -> F8:
    return np.bincount(cell, weights=amount, minlength=count).astype(np.float64)
