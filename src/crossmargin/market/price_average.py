"""A time-weighted average over a sliding window, in bounded space."""

from dataclasses import dataclass
from typing import final

CHECKPOINTS = 32
"""The window is remembered at about so many places."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Average:
    """A step function of time and its integral, kept for one window.

    `checkpoints` are (instant_ns, integral since the first one, value x ns), rising; `value` holds
    from the last of them on.
    """

    checkpoints: tuple[tuple[int, float], ...]
    value: float


def started(value: float, as_of_ns: int) -> Average:
    """An average that has seen one sample."""
    return Average(checkpoints=((as_of_ns, 0.0),), value=value)


def observed(average: Average, value: float, as_of_ns: int, window_ns: int) -> Average:
    """The average with one more sample, which holds from `as_of_ns` on.

    A sample at the instant of the last one replaces it. ValueError for an instant before it: time
    never goes backwards.
    """
    last_ns, integral = average.checkpoints[-1]
    if as_of_ns < last_ns:
        raise ValueError(f"a sample of {as_of_ns} comes after one of {last_ns}")
    now = (as_of_ns, integral + average.value * (as_of_ns - last_ns))
    kept = list(average.checkpoints)
    step_ns = window_ns // CHECKPOINTS
    crowded = len(kept) > 1 and as_of_ns - kept[-2][0] < step_ns
    if crowded or last_ns == as_of_ns:
        kept.pop()
    kept.append(now)
    while len(kept) > 2 and kept[1][0] <= as_of_ns - window_ns:
        kept.pop(0)
    base = kept[0][1]
    return Average(checkpoints=tuple((when, total - base) for when, total in kept), value=value)


def mean(average: Average, as_of_ns: int, window_ns: int, before: float | None = None) -> float:
    """The mean over the window that ends at `as_of_ns`, in units of the samples.

    Where the samples do not reach back that far, `before` counts for the time before the first one;
    without it the mean is over the time there is. Between checkpoints the step function is read as
    if it were even, so the mean stays between the least and the largest sample.
    """
    start_ns = as_of_ns - window_ns
    first_ns = average.checkpoints[0][0]
    total = _integral(average, as_of_ns)
    if first_ns > start_ns:
        if before is not None:
            return (total + before * (first_ns - start_ns)) / window_ns
        elapsed = as_of_ns - first_ns
        return total / elapsed if elapsed > 0 else average.value
    return (total - _integral(average, start_ns)) / window_ns


def _integral(average: Average, instant_ns: int) -> float:
    points = average.checkpoints
    last_ns, last = points[-1]
    if instant_ns >= last_ns:
        return last + average.value * (instant_ns - last_ns)
    after = next(i for i, (when, _) in enumerate(points) if when > instant_ns)
    (from_ns, low), (to_ns, high) = points[after - 1], points[after]
    return low + (high - low) * ((instant_ns - from_ns) / (to_ns - from_ns))
