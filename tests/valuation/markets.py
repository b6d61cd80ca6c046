"""A small universe with one listing of every kind, and markets over it."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import numpy as np

from crossmargin.base.instant import NS_PER_DAY, NS_PER_YEAR, years_between
from crossmargin.domain.instrument import (
    Future,
    Instrument,
    Listing,
    Option,
    Perpetual,
    Right,
    Spot,
)
from crossmargin.domain.universe import Kind, Universe, build_universe
from crossmargin.market.columns import MarketColumns

AS_OF_NS = 1_786_176_000 * 10**9  # 2026-08-08T08:00:00Z
EXPIRY_NS = AS_OF_NS + 30 * NS_PER_DAY


def listing(
    name: str,
    instrument: Instrument,
    size: str = "1",
    venue: str = "deribit",
    multiplier: str = "1",
) -> Listing:
    return Listing(
        venue=venue,
        native_symbol=name,
        economic_id=name,
        instrument=instrument,
        contract_size=Decimal(size),
        multiplier=Decimal(multiplier),
    )


def perpetual(name: str, *, inverse: bool, size: str = "1", venue: str = "deribit") -> Listing:
    quote, settle = ("USD", "BTC") if inverse else ("USDT", "USDT")
    instrument = Perpetual(underlying="BTC", quote=quote, settle=settle, inverse=inverse)
    return listing(name, instrument, size, venue)


def option(
    name: str,
    strike: str,
    right: Right,
    *,
    inverse: bool,
    expiry_ns: int = EXPIRY_NS,
    size: str = "1",
) -> Listing:
    instrument = Option(
        underlying="BTC",
        quote="USD",
        settle="BTC" if inverse else "USD",
        inverse=inverse,
        expiry_ns=expiry_ns,
        strike=Decimal(strike),
        right=right,
    )
    return listing(name, instrument, size)


LISTINGS = (
    perpetual("perp-linear", inverse=False, size="0.01"),
    perpetual("perp-linear-okx", inverse=False, size="0.01", venue="okx"),
    perpetual("perp-inverse", inverse=True, size="10"),
    listing(
        "future-linear",
        Future(underlying="BTC", quote="USDT", settle="USDT", inverse=False, expiry_ns=EXPIRY_NS),
    ),
    listing(
        "future-inverse",
        Future(underlying="BTC", quote="USD", settle="BTC", inverse=True, expiry_ns=EXPIRY_NS),
        size="10",
    ),
    listing("spot", Spot(underlying="BTC", quote="USDT")),
    listing("BTC3L", Spot(underlying="BTC", quote="USDT", leverage=Decimal(3))),
    listing("BTC3S", Spot(underlying="BTC", quote="USDT", leverage=Decimal(-3))),
    option("call-coin", "55000", Right.CALL, inverse=True),
    option("put-coin", "45000", Right.PUT, inverse=True),
    option("call-linear", "55000", Right.CALL, inverse=False, size="0.1"),
    option("put-linear", "55000", Right.PUT, inverse=False, size="0.1"),
)
INDEX = {"BTC": 50_000.0, "USD": 1.0, "USDT": 1.0}
MARKS = {"BTC3L": 12.0, "BTC3S": 7.0}


def market_of(
    universe: Universe,
    *,
    index: Mapping[str, float] = INDEX,
    marks: Mapping[str, float] = MARKS,
    vol: float = 0.6,
    rate: float = 0.05,
    funding_rate: float = 0.0,
) -> MarketColumns:
    """Delta-one marks at the index unless `marks` names them; option marks 0.05 coin, 2,000 USD."""
    count, n = universe.instruments_count, universe.listings_count
    prices = np.array([index[code] for code in universe.assets])
    is_option = universe.kind == Kind.OPTION
    mark = prices[universe.underlying] / prices[universe.quote]
    forward = mark.copy()
    mark = np.where(is_option, np.where(universe.inverse, 0.05, 2_000.0), mark)
    for row in range(n):
        mark[row] = marks.get(universe.economic_ids[universe.economic_key[row]], mark[row])
    years = np.array(
        [years_between(AS_OF_NS, int(ns)) if ns else np.nan for ns in universe.expiry_ns]
    )
    mark[n:] = np.nan
    return MarketColumns(
        as_of_ns=AS_OF_NS,
        index=prices,
        low=prices,
        high=prices,
        twap=prices,
        adv=np.full(len(prices), np.nan),
        depth=np.full(len(prices), np.nan),
        half_spread_frac=np.full(len(prices), np.nan),
        vol_index=np.full(len(prices), np.nan),
        confidence=np.ones(len(prices)),
        mark=mark,
        last=mark,
        forward=forward,
        vol=np.where(is_option, vol, np.nan),
        years=years,
        rate=np.where(is_option, rate, np.nan),
        funding_rate=np.where(universe.kind == Kind.PERPETUAL, funding_rate, np.nan),
        open_interest=np.full(count, np.nan),
    )


UNIVERSE = build_universe(LISTINGS, ["BTC", "USD", "USDT"])
MARKET = market_of(UNIVERSE)
DAYS_30_YEARS = 30 * NS_PER_DAY / NS_PER_YEAR


def row_of(universe: Universe, name: str) -> int:
    """Row of a listing by its name, or of an asset's balance by its code."""
    if name in universe.assets:
        return universe.listings_count + universe.assets.index(name)
    return [i.partition(":")[2] for i in universe.listing_ids].index(name)


def without(market: MarketColumns, field: str, row: int) -> MarketColumns:
    column = getattr(market, field).copy()
    column[row] = np.nan
    return replace(market, **{field: column})
