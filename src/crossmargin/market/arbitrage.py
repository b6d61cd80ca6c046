"""Whether a vol surface lets anybody earn without risk: calendar and butterfly, each named."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.instant import instant_text
from crossmargin.kernels import black_greeks, black_prices, exp_fixed
from crossmargin.market.surface import VolSlice, VolSurface, slice_variance

F8: TypeAlias = NDArray[np.float64]

VOL_STEP = 1e-4
"""The step of published vols: 0.01 %. What its rounding can explain is no violation."""


@final
class ArbitrageKind(StrEnum):
    """CALENDAR: total variance falls with time. BUTTERFLY: the call price is not convex in strike.
    VERTICAL: the call price rises with strike, or falls faster than the strike rises.
    """

    CALENDAR = "calendar"
    BUTTERFLY = "butterfly"
    VERTICAL = "vertical"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Where a surface breaks, and how far beyond rounding: in variance, or a share of forward."""

    kind: ArbitrageKind
    underlying: str
    expiry_ns: int
    log_moneyness: float
    excess: float

    def __str__(self) -> str:
        when = instant_text(self.expiry_ns)
        return (
            f"{self.underlying} {when}: {self.kind.value} arbitrage at log-moneyness "
            f"{self.log_moneyness:+.4f}, {self.excess:.2e} beyond rounding"
        )


def surface_violations(surface: VolSurface) -> tuple[Violation, ...]:
    """All violations at the quoted strikes, by expiry; empty when there is none.

    Straight lines between the quotes carry no information, so only the quotes are judged: calendar
    at the strikes of both neighbours where their ranges overlap, the others at a slice's own.
    """
    found: list[Violation] = []
    for before, after in zip(surface.slices, surface.slices[1:], strict=False):
        found += _calendar(surface.underlying, before, after)
    for part in surface.slices:
        found += _vertical(surface.underlying, part)
        found += _butterfly(surface.underlying, part)
    return tuple(sorted(found, key=lambda x: (x.expiry_ns, x.kind, x.log_moneyness)))


def _calendar(underlying: str, before: VolSlice, after: VolSlice) -> list[Violation]:
    low = max(before.log_moneyness[0], after.log_moneyness[0])
    high = min(before.log_moneyness[-1], after.log_moneyness[-1])
    nodes = np.union1d(before.log_moneyness, after.log_moneyness)
    nodes = nodes[(nodes >= low) & (nodes <= high)]
    early, late = slice_variance(before, nodes), slice_variance(after, nodes)
    rounding = VOL_STEP * (np.sqrt(early * before.years) + np.sqrt(late * after.years))
    return _named(ArbitrageKind.CALENDAR, underlying, after, nodes, early - late - rounding)


def _vertical(underlying: str, part: VolSlice) -> list[Violation]:
    strike, call, doubt = _calls(part)
    fall = call[:-1] - call[1:]
    rounding = doubt[:-1] + doubt[1:]
    excess = np.maximum(-fall, fall - np.diff(strike)) - rounding
    nodes = part.log_moneyness[::-1][1:]
    return _named(ArbitrageKind.VERTICAL, underlying, part, nodes, excess)


def _butterfly(underlying: str, part: VolSlice) -> list[Violation]:
    strike, call, doubt = _calls(part)
    share = (strike[2:] - strike[1:-1]) / (strike[2:] - strike[:-2])
    chord = share * call[:-2] + (1.0 - share) * call[2:]
    rounding = share * doubt[:-2] + doubt[1:-1] + (1.0 - share) * doubt[2:]
    nodes = part.log_moneyness[::-1][1:-1]
    excess = call[1:-1] - chord - rounding
    return _named(ArbitrageKind.BUTTERFLY, underlying, part, nodes, excess)


def _calls(part: VolSlice) -> tuple[F8, F8, F8]:
    """(K,) rising strikes, call prices and what vol rounding can do, all over the forward."""
    moneyness = part.log_moneyness[::-1][:, None]
    deviation = np.sqrt(part.total_variance[::-1])[:, None]
    strike = exp_fixed(-moneyness)
    one, years = np.ones_like(strike), np.full_like(strike, part.years)
    is_call = np.ones(strike.shape, dtype=np.bool_)
    call = black_prices(one, strike, moneyness, deviation, is_call)
    vega = black_greeks(one, strike, moneyness, deviation, years, is_call)[2]
    return strike[:, 0], call[:, 0], vega[:, 0] * (VOL_STEP / 2.0)


def _named(
    kind: ArbitrageKind, underlying: str, part: VolSlice, log_moneyness: F8, excess: F8
) -> list[Violation]:
    return [
        Violation(
            kind=kind,
            underlying=underlying,
            expiry_ns=part.expiry_ns,
            log_moneyness=float(log_moneyness[row]),
            excess=float(excess[row]),
        )
        for row in np.flatnonzero(excess > 1e-15)
    ]
