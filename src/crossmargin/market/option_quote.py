"""The vol and the mark of every option of a snapshot that has forwards."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.instant import years_between
from crossmargin.domain.instrument import Option, Right
from crossmargin.kernels import log_fixed
from crossmargin.market.implied import implied_of_marks, mark_of_vol
from crossmargin.market.quoted import Quoted, assumed, derived_from
from crossmargin.market.snapshot import ListingQuote, MarketSnapshot, index_quote
from crossmargin.market.surface import (
    SurfaceVol,
    VolPoint,
    VolSurface,
    fit_surface,
    surface_vol,
)

F8: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OptionRow:
    """An option that can be priced: `forward` in quote currency per quoted unit."""

    quote: ListingQuote
    option: Option
    forward: Quoted
    rate: Quoted
    years: float


def option_rows(
    snapshot: MarketSnapshot, wanted: Callable[[ListingQuote], bool] | None = None
) -> list[OptionRow]:
    """Every option whose expiry has a forward and a rate, by listing id; or only those `wanted`."""
    rows = []
    for listing_id in sorted(snapshot.listings):
        quote = snapshot.listings[listing_id]
        option = quote.instrument
        if not isinstance(option, Option) or (wanted is not None and not wanted(quote)):
            continue
        expiry = snapshot.expiries.get((option.underlying, option.expiry_ns))
        dollar = index_quote(snapshot, option.quote)
        if expiry is None or expiry.forward is None or expiry.rate is None or dollar is None:
            continue
        value = expiry.forward.value * quote.multiplier / dollar.value
        rows.append(
            OptionRow(
                quote=quote,
                option=option,
                forward=derived_from(value, "forward in quote currency", expiry.forward, dollar),
                rate=expiry.rate,
                years=years_between(snapshot.as_of_ns, option.expiry_ns),
            )
        )
    return rows


def with_implied_vols(snapshot: MarketSnapshot) -> MarketSnapshot:
    """The vol of every option that has a mark and no vol; none where the mark carries none."""
    wanted = [
        (row, row.quote.mark)
        for row in option_rows(snapshot, lambda quote: quote.vol is None)
        if row.quote.mark is not None
    ]
    if not wanted:
        return snapshot
    marks = np.array([mark.value for _, mark in wanted])
    vols, _ = implied_of_marks(marks, *_terms([row for row, _ in wanted]))
    return _replaced(
        snapshot,
        [
            replace(row.quote, vol=derived_from(vol, "implied by its mark", *_inputs(row, mark)))
            for (row, mark), vol in zip(wanted, vols.tolist(), strict=True)
            if not np.isnan(vol)
        ],
    )


def with_surface_vols(snapshot: MarketSnapshot) -> MarketSnapshot:
    """The vol of every option that still has none, from the surface of its underlying.

    Without a surface the vol index stands in, flat and `assumed`; without one the vol stays None.
    """
    lacking = option_rows(snapshot, lambda quote: quote.vol is None)
    wanted = [row for row in lacking if row.years > 0.0]
    if not wanted:
        return snapshot
    surfaces = fitted_surfaces(snapshot)
    found = []
    for row in wanted:
        vol = _surface_quote(surfaces, row) or _vol_index_quote(snapshot, row)
        if vol is not None:
            found.append(replace(row.quote, vol=vol))
    return _replaced(snapshot, found)


def with_option_marks(snapshot: MarketSnapshot) -> MarketSnapshot:
    """The mark of every option that has a vol and no mark: Black-76, in its own quotation.

    At or past its expiry an option needs no vol: it is marked at intrinsic value.
    """
    wanted = [
        row
        for row in option_rows(snapshot, lambda quote: quote.mark is None)
        if row.quote.vol is not None or row.years <= 0.0
    ]
    if not wanted:
        return snapshot
    vols = np.array([row.quote.vol.value if row.quote.vol else 0.0 for row in wanted])
    marks = mark_of_vol(vols, *_terms(wanted))
    text = "Black-76 of its vol and the forward of its expiry"
    return _replaced(
        snapshot,
        [
            replace(row.quote, mark=derived_from(mark, text, *_inputs(row, row.quote.vol)))
            for row, mark in zip(wanted, marks.tolist(), strict=True)
        ],
    )


def fitted_surfaces(snapshot: MarketSnapshot) -> Mapping[str, VolSurface]:
    """The surface of every underlying through all vols of its options."""
    points: dict[str, list[VolPoint]] = {}
    for row in option_rows(snapshot):
        if row.quote.vol is not None:
            points.setdefault(row.option.underlying, []).append(
                VolPoint(
                    expiry_ns=row.option.expiry_ns,
                    years=row.years,
                    forward=row.forward.value,
                    strike=float(row.option.strike),
                    is_call=row.option.right is Right.CALL,
                    vol=row.quote.vol.value,
                )
            )
    fitted = {code: fit_surface(code, found) for code, found in points.items()}
    return {code: surface for code, surface in fitted.items() if surface is not None}


def _surface_quote(surfaces: Mapping[str, VolSurface], row: OptionRow) -> Quoted | None:
    surface = surfaces.get(row.option.underlying)
    if surface is None:
        return None
    moneyness = float(log_fixed(row.forward.value / float(row.option.strike)))
    read: SurfaceVol = surface_vol(surface, row.years, moneyness)
    if read.fallback is not None:
        return assumed(read.vol, read.fallback)
    return derived_from(read.vol, "total variance between its neighbours", row.forward)


def _vol_index_quote(snapshot: MarketSnapshot, row: OptionRow) -> Quoted | None:
    asset = snapshot.assets.get(row.option.underlying)
    if asset is None or asset.vol_index is None:
        return None
    return assumed(
        asset.vol_index.value, f"no option of {row.option.underlying} has a vol: the vol index"
    )


def _inputs(row: OptionRow, quoted: Quoted | None) -> list[Quoted]:
    """What a vol or mark rests on. The rate acts only on options paid in quote currency."""
    inputs = [row.forward] if row.option.inverse else [row.forward, row.rate]
    return inputs if quoted is None else [quoted, *inputs]


def _terms(rows: list[OptionRow]) -> tuple[F8, F8, F8, Flags, Flags, F8]:
    """(options,) forward, strike, years, is_call, inverse, rate."""
    return (
        np.array([row.forward.value for row in rows]),
        np.array([float(row.option.strike) for row in rows]),
        np.array([row.years for row in rows]),
        np.array([row.option.right is Right.CALL for row in rows]),
        np.array([row.option.inverse for row in rows]),
        np.array([row.rate.value for row in rows]),
    )


def _replaced(snapshot: MarketSnapshot, quotes: list[ListingQuote]) -> MarketSnapshot:
    changed = {quote.listing_id: quote for quote in quotes}
    return replace(snapshot, listings={**snapshot.listings, **changed})
