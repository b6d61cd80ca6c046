"""A vol surface in total variance: a slice per expiry, straight lines between quotes and expiries.

`log_moneyness` is ln(forward / strike) as in `kernels`; total variance is vol² x years. Where there
is no quote on both sides the surface says so: the vol is flat from the nearest one, and assumed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.instant import instant_text
from crossmargin.kernels import log_fixed

F8: TypeAlias = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class VolPoint:
    """The vol of one option as it goes into a fit."""

    expiry_ns: int
    years: float
    forward: float
    strike: float
    is_call: bool
    vol: float


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VolSlice:
    """One expiry: `log_moneyness` (K,) rising, `total_variance` (K,), read-only."""

    expiry_ns: int
    years: float
    log_moneyness: F8
    total_variance: F8


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VolSurface:
    """The slices of one underlying, by rising expiry, at least one."""

    underlying: str
    slices: tuple[VolSlice, ...]


@final
@dataclass(frozen=True, slots=True)
class SurfaceVol:
    """A vol read off a surface. `fallback` says why it is an assumption, None inside the quotes."""

    vol: float
    fallback: str | None


def fit_surface(underlying: str, points: Iterable[VolPoint]) -> VolSurface | None:
    """The surface through `points`, or None when none has time left.

    At a strike with a call and a put the out-of-the-money one counts: its vol is the better known.
    """
    chosen: dict[tuple[int, float], VolPoint] = {}
    for point in points:
        if point.years > 0.0:
            key = (point.expiry_ns, point.strike)
            known = chosen.get(key)
            if known is None or _out_of_the_money(point) > _out_of_the_money(known):
                chosen[key] = point
    if not chosen:
        return None
    expiries = sorted({expiry_ns for expiry_ns, _ in chosen})
    by_expiry: dict[int, list[VolPoint]] = {expiry_ns: [] for expiry_ns in expiries}
    for (expiry_ns, _), point in sorted(chosen.items(), reverse=True):
        by_expiry[expiry_ns].append(point)
    return VolSurface(
        underlying=underlying, slices=tuple(_slice(points) for points in by_expiry.values())
    )


def surface_vol(surface: VolSurface, years: float, log_moneyness: float) -> SurfaceVol:
    """The vol at a time > 0 and a log-moneyness.

    Inside the quotes total variance is linear in both. Before the first and after the last expiry
    the nearest expiry's vol holds, beyond the last strike that strike's.
    """
    slices = surface.slices
    above = next((i for i, x in enumerate(slices) if x.years >= years), len(slices))
    if above == len(slices) or (above == 0 and slices[0].years > years):
        nearest = slices[min(above, len(slices) - 1)]
        variance, _ = _variance(nearest, log_moneyness)
        where = "before the first" if above == 0 else "after the last"
        return SurfaceVol(
            float(np.sqrt(variance / nearest.years)),
            f"{where} expiry of the surface: the vol of {instant_text(nearest.expiry_ns)}",
        )
    after = slices[above]
    variance, fallback = _variance(after, log_moneyness)
    if after.years > years:
        before = slices[above - 1]
        variance_before, fallback_before = _variance(before, log_moneyness)
        share = (years - before.years) / (after.years - before.years)
        variance = variance_before + share * (variance - variance_before)
        fallback = fallback or fallback_before
    return SurfaceVol(float(np.sqrt(variance / years)), fallback)


def slice_variance(part: VolSlice, log_moneyness: F8) -> F8:
    """(any shape) total variance at (any shape) log-moneyness, held flat beyond the last quotes."""
    return np.interp(log_moneyness, part.log_moneyness, part.total_variance)


def _variance(part: VolSlice, log_moneyness: float) -> tuple[float, str | None]:
    variance = float(np.interp(log_moneyness, part.log_moneyness, part.total_variance))
    inside = part.log_moneyness[0] <= log_moneyness <= part.log_moneyness[-1]
    if inside:
        return variance, None
    return variance, f"beyond the strikes quoted at {instant_text(part.expiry_ns)}: flat"


def _slice(points: list[VolPoint]) -> VolSlice:
    years = points[0].years
    moneyness = log_fixed(np.array([point.forward / point.strike for point in points]))
    variance = np.array([point.vol * point.vol * years for point in points])
    moneyness.setflags(write=False)
    variance.setflags(write=False)
    return VolSlice(
        expiry_ns=points[0].expiry_ns,
        years=years,
        log_moneyness=moneyness,
        total_variance=variance,
    )


def _out_of_the_money(point: VolPoint) -> bool:
    return point.is_call == (point.strike >= point.forward)
