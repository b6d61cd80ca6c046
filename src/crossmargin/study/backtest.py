"""Recipes over the past: every day's requirement of stated portfolios against the next day's loss.

Each day is one evaluation of the one path: the market at the close before, histories up to then,
and nothing of the day itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.asset import Asset
from crossmargin.domain.columns import (
    BalanceColumns,
    BookColumns,
    OrderColumns,
    PositionColumns,
)
from crossmargin.domain.instrument import Listing, Perpetual
from crossmargin.domain.universe import Universe, build_universe
from crossmargin.market.columns import MarketColumns
from crossmargin.market.history import ReturnHistory, simple_moves
from crossmargin.market.totals import MarketTotals
from crossmargin.rulebook.assess import assess
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket
from crossmargin.study.coverage import Coverage, coverage

F8 = NDArray[np.float64]

NOTIONAL = 1_000_000.0
"""Dollars in each leg of a portfolio: a size at which no bracket and no add-on for size decides."""
FIRST_DAY = 501
"""Days before the first test day: what the longest window of a bundled recipe needs."""
VENUES = ("first", "second")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """Legs in dollars of notional by (venue, coin); long positive."""

    name: str
    side: str
    legs: Mapping[tuple[str, str], float]


PORTFOLIOS: tuple[Portfolio, ...] = (
    Portfolio(name="BTC", side="long", legs={("first", "BTC"): NOTIONAL}),
    Portfolio(name="BTC", side="short", legs={("first", "BTC"): -NOTIONAL}),
    Portfolio(name="ETH", side="long", legs={("first", "ETH"): NOTIONAL}),
    Portfolio(name="ETH", side="short", legs={("first", "ETH"): -NOTIONAL}),
    Portfolio(
        name="ETH-BTC", side="long", legs={("first", "ETH"): NOTIONAL, ("first", "BTC"): -NOTIONAL}
    ),
    Portfolio(
        name="ETH-BTC", side="short", legs={("first", "ETH"): -NOTIONAL, ("first", "BTC"): NOTIONAL}
    ),
    Portfolio(
        name="BTC basis",
        side="long",
        legs={("first", "BTC"): NOTIONAL, ("second", "BTC"): -NOTIONAL},
    ),
)


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Backtest:
    """One recipe on one portfolio: (days,) margin and loss as fractions of one leg, and the
    tests.
    """

    portfolio: str
    side: str
    level: float
    margin_frac: F8
    loss_frac: F8
    coverage: Coverage

    @property
    def peak_to_trough(self) -> float | None:
        """Largest over smallest margin; None where a margin was nothing."""
        smallest = float(self.margin_frac.min())
        return float(self.margin_frac.max()) / smallest if smallest > 0.0 else None

    def largest_rise(self, days: int) -> float:
        """Largest relative rise of the margin over so many tested days."""
        before = self.margin_frac[:-days]
        known = before > 0.0
        if not known.any():
            return 0.0
        return float((self.margin_frac[days:][known] / before[known]).max() - 1.0)


def run_backtest(
    recipe: Recipe,
    prices: ReturnHistory,
    vol_index: ReturnHistory,
    assets: Mapping[str, Asset],
    *,
    level: float = 0.99,
    every: int = 1,
    portfolios: Sequence[Portfolio] = PORTFOLIOS,
) -> list[Backtest]:
    """Every portfolio over every `every`-th day; the margin is the recipe's first level's
    requirement.

    `level` is the coverage that breaches are counted against: a rulebook without one of its own is
    held to it.
    """
    moves = simple_moves(prices, 1)
    days = np.arange(_first_day(recipe, prices, vol_index), len(moves), every)
    universe = _universe(prices.assets)
    margins = np.empty((len(portfolios), len(days)))
    for place, day in enumerate(days):
        margins[:, place] = _requirements(
            recipe, universe, prices, vol_index, assets, int(day), portfolios
        )
    weight = np.array(
        [
            [
                sum(size for (_, own), size in each.legs.items() if own == coin) / NOTIONAL
                for coin in prices.assets
            ]
            for each in portfolios
        ]
    )
    losses = -weight @ moves[days].T
    return [
        Backtest(
            portfolio=each.name,
            side=each.side,
            level=level,
            margin_frac=margins[i],
            loss_frac=losses[i],
            coverage=coverage(margins[i], losses[i], 1.0 - level),
        )
        for i, each in enumerate(portfolios)
    ]


def _first_day(recipe: Recipe, prices: ReturnHistory, vol_index: ReturnHistory) -> int:
    """The first day before which there is history enough; of the vol index too where it is read."""
    if not any("vol_rule" in table for table in recipe.terms.scenarios.values()):
        return FIRST_DAY
    since = int(vol_index.date_ns[min(FIRST_DAY, len(vol_index.date_ns) - 1)])
    return max(FIRST_DAY, int(np.searchsorted(prices.date_ns, since)))


def _universe(coins: Sequence[str]) -> Universe:
    listings = [
        Listing(
            venue=venue,
            native_symbol=f"{coin}-PERP",
            economic_id=f"{coin}/USD:USD",
            instrument=Perpetual(underlying=coin, quote="USD", settle="USD", inverse=False),
            contract_size=Decimal(1),
        )
        for venue in VENUES
        for coin in coins
    ]
    return build_universe(listings, ["USD"])


def _requirements(
    recipe: Recipe,
    universe: Universe,
    prices: ReturnHistory,
    vol_index: ReturnHistory,
    assets: Mapping[str, Asset],
    day: int,
    portfolios: Sequence[Portfolio],
) -> F8:
    """(portfolios,) requirement of the recipe's first level as a fraction of one leg, at the close
    of `day`.

    Row `day` of the moves is from price row `day` to the next: what is known is prices up to row
    `day`.
    """
    now = int(prices.date_ns[day])
    price = {coin: float(prices.price[day, i]) for i, coin in enumerate(prices.assets)}
    known_vol = int(np.searchsorted(vol_index.date_ns, now, side="right"))
    priced = PricedMarket(
        universe=universe,
        market=_market(universe, now, price),
        totals=MarketTotals(as_of_ns=now, sequence=day),
        history=_until(prices, day + 1),
        vol_history=_until(vol_index, known_vol) if known_vol else None,
        assets=assets,
    )
    book = _book(universe, price, portfolios)
    found = assess(recipe, book, priced, reporting="USD")
    ticks = found.levels[recipe.levels[0].name].requirement
    return np.asarray(ticks * 2.0**found.tick_exponent / NOTIONAL)


def _until(history: ReturnHistory, rows: int) -> ReturnHistory:
    return replace(history, date_ns=history.date_ns[:rows], price=history.price[:rows])


def _market(universe: Universe, now: int, price: Mapping[str, float]) -> MarketColumns:
    index = np.array([price.get(code, 1.0) for code in universe.assets])
    own = index[universe.underlying]
    mark = np.where(np.arange(universe.instruments_count) < universe.listings_count, own, 1.0)
    count, assets = universe.instruments_count, len(universe.assets)
    nothing = np.full(count, np.nan)
    return MarketColumns(
        as_of_ns=now,
        index=index,
        low=index,
        high=index,
        twap=index,
        adv=np.full(assets, np.nan),
        depth=np.full(assets, np.nan),
        half_spread_frac=np.full(assets, np.nan),
        vol_index=np.full(assets, np.nan),
        confidence=np.ones(assets),
        mark=mark,
        last=nothing,
        forward=mark,
        vol=nothing,
        years=nothing,
        rate=nothing,
        funding_rate=np.zeros(count),
        open_interest=nothing,
    )


def _book(
    universe: Universe, price: Mapping[str, float], portfolios: Sequence[Portfolio]
) -> BookColumns:
    """Each portfolio an account of its own, entered at the mark, with a dollar to its name."""
    rows = sorted(
        (number, universe.listing_ids.index(f"{venue}:{coin}/USD:USD"), size / price[coin], size)
        for number, each in enumerate(portfolios)
        for (venue, coin), size in each.legs.items()
    )
    account, instrument, contracts, cost = (np.array(column) for column in zip(*rows, strict=True))
    none = np.zeros(0, dtype=np.int64)
    everyone = np.arange(len(portfolios), dtype=np.int64)
    nowhere = np.full(len(portfolios), -1, dtype=np.int64)
    return BookColumns(
        universe=universe,
        account_ids=tuple(f"{each.name} {each.side}" for each in portfolios),
        owner=everyone,
        positions=PositionColumns(
            account=account.astype(np.int64),
            instrument=instrument.astype(np.int64),
            contracts=contracts.astype(np.float64),
            cost=cost.astype(np.float64),
            funding=np.zeros(len(rows)),
        ),
        balances=BalanceColumns(
            account=everyone,
            asset=np.full(len(portfolios), universe.assets.index("USD"), dtype=np.int64),
            amount=np.full(len(portfolios), NOTIONAL),
            venue=nowhere,
            chain=nowhere,
            bridge=nowhere,
            custodian=nowhere,
            usable=np.ones(len(portfolios), dtype=np.bool_),
            loan=np.zeros(len(portfolios), dtype=np.bool_),
            places=(),
        ),
        orders=OrderColumns(
            account=none,
            instrument=none,
            side=np.zeros(0),
            contracts=np.zeros(0),
            limit_price=np.zeros(0),
            kind=np.zeros(0, dtype=np.int8),
        ),
    )
