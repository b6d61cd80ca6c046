"""What a shape does to changes, in whole ticks: the arithmetic alone, in one place.

All take and give (groups, scenarios) float64, gain positive, and round to whole ticks again.
Figures are numbers, (groups, 1) or (groups, scenarios). Raises `NotFinite` or `TickOverflow`.
"""

from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels.tick_guard import TICK_LIMIT, NotFinite, TickOverflow

Float: TypeAlias = NDArray[np.float64]
Figure: TypeAlias = float | Float

SIGN_DISCOUNT, MINUS_ABSOLUTE, GAIN_SHARE, RANGE_SHARE, DAMPING, GAIN_LIMIT = range(6)


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShapeStep:
    """A shape whose figures depend on the label of a group.

    `kind` is one of the numbers of this module. `own` (labels, 2) holds the positive and negative
    factor, the share of a gain, the allowance, or the most that a gain counts; `spread` (labels,
    scenarios) the ranges of RANGE_SHARE, or what of them DAMPING lies beyond; others have none:
    (labels, 0).
    """

    kind: int
    spread: Float
    own: Float


def sign_discounted(value: Float, change: Float, positive: Figure, negative: Figure) -> Float:
    """Factor by the sign of V + change, times it, less V; `value` (groups, 1) whole ticks."""
    shocked = whole_ticks(value + change)
    factor = np.where(shocked >= 0.0, positive, negative)
    return whole_ticks(whole_ticks(shocked * factor) - value)


def all_lost(change: Float) -> Float:
    """-|change|."""
    return whole_ticks(np.negative(np.abs(change)))


def gain_shared(change: Float, share: Figure) -> Float:
    """Gains times `share`, losses in full."""
    shared = np.multiply(change, share)
    return whole_ticks(np.minimum(shared, change, out=shared))


def gain_limited(change: Float, most: Figure) -> Float:
    """Gains up to `most` ticks, losses in full."""
    return whole_ticks(np.minimum(change, most))


def over_ranges(change: Float, ranges: Float) -> Float:
    """The change over the ranges that it lies away."""
    return whole_ticks(np.divide(change, ranges))


def damped(change: Float, beyond: Float, allowance: Figure) -> Float:
    """The change moved towards zero by `beyond` x `allowance`, but not past it."""
    size = np.abs(change)
    relief = np.multiply(beyond, allowance)
    left = np.subtract(size, np.minimum(relief, size), out=size)
    return whole_ticks(np.copysign(left, change, out=left))


def stepped(step: ShapeStep, label: NDArray[np.int64], value: Float, change: Float) -> Float:
    """The change after one step, `label` (groups,) and `value` (groups,) whole ticks."""
    first, second = (step.own[label, side][:, None] for side in (0, 1))
    match step.kind:
        case 0:
            return sign_discounted(value[:, None], change, first, second)
        case 1:
            return all_lost(change)
        case 2:
            return gain_shared(change, first)
        case 3:
            return over_ranges(change, step.spread[label])
        case 4:
            return damped(change, step.spread[label], first)
        case 5:
            return gain_limited(change, first)
        case _:
            raise ValueError(f"no shape has the number {step.kind}")


def whole_ticks(shaped: Float) -> Float:
    """Rounded to ticks again in place, guarded, without negative zeros."""
    ticks: Float = np.rint(shaped, out=shaped)
    ticks += 0.0
    if max(ticks.max(initial=0.0), -ticks.min(initial=0.0)) < TICK_LIMIT:
        return ticks
    faulty = np.flatnonzero(~(np.abs(ticks) < TICK_LIMIT).all(axis=1))
    if faulty.size:
        group = int(faulty[0])
        if not np.isfinite(ticks[group]).all():
            raise NotFinite(f"group {group}: a shaped change is not finite", group)
        raise TickOverflow(f"group {group}: a shaped change reaches 2**53 ticks", group)
    return ticks
