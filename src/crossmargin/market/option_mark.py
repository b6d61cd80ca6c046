"""Marks of the options of one expiry: vols that neither one strike nor one moment can push far, and
prices that allow nobody to earn without risk.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, Reason, refuse_if_any
from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.kernels import black_prices, log_fixed
from crossmargin.market.price_average import Average, mean, observed, started

F8: TypeAlias = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OptionMarkPolicy:
    """A quoted vol counts at most `strike_cap_frac` away from what the neighbouring strikes say,
    and at most `sample_cap_frac` away from its own mean over `averaging_ns`.

    `InputRefused` with everything that is wrong.
    """

    strike_cap_frac: float = 0.25
    sample_cap_frac: float = 0.25
    averaging_ns: int = 60 * NS_PER_SECOND

    def __post_init__(self) -> None:
        refuse_if_any(_failures(self))


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExpiryQuotes:
    """The options of one expiry: `forward` in quote currency, `discount` to the expiry, `strike`
    (strikes,) rising, and `vol` (strikes,) read off the middle of each strike's quotes, NaN where
    it has none.
    """

    years: float
    forward: float
    discount: float
    strike: F8
    vol: F8


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExpiryMarks:
    """(strikes,) marks in quote currency per coin, and the vols under them; NaN where no quote of
    the expiry says anything. `averages` are kept by strike. Read-only.
    """

    strike: F8
    vol: F8
    call: F8
    put: F8
    averages: dict[float, Average]


def option_marks(
    policy: OptionMarkPolicy,
    quotes: ExpiryQuotes,
    previous: ExpiryMarks | None,
    as_of_ns: int,
) -> ExpiryMarks:
    """(strikes,) marks at `as_of_ns`, quote currency per coin.

    Each vol: the quoted one, clamped to what its neighbours say, clamped to its own mean, and
    averaged over time; a strike without a quote takes its neighbours' word. Calls are then the
    greatest convex prices at or below those of Black-76, falling with the strike by at most the
    discount per unit; puts follow by parity. So intrinsic <= call <= forward x discount. At expiry
    (years 0) both are the intrinsic value.
    """
    sampled = _neighboured(policy, quotes)
    averages = {} if previous is None else previous.averages
    vol = np.full(len(sampled), np.nan)
    kept: dict[float, Average] = {}
    for i, (strike, sample) in enumerate(zip(quotes.strike, sampled, strict=True)):
        average = _averaged(policy, averages.get(float(strike)), float(sample), as_of_ns)
        if average is not None:
            kept[float(strike)] = average
            vol[i] = mean(average, as_of_ns, policy.averaging_ns)
    call = _calls(quotes, vol)
    put = call - quotes.discount * (quotes.forward - quotes.strike)
    put = np.maximum(put, 0.0)
    columns = (quotes.strike.copy(), vol, call, put)
    for column in columns:
        column.setflags(write=False)
    return ExpiryMarks(strike=columns[0], vol=vol, call=call, put=put, averages=kept)


def vol_push_frac(policy: OptionMarkPolicy, duration_ns: int) -> float:
    """The most that quotes in an expiry's own books can raise a vol that was steady for one window,
    within `duration_ns` up to one window, as a fraction of it.

    Each sample is at most c above the mean so far, so the mean y solves y' = ((1 + c) y - 1) per
    window from y = 1.
    """
    cap = policy.sample_cap_frac
    share = min(1.0, duration_ns / policy.averaging_ns)
    return cap / (1.0 + cap) * math.expm1((1.0 + cap) * share)


def _neighboured(policy: OptionMarkPolicy, quotes: ExpiryQuotes) -> F8:
    """(strikes,) quoted vols clamped to what the strikes on both sides say: the next ones, and the
    ones after those, so that a single wrong strike pulls no right one along.
    """
    known = np.flatnonzero(np.isfinite(quotes.vol) & (quotes.vol > 0.0))
    if not known.size:
        return np.full(len(quotes.vol), np.nan)
    strike, vol = quotes.strike[known], quotes.vol[known]
    every = np.interp(quotes.strike, strike, vol)
    for place, row in enumerate(known):
        places = np.abs(np.arange(known.size) - place)
        said = [
            float(np.interp(quotes.strike[row], strike[others], vol[others]))
            for others in (places > 0, places > 1)
            if others.any()
        ]
        if said:
            low = min(said) * (1.0 - policy.strike_cap_frac)
            high = max(said) * (1.0 + policy.strike_cap_frac)
            every[row] = min(max(every[row], low), high)
    return every


def _averaged(
    policy: OptionMarkPolicy, known: Average | None, sample: float, as_of_ns: int
) -> Average | None:
    if math.isnan(sample):
        return known
    if known is None:
        return started(sample, as_of_ns)
    so_far = mean(known, as_of_ns, policy.averaging_ns)
    low, high = so_far * (1.0 - policy.sample_cap_frac), so_far * (1.0 + policy.sample_cap_frac)
    return observed(known, min(max(sample, low), high), as_of_ns, policy.averaging_ns)


def _calls(quotes: ExpiryQuotes, vol: F8) -> F8:
    """(strikes,) the lower convex hull of Black-76 calls between a strike of 0 and the far end."""
    forward, discount = quotes.forward, quotes.discount
    known = np.flatnonzero(np.isfinite(vol))
    call = np.full(len(vol), np.nan)
    if not known.size:
        return call
    strike = quotes.strike[known]
    model = black_prices(
        np.full((1, 1), forward),
        strike[:, None],
        log_fixed(forward / strike)[:, None],
        (vol[known] * math.sqrt(quotes.years))[:, None],
        np.full((len(strike), 1), True),
    )[:, 0]
    nodes = [(0.0, forward), *zip(strike.tolist(), model.tolist(), strict=True)]
    hull: list[tuple[float, float]] = []
    for node in nodes:
        while len(hull) > 1 and not _turns_up(hull[-2], hull[-1], node):
            hull.pop()
        hull.append(node)
    while len(hull) > 1 and hull[-1][1] > hull[-2][1]:
        hull.pop()
    flat = np.interp(strike, [x for x, _ in hull], [y for _, y in hull])
    call[known] = discount * np.maximum(np.maximum(flat, forward - strike), 0.0)
    return call


def _turns_up(
    first: tuple[float, float], middle: tuple[float, float], last: tuple[float, float]
) -> bool:
    """Whether the middle lies on or below the line from the first to the last."""
    left = (middle[1] - first[1]) * (last[0] - middle[0])
    return left <= (last[1] - middle[1]) * (middle[0] - first[0])


def _failures(policy: OptionMarkPolicy) -> Iterator[Failure]:
    for name in ("strike_cap_frac", "sample_cap_frac"):
        value = getattr(policy, name)
        if not 0.0 < value < 1.0:
            message = f"{value} is not above 0 and below 1"
            yield Failure(Reason.OUT_OF_BOUNDS, f"option_mark.{name}", message)
    if policy.averaging_ns <= 0:
        message = f"{policy.averaging_ns} is not above 0: an average needs a window"
        yield Failure(Reason.OUT_OF_BOUNDS, "option_mark.averaging_ns", message)
