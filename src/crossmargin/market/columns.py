"""The market as columns over a universe: what valuation and charges read."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.instant import NS_PER_YEAR
from crossmargin.domain.universe import Kind, Universe
from crossmargin.market.quoted import Quoted
from crossmargin.market.snapshot import AssetQuote, ExpiryQuote, MarketSnapshot, index_quote


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarketColumns:
    """Figures of one snapshot, NaN where it has none. U assets, I instruments, read-only.

    Per asset, in dollars: `index`, `low`, `high`, `twap` (conservative and slow prices); `adv`
    average daily volume and `depth` in dollars, `half_spread_frac`, `vol_index` (fraction, 0.45 is
    45 %), `confidence` (0..1, the lowest of its feeds). Per instrument, `mark` in its own quotation
    (coins for a coin-settled option), `last`, `forward` in quote currency for the instrument's
    expiry (the mark itself for a perpetual or future, the index for spot), `vol` implied, `years`
    to expiry (NaN without one), `rate` continuous, `funding_rate` per hour, `open_interest` in
    contracts.

    `forward_settled` is the part of `forward` that settlement averaging has already fixed (0 where
    none is, None where none is anywhere): a move no longer acts on it.

    `more` holds figures per instrument that only some rulebooks read (a feed's own confidence, a
    stable price, a skew), by the name that a recipe declares under `fields`.
    """

    as_of_ns: int
    index: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    twap: NDArray[np.float64]
    adv: NDArray[np.float64]
    depth: NDArray[np.float64]
    half_spread_frac: NDArray[np.float64]
    vol_index: NDArray[np.float64]
    confidence: NDArray[np.float64]
    mark: NDArray[np.float64]
    last: NDArray[np.float64]
    forward: NDArray[np.float64]
    vol: NDArray[np.float64]
    years: NDArray[np.float64]
    rate: NDArray[np.float64]
    funding_rate: NDArray[np.float64]
    open_interest: NDArray[np.float64]
    more: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    forward_settled: NDArray[np.float64] | None = None


def market_columns(snapshot: MarketSnapshot, universe: Universe) -> MarketColumns:
    """The figures of `snapshot` in the order of `universe`, NaN where it has none.

    Nothing is filled in here: `completed_market` does that, with a source each. A balance
    row is worth one of itself: mark and forward are 1. Option forwards, in dollars in the snapshot,
    are turned into quote currency per quoted unit with the index of the quote currency.
    """
    assets = [snapshot.assets.get(code) for code in universe.assets]
    index = _column([_value(index_quote(snapshot, code)) for code in universe.assets])
    listings = [snapshot.listings.get(name) for name in universe.listing_ids]
    balances = len(universe.assets)
    ones, nothing = [1.0] * balances, [math.nan] * balances
    expiries = [_expiry_quote(snapshot, universe, row) for row in range(len(listings))]
    mark = _column([_value(x and x.mark) for x in listings] + ones)
    of_assets: dict[str, Any] = {
        name: _column([_value(x and getattr(x, name)) for x in assets]) for name in _ASSET_FIELDS
    }
    return MarketColumns(
        as_of_ns=snapshot.as_of_ns,
        index=index,
        **of_assets,
        confidence=_column([_lowest(x) for x in assets]),
        mark=mark,
        last=_column([_value(x and x.last) for x in listings] + nothing),
        forward=_forwards(universe, index, mark, expiries),
        vol=_column([_value(x and x.vol) for x in listings] + nothing),
        years=_years(snapshot.as_of_ns, universe),
        rate=_column([_value(x and x.rate) for x in expiries] + nothing),
        funding_rate=_column([_value(x and x.funding_rate_per_hour) for x in listings] + nothing),
        open_interest=_column(
            [_value(x and x.open_interest_contracts) for x in listings] + nothing
        ),
        forward_settled=_settled(universe, index, expiries),
    )


_ASSET_FIELDS = ("low", "high", "twap", "adv", "depth", "half_spread_frac", "vol_index")


def _forwards(
    universe: Universe,
    index: NDArray[np.float64],
    mark: NDArray[np.float64],
    expiries: list[ExpiryQuote | None],
) -> NDArray[np.float64]:
    forward = mark.copy()
    per_unit = index[universe.quote]
    spot = universe.kind == Kind.SPOT
    forward[spot] = (index[universe.underlying] * universe.multiplier / per_unit)[spot]
    option = universe.kind == Kind.OPTION
    dollars = np.full(len(forward), np.nan)
    dollars[: len(expiries)] = [_value(x and x.forward) for x in expiries]
    forward[option] = (dollars * universe.multiplier / per_unit)[option]
    forward.setflags(write=False)
    return forward


def _settled(
    universe: Universe, index: NDArray[np.float64], expiries: list[ExpiryQuote | None]
) -> NDArray[np.float64] | None:
    """(I,) quote currency, 0 where nothing is settled; None where nothing is settled anywhere."""
    if not any(x and x.forward_settled for x in expiries):
        return None
    dollars = np.zeros(universe.instruments_count)
    dollars[: len(expiries)] = np.nan_to_num([_value(x and x.forward_settled) for x in expiries])
    settled = np.where(
        universe.kind == Kind.OPTION, dollars * universe.multiplier / index[universe.quote], 0.0
    )
    settled.setflags(write=False)
    return settled


def _years(as_of_ns: int, universe: Universe) -> NDArray[np.float64]:
    expires = universe.expiry_ns > 0
    years = np.where(expires, (universe.expiry_ns - as_of_ns) / NS_PER_YEAR, np.nan)
    years.setflags(write=False)
    return years


def _expiry_quote(snapshot: MarketSnapshot, universe: Universe, row: int) -> ExpiryQuote | None:
    underlying = universe.assets[universe.underlying[row]]
    return snapshot.expiries.get((underlying, int(universe.expiry_ns[row])))


def _lowest(asset: AssetQuote | None) -> float:
    if asset is None or not asset.confidence:
        return math.nan
    return min(quoted.value for quoted in asset.confidence.values())


def _value(quoted: Quoted | None) -> float:
    return math.nan if quoted is None else quoted.value


def _column(values: list[float]) -> NDArray[np.float64]:
    column = np.array(values, dtype=np.float64)
    column.setflags(write=False)
    return column
