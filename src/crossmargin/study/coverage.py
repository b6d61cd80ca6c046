"""Whether a margin covered what it was to cover: counts of breaches and the tests on them.

A breach is a day on which the loss is larger than the margin. All tests are on the count or the
order of breaches; none of them says how bad a breach was, so the mean and the worst exceedance
stand beside them.
"""

import math
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

F8 = NDArray[np.float64]

WINDOW, YELLOW, RED = 250, 5, 10
"""Days of the rolling traffic light, and the breaches from which it is yellow, or red, at 99 %.

Source: Basel Committee, Supervisory framework for the use of backtesting, 1996.
"""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Breaches of one margin series against one loss series. Fractions as fractions, p as
    probabilities.

    `kupiec_p` two-sided on the count; `too_many_p` one-sided: how likely so many breaches or more
    are at the nominal rate; `christoffersen_p` on independence, None with no breach to follow.
    `breach_rate_upper` is the exact 95 % upper bound of the true rate. `red_days` counts rolling
    windows of 250 days with ten breaches and more.
    """

    days: int
    breaches: int
    nominal: float
    kupiec_p: float
    too_many_p: float
    christoffersen_p: float | None
    breach_rate_upper: float
    red_days: int
    yellow_days: int
    green_days: int
    mean_exceedance: float | None
    worst_exceedance: float | None
    top_decile_coverage: float | None


def coverage(margin: F8, loss: F8, nominal: float, volatility: F8 | None = None) -> Coverage:
    """(days,) margin and loss, both positive for a charge and a loss, at one nominal breach rate.

    Exceedances are (loss - margin) / margin over the breaches; None without a breach, or where a
    breached margin was nothing. `volatility` (days,) picks the tenth
    of days with the highest for `top_decile_coverage`: the share of them that the margin covered.
    """
    if margin.shape != loss.shape or margin.ndim != 1 or not len(margin):
        raise ValueError("margin and loss must be (days,) and not empty")
    if not (np.isfinite(margin).all() and np.isfinite(loss).all() and (margin >= 0.0).all()):
        raise ValueError("margin and loss must be finite, and no margin below zero")
    breach = loss > margin
    count, days = int(breach.sum()), len(breach)
    measured = count > 0 and bool((margin[breach] > 0.0).all())
    over = (loss[breach] - margin[breach]) / margin[breach] if measured else np.zeros(0)
    decile = None
    if volatility is not None:
        high = volatility >= np.quantile(volatility, 0.9)
        decile = float(1.0 - breach[high].mean())
    window = np.zeros(0, dtype=np.int64)
    if days >= WINDOW:
        window = np.convolve(breach.astype(np.int64), np.ones(WINDOW, dtype=np.int64), "valid")
    return Coverage(
        days=days,
        breaches=count,
        nominal=nominal,
        kupiec_p=kupiec_p(count, days, nominal),
        too_many_p=at_least(count, days, nominal),
        christoffersen_p=christoffersen_p(breach),
        breach_rate_upper=rate_upper(count, days, 0.95),
        red_days=int((window >= RED).sum()),
        yellow_days=int(((window >= YELLOW) & (window < RED)).sum()),
        green_days=int((window < YELLOW).sum()),
        mean_exceedance=float(over.mean()) if measured else None,
        worst_exceedance=float(over.max()) if measured else None,
        top_decile_coverage=decile,
    )


def kupiec_p(breaches: int, days: int, nominal: float) -> float:
    """Probability of Kupiec's proportion-of-failures test (likelihood ratio, one degree of
    freedom).
    """
    rate = breaches / days
    ratio = -2.0 * (
        _log_likelihood(breaches, days, nominal) - _log_likelihood(breaches, days, rate)
    )
    return math.erfc(math.sqrt(max(ratio, 0.0) / 2.0))


def christoffersen_p(breach: NDArray[np.bool_]) -> float | None:
    """Probability of Christoffersen's independence test (one degree of freedom): does a breach
    follow a breach?

    None where one of the two states never occurs before the last day.
    """
    before, after = breach[:-1], breach[1:]
    from_calm, from_breach = int((~before).sum()), int(before.sum())
    if not from_calm or not from_breach:
        return None
    calm_breach, breach_breach = int((~before & after).sum()), int((before & after).sum())
    together = (calm_breach + breach_breach) / (from_calm + from_breach)
    apart = _log_likelihood(calm_breach, from_calm, calm_breach / from_calm)
    apart += _log_likelihood(breach_breach, from_breach, breach_breach / from_breach)
    pooled = _log_likelihood(calm_breach + breach_breach, from_calm + from_breach, together)
    return math.erfc(math.sqrt(max(2.0 * (apart - pooled), 0.0) / 2.0))


def rate_upper(breaches: int, days: int, level: float) -> float:
    """Exact one-sided upper bound of the true breach rate (Clopper and Pearson)."""
    if breaches >= days:
        return 1.0
    low, high = breaches / days, 1.0
    for _ in range(60):
        middle = (low + high) / 2.0
        if 1.0 - at_least(breaches + 1, days, middle) > 1.0 - level:
            low = middle
        else:
            high = middle
    return high


def at_least(breaches: int, days: int, rate: float) -> float:
    """Probability of so many breaches or more in so many days at a true rate."""
    if breaches <= 0:
        return 1.0
    if rate <= 0.0:
        return 0.0
    below = math.fsum(
        math.exp(_log_choose(days, k) + _log_likelihood(k, days, rate)) for k in range(breaches)
    )
    return min(1.0, max(0.0, 1.0 - below))


def _log_likelihood(breaches: int, days: int, rate: float) -> float:
    """Log of rate^breaches (1 - rate)^(days - breaches), with 0 log 0 = 0."""
    total = 0.0
    if breaches:
        total += breaches * math.log(rate) if rate > 0.0 else -math.inf
    if days - breaches:
        total += (days - breaches) * math.log1p(-rate) if rate < 1.0 else -math.inf
    return total


def _log_choose(days: int, breaches: int) -> float:
    return math.lgamma(days + 1) - math.lgamma(breaches + 1) - math.lgamma(days - breaches + 1)
