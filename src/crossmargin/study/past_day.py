"""One day of the past as the one path wants it: universe, market and book of stated portfolios."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.instant import NS_PER_DAY, NS_PER_YEAR, instant_text
from crossmargin.domain.asset import Asset
from crossmargin.domain.columns import (
    BalanceColumns,
    BookColumns,
    OrderColumns,
    PositionColumns,
)
from crossmargin.domain.instrument import Listing, Option, Perpetual, Right
from crossmargin.domain.universe import Kind, Universe, build_universe
from crossmargin.market.columns import MarketColumns
from crossmargin.market.history import ReturnHistory
from crossmargin.market.quoted import assumed
from crossmargin.market.totals import MarketTotals
from crossmargin.rulebook.run import PricedMarket
from crossmargin.study.portfolio import FIRST, NOTIONAL, VENUES, OptionLeg, Portfolio
from crossmargin.valuation.option import option_value
from crossmargin.valuation.unit_value import unit_value

F8 = NDArray[np.float64]

MONEY = "USD"
ADV = 1e10
"""Dollars of volume a day: no file has the past's, so size costs what it would in a deep market."""
HALF_SPREAD_FRAC = 0.0001
DEPTH_REASON = "no file has the depth of the past"


def priced_day(
    prices: ReturnHistory,
    vol_index: ReturnHistory,
    assets: Mapping[str, Asset],
    day: int,
    portfolios: Sequence[Portfolio],
) -> tuple[BookColumns, PricedMarket]:
    """Every portfolio an account of its own at the close of row `day` of the prices, and the market
    then: nothing of it knows of a later row.
    """
    now = int(prices.date_ns[day])
    price = {coin: float(prices.price[day, i]) for i, coin in enumerate(prices.assets)}
    known_vol = int(np.searchsorted(vol_index.date_ns, now, side="right"))
    vol_history = until(vol_index, known_vol) if known_vol else None
    universe = _universe(prices.assets, portfolios, price, now)
    market = _market(universe, now, price, vol_history)
    book = _book(universe, market, price, portfolios, now)
    priced = PricedMarket(
        universe=universe,
        market=market,
        totals=_totals(portfolios, price, now, day),
        history=until(prices, day + 1),
        vol_history=vol_history,
        assets=assets,
    )
    return book, priced


def until(history: ReturnHistory, rows: int) -> ReturnHistory:
    """The first `rows` rows of a history."""
    return replace(history, date_ns=history.date_ns[:rows], price=history.price[:rows])


def option_strike(leg: OptionLeg, price: float) -> Decimal:
    """The strike in dollars, to the cent."""
    return Decimal(f"{leg.strike_frac * price:.2f}")


def _option_id(leg: OptionLeg, price: float, now: int) -> str:
    expiry = instant_text(now + leg.days * NS_PER_DAY)[2:10].replace("-", "")
    right = "C" if leg.right is Right.CALL else "P"
    return f"{leg.coin}/USD:USD-{expiry}-{option_strike(leg, price)}-{right}"


def _universe(
    coins: Sequence[str], portfolios: Sequence[Portfolio], price: Mapping[str, float], now: int
) -> Universe:
    listings = [
        Listing(
            venue=venue,
            native_symbol=f"{coin}-PERP",
            economic_id=f"{coin}/{MONEY}:{MONEY}",
            instrument=Perpetual(underlying=coin, quote=MONEY, settle=MONEY, inverse=False),
            contract_size=Decimal(1),
        )
        for venue in VENUES
        for coin in coins
    ]
    legs = {
        _option_id(leg, price[leg.coin], now): leg for each in portfolios for leg in each.options
    }
    listings += [
        Listing(
            venue=FIRST,
            native_symbol=name,
            economic_id=name,
            instrument=Option(
                underlying=leg.coin,
                quote=MONEY,
                settle=MONEY,
                inverse=False,
                expiry_ns=now + leg.days * NS_PER_DAY,
                strike=option_strike(leg, price[leg.coin]),
                right=leg.right,
            ),
            contract_size=Decimal(1),
        )
        for name, leg in sorted(legs.items())
    ]
    return build_universe(listings, [MONEY, *coins])


def _market(
    universe: Universe, now: int, price: Mapping[str, float], vol_history: ReturnHistory | None
) -> MarketColumns:
    """Marks are the prices; every option has its coin's vol index, and its model value as mark."""
    known = (
        {}
        if vol_history is None
        else dict(zip(vol_history.assets, vol_history.price[-1].tolist(), strict=True))
    )
    index = np.array([price.get(code, 1.0) for code in universe.assets])
    vol_index = np.array([known.get(code, np.nan) for code in universe.assets])
    listed = np.arange(universe.instruments_count) < universe.listings_count
    option = universe.kind == Kind.OPTION
    forward = np.where(listed, index[universe.underlying], 1.0)
    count, assets = universe.instruments_count, len(universe.assets)
    nothing = np.full(count, np.nan)
    years = (universe.expiry_ns - now) / NS_PER_YEAR
    market = MarketColumns(
        as_of_ns=now,
        index=index,
        low=index,
        high=index,
        twap=index,
        adv=np.full(assets, ADV),
        depth=np.full(assets, np.nan),
        half_spread_frac=np.full(assets, HALF_SPREAD_FRAC),
        vol_index=vol_index,
        confidence=np.ones(assets),
        mark=np.where(option, np.nan, forward),
        last=nothing,
        forward=forward,
        vol=np.where(option, vol_index[universe.underlying], np.nan),
        years=np.where(option, years, np.nan),
        rate=np.where(option, 0.0, np.nan),
        funding_rate=np.zeros(count),
        open_interest=nothing,
    )
    rows = np.flatnonzero(option)
    mark = market.mark.copy()
    mark[rows] = option_value(universe, market, rows)
    return replace(market, mark=mark)


def _totals(
    portfolios: Sequence[Portfolio], price: Mapping[str, float], now: int, day: int
) -> MarketTotals:
    """Each portfolio is an owner of its own, with what it has in its perpetuals."""
    owned = {
        (_name(each), coin): each.weight(coin) * NOTIONAL / price[coin]
        for each in portfolios
        for coin in each.used
    }
    quoted = {pair: assumed(coins, DEPTH_REASON) for pair, coins in owned.items()}
    return MarketTotals(as_of_ns=now, sequence=day, owner_delta=quoted)


def _name(portfolio: Portfolio) -> str:
    return f"{portfolio.name} {portfolio.side}"


def _book(
    universe: Universe,
    market: MarketColumns,
    price: Mapping[str, float],
    portfolios: Sequence[Portfolio],
    now: int,
) -> BookColumns:
    """Each portfolio an account of its own, entered at the mark, with a leg's worth of money."""
    value = unit_value(universe, market)
    held: list[tuple[int, int, float]] = []
    coins: list[tuple[int, int, float]] = []
    for number, each in enumerate(portfolios):
        for (venue, coin), size in each.legs.items():
            row = universe.listing_ids.index(f"{venue}:{coin}/{MONEY}:{MONEY}")
            held.append((number, row, size / price[coin]))
        for leg in each.options:
            row = universe.listing_ids.index(f"{FIRST}:{_option_id(leg, price[leg.coin], now)}")
            held.append((number, row, leg.size / price[leg.coin]))
        owned = {MONEY: NOTIONAL, **{code: x / price[code] for code, x in each.coins.items()}}
        coins += [(number, universe.assets.index(code), x) for code, x in owned.items()]
    account, instrument, contracts = (
        np.array(column) for column in zip(*sorted(held), strict=True)
    )
    holder, asset, amount = (np.array(column) for column in zip(*sorted(coins), strict=True))
    none, nowhere = np.zeros(0, dtype=np.int64), np.full(len(holder), -1, dtype=np.int64)
    names = tuple(_name(each) for each in portfolios)
    return BookColumns(
        universe=universe,
        account_ids=names,
        owner=np.arange(len(portfolios), dtype=np.int64),
        owner_ids=names,
        positions=PositionColumns(
            account=account.astype(np.int64),
            instrument=instrument.astype(np.int64),
            contracts=contracts.astype(np.float64),
            cost=contracts * value[instrument],
            funding=np.zeros(len(contracts)),
        ),
        balances=BalanceColumns(
            account=holder.astype(np.int64),
            asset=asset.astype(np.int64),
            amount=amount.astype(np.float64),
            venue=nowhere,
            chain=nowhere,
            bridge=nowhere,
            custodian=nowhere,
            usable=np.ones(len(holder), dtype=np.bool_),
            loan=np.zeros(len(holder), dtype=np.bool_),
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
