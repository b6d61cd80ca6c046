"""The instrument table: every listing of a run as columns, then one `balance` row per asset.

A balance of an asset is an instrument like any other: it is worth one unit of itself, so revaluing
collateral inside a scenario is the same code as revaluing a position.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.instrument import (
    Future,
    Instrument,
    Listing,
    Option,
    Perpetual,
    Right,
    Spot,
    settle_asset,
)


@final
class Kind(IntEnum):
    """Kind of an instrument row."""

    SPOT = 0
    PERPETUAL = 1
    FUTURE = 2
    OPTION = 3
    BALANCE = 4


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Universe:
    """Columns over I instruments: the listings, sorted by underlying and expiry, then a row per
    asset.

    Indexes are int64; -1 where a row has no such key. `contract_size` and `multiplier` as in
    `Listing`. `expiry_key` numbers (underlying, expiry), `strike_key` (underlying, expiry, strike),
    call and put together; `economic_key` the unified symbol; `venue_key` the venue. Arrays are
    read-only.

    A universe may hold several `copies` of the same instruments, each over assets of its own with
    the same codes, so that one account can be looked at in several markets as one batch.
    """

    assets: tuple[str, ...]
    listing_ids: tuple[str, ...]
    venues: tuple[str, ...]
    economic_ids: tuple[str, ...]
    kind: NDArray[np.int8]
    underlying: NDArray[np.int64]
    quote: NDArray[np.int64]
    settle: NDArray[np.int64]
    inverse: NDArray[np.bool_]
    contract_size: NDArray[np.float64]
    multiplier: NDArray[np.float64]
    leverage: NDArray[np.float64]
    expiry_ns: NDArray[np.int64]
    strike: NDArray[np.float64]
    is_call: NDArray[np.bool_]
    expiry_key: NDArray[np.int64]
    strike_key: NDArray[np.int64]
    economic_key: NDArray[np.int64]
    venue_key: NDArray[np.int64]
    copies: int = 1

    @property
    def listings_count(self) -> int:
        """Number of listing rows; asset c's balance row is `listings_count + c`."""
        return len(self.listing_ids)

    @property
    def instruments_count(self) -> int:
        """Listings and balance rows together."""
        return len(self.listing_ids) + len(self.assets)

    def name_of(self, row: int) -> str:
        """What to call an instrument row: its listing id, or the asset's code."""
        n = self.listings_count
        return self.listing_ids[row] if row < n else self.assets[row - n]


def build_universe(listings: Iterable[Listing], assets: Iterable[str]) -> Universe:
    """Columns of `listings` and of every asset that they or `assets` name."""
    rows = sorted(listings, key=_sort_key)
    codes = tuple(
        sorted(
            set(assets).union(
                *(
                    (x.instrument.underlying, x.instrument.quote, settle_asset(x.instrument))
                    for x in rows
                )
            )
        )
    )
    code_of = {code: i for i, code in enumerate(codes)}
    venues = tuple(sorted({x.venue for x in rows}))
    economic = tuple(sorted({x.economic_id for x in rows}))
    own = list(range(len(codes)))
    none = [-1] * len(codes)
    columns: dict[str, NDArray[np.generic]] = {
        "kind": _column([_kind(x.instrument) for x in rows] + [Kind.BALANCE] * len(codes), np.int8),
        "underlying": _column([code_of[x.instrument.underlying] for x in rows] + own, np.int64),
        "quote": _column([code_of[x.instrument.quote] for x in rows] + own, np.int64),
        "settle": _column([code_of[settle_asset(x.instrument)] for x in rows] + own, np.int64),
        "inverse": _column([_inverse(x.instrument) for x in rows] + [False] * len(codes), np.bool_),
        "contract_size": _column(
            [float(x.contract_size) for x in rows] + [1.0] * len(codes), np.float64
        ),
        "multiplier": _column([float(x.multiplier) for x in rows] + [1.0] * len(codes), np.float64),
        "leverage": _column(
            [_leverage(x.instrument) for x in rows] + [1.0] * len(codes), np.float64
        ),
        "expiry_ns": _column([_expiry(x.instrument) for x in rows] + [0] * len(codes), np.int64),
        "strike": _column(
            [_strike(x.instrument) for x in rows] + [np.nan] * len(codes), np.float64
        ),
        "is_call": _column([_is_call(x.instrument) for x in rows] + [False] * len(codes), np.bool_),
        "expiry_key": _column(_keys([_expiry_key(x.instrument) for x in rows]) + none, np.int64),
        "strike_key": _column(_keys([_strike_key(x.instrument) for x in rows]) + none, np.int64),
        "economic_key": _column(_lookup(economic, [x.economic_id for x in rows]) + none, np.int64),
        "venue_key": _column(_lookup(venues, [x.venue for x in rows]) + none, np.int64),
    }
    return Universe(
        assets=codes,
        listing_ids=tuple(x.listing_id for x in rows),
        venues=venues,
        economic_ids=economic,
        **columns,  # type: ignore[arg-type]
    )


def _column(values: Sequence[float], dtype: type[np.generic]) -> NDArray[np.generic]:
    column = np.array(values, dtype=dtype)
    column.setflags(write=False)
    return column


def _lookup(names: tuple[str, ...], wanted: list[str]) -> list[int]:
    index: Mapping[str, int] = {name: i for i, name in enumerate(names)}
    return [index[name] for name in wanted]


def _keys(labels: list[tuple[object, ...] | None]) -> list[int]:
    numbered: dict[tuple[object, ...], int] = {}
    return [-1 if x is None else numbered.setdefault(x, len(numbered)) for x in labels]


def _sort_key(listing: Listing) -> tuple[str, int, float, str]:
    instrument = listing.instrument
    strike = _strike(instrument) if isinstance(instrument, Option) else 0.0
    return (instrument.underlying, _expiry(instrument), strike, listing.listing_id)


def _kind(instrument: Instrument) -> Kind:
    match instrument:
        case Spot():
            return Kind.SPOT
        case Perpetual():
            return Kind.PERPETUAL
        case Future():
            return Kind.FUTURE
        case Option():
            return Kind.OPTION


def _inverse(instrument: Instrument) -> bool:
    return not isinstance(instrument, Spot) and instrument.inverse


def _leverage(instrument: Instrument) -> float:
    return float(instrument.leverage) if isinstance(instrument, Spot) else 1.0


def _expiry(instrument: Instrument) -> int:
    return instrument.expiry_ns if isinstance(instrument, Future | Option) else 0


def _strike(instrument: Instrument) -> float:
    return float(instrument.strike) if isinstance(instrument, Option) else float("nan")


def _is_call(instrument: Instrument) -> bool:
    return isinstance(instrument, Option) and instrument.right is Right.CALL


def _expiry_key(instrument: Instrument) -> tuple[object, ...] | None:
    expiry = _expiry(instrument)
    return (instrument.underlying, expiry) if expiry else None


def _strike_key(instrument: Instrument) -> tuple[object, ...] | None:
    if not isinstance(instrument, Option):
        return None
    return (instrument.underlying, instrument.expiry_ns, instrument.strike)
