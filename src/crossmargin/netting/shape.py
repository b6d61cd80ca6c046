"""Shapes stand between netting and measure: what of a change counts, per group and scenario.

Every shape takes value ticks (groups,) and change ticks (groups, scenarios) and gives change ticks,
rounded to whole ticks again, so that the order of groups cannot matter afterwards. A parameter is a
number or one per group (groups,). Gain positive.
"""

from dataclasses import dataclass
from typing import TypeAlias, assert_never, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels import ShapeStep
from crossmargin.kernels.shape_step import (
    DAMPING,
    GAIN_LIMIT,
    GAIN_SHARE,
    MINUS_ABSOLUTE,
    RANGE_SHARE,
    SIGN_DISCOUNT,
    all_lost,
    damped,
    gain_limited,
    gain_shared,
    over_ranges,
    sign_discounted,
)

Float: TypeAlias = NDArray[np.float64]
Index: TypeAlias = NDArray[np.int64]
PerGroup: TypeAlias = float | Float


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SignDiscount:
    """The shocked value V + change counts times one factor if positive, another if negative.

    Source: static discount of Derive v2 portfolio margin (derivexyz/v2-core, PMRM_2). Even a
    scenario without a move costs the discount. Factors are not negative.
    """

    positive_frac: PerGroup
    negative_frac: PerGroup


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MinusAbsolute:
    """All of |change| is lost: nothing offsets across groups (skew scenarios of Derive v2)."""


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GainShare:
    """A gain counts times `gain_frac` (0..1), a loss in full: offsets across currencies."""

    gain_frac: PerGroup


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GainLimit:
    """A gain counts up to `most_ticks`, a loss in full: the cap on gains that offset other
    currencies in Deribit's cross portfolio margin. Not negative. It depends on size, so it belongs
    to the owner.
    """

    most_ticks: PerGroup


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RangeShare:
    """A change beyond a range counts times range / |move|: a position that follows the price
    loses in no scenario more than at the edge of its range (extended tables of Deribit, Paradex).

    `move_frac` (scenarios,) or (groups, scenarios), relative; `range_frac` positive. What changes
    are counted in may move itself (a coin, by `unit_move_frac`): it has its price at the edge then,
    and a position that follows the price loses no more in coins either. So does a captured answer
    of Deribit, whose extended table has the profit of the edge in every cell.
    """

    move_frac: Float
    range_frac: PerGroup
    unit_move_frac: PerGroup = 0.0


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Damping:
    """A change moves towards zero by an allowance that grows with the move beyond a range.

    relief = min((max(|move| / range, 1) - 1) x allowance, |change|), the extended dampener of
    Deribit portfolio margin. `move_frac` (scenarios,) or (groups, scenarios), relative;
    `allowance_ticks` not negative. It depends on size, so splitting an account gains: the allowance
    belongs to the owner.
    """

    move_frac: Float
    range_frac: PerGroup
    allowance_ticks: PerGroup


Shape: TypeAlias = SignDiscount | MinusAbsolute | GainShare | GainLimit | RangeShare | Damping


def is_homogeneous(shape: Shape) -> bool:
    """Whether twice the position has twice the shaped change; attribution is exact only then."""
    match shape:
        case SignDiscount() | MinusAbsolute() | GainShare() | RangeShare():
            return True
        case GainLimit() | Damping():
            return False
        case _:
            assert_never(shape)


def shaped_ticks(shape: Shape, value_ticks: Float, change_ticks: Float) -> Float:
    """(groups, scenarios) whole ticks: the change of each group as the shape lets it count.

    Rounded to nearest, ties to even. Raises `NotFinite` or `TickOverflow` with the group.
    """
    match shape:
        case SignDiscount():
            return sign_discount(
                value_ticks, change_ticks, shape.positive_frac, shape.negative_frac
            )
        case MinusAbsolute():
            return minus_absolute(value_ticks, change_ticks)
        case GainShare():
            return gain_share(value_ticks, change_ticks, shape.gain_frac)
        case GainLimit():
            return gain_limit(change_ticks, shape.most_ticks)
        case RangeShare():
            return range_share(
                change_ticks, shape.move_frac, shape.range_frac, shape.unit_move_frac
            )
        case Damping():
            return damping(
                value_ticks, change_ticks, shape.move_frac, shape.range_frac, shape.allowance_ticks
            )
        case _:
            assert_never(shape)


def sign_discount(
    value_ticks: Float, change_ticks: Float, positive_frac: PerGroup, negative_frac: PerGroup
) -> Float:
    """(groups, scenarios) whole ticks: factor by sign x (V + change) - V; see `SignDiscount`."""
    _not_negative(positive_frac, "positive_frac")
    _not_negative(negative_frac, "negative_frac")
    value = value_ticks[:, None]
    return sign_discounted(value, change_ticks, _column(positive_frac), _column(negative_frac))


def minus_absolute(value_ticks: Float, change_ticks: Float) -> Float:
    """(groups, scenarios) whole ticks: -|change|; the value (groups,) plays no part."""
    return all_lost(change_ticks)


def gain_share(value_ticks: Float, change_ticks: Float, gain_frac: PerGroup) -> Float:
    """(groups, scenarios) whole ticks: gains times `gain_frac`, losses in full; no use of value."""
    _share(gain_frac)
    return gain_shared(change_ticks, _column(gain_frac))


def gain_limit(change_ticks: Float, most_ticks: PerGroup) -> Float:
    """(groups, scenarios) whole ticks: gains up to `most_ticks`, losses in full."""
    _not_negative(most_ticks, "most_ticks")
    return gain_limited(change_ticks, _column(most_ticks))


def range_share(
    change_ticks: Float, move_frac: Float, range_frac: PerGroup, unit_move_frac: PerGroup = 0.0
) -> Float:
    """(groups, scenarios) whole ticks: the change over the ranges it lies away; see
    `RangeShare`.
    """
    ranges = _ranges(change_ticks.shape, move_frac, range_frac)
    return over_ranges(change_ticks, _at_edge(ranges, range_frac, unit_move_frac))


def damping(
    value_ticks: Float,
    change_ticks: Float,
    move_frac: Float,
    range_frac: PerGroup,
    allowance_ticks: PerGroup,
) -> Float:
    """(groups, scenarios) whole ticks: the change moved towards zero; see `Damping`."""
    _not_negative(allowance_ticks, "allowance_ticks")
    beyond = _ranges(change_ticks.shape, move_frac, range_frac) - 1.0
    return damped(change_ticks, beyond, _column(allowance_ticks))


def shape_step(shape: Shape, labels_count: int, scenarios_count: int) -> ShapeStep:
    """The shape with its figures by label: what is one per group above is one per label here."""
    size = (labels_count, scenarios_count)
    spread = np.empty((labels_count, 0))
    first: PerGroup = 0.0
    second: PerGroup = 0.0
    match shape:
        case SignDiscount():
            kind, first, second = SIGN_DISCOUNT, shape.positive_frac, shape.negative_frac
            _not_negative(first, "positive_frac")
            _not_negative(second, "negative_frac")
        case MinusAbsolute():
            kind = MINUS_ABSOLUTE
        case GainShare():
            kind, first = GAIN_SHARE, shape.gain_frac
            _share(first)
        case GainLimit():
            kind, first = GAIN_LIMIT, shape.most_ticks
            _not_negative(first, "most_ticks")
        case RangeShare():
            ranges = _ranges(size, shape.move_frac, shape.range_frac)
            kind, spread = RANGE_SHARE, _at_edge(ranges, shape.range_frac, shape.unit_move_frac)
        case Damping():
            kind, first = DAMPING, shape.allowance_ticks
            _not_negative(first, "allowance_ticks")
            spread = _ranges(size, shape.move_frac, shape.range_frac) - 1.0
        case _:
            assert_never(shape)
    own = np.stack([np.broadcast_to(each, labels_count) for each in (first, second)], axis=1)
    if kind in (RANGE_SHARE, DAMPING):
        spread = np.broadcast_to(spread, size)
    return ShapeStep(
        kind=kind, spread=np.ascontiguousarray(spread), own=np.ascontiguousarray(own, dtype=float)
    )


def shape_slopes(
    shape: Shape, value_ticks: Float, change_ticks: Float, scenario_index: Index
) -> tuple[Float, Float]:
    """(groups,) a and b with shaped change = a x V + b x change in each group's own scenario.

    What the shape does to the group it does to every row of it, so a x V_row + b x change_row are
    the parts; up to one tick for the rounding. A damped group is shared out pro rata.
    """
    group = np.arange(value_ticks.size)
    change = change_ticks[group, scenario_index]
    match shape:
        case SignDiscount():
            factor = np.where(value_ticks + change >= 0.0, shape.positive_frac, shape.negative_frac)
            return factor - 1.0, factor
        case MinusAbsolute():
            return np.zeros(change.size), -np.sign(change)
        case GainShare():
            return np.zeros(change.size), np.where(change > 0.0, shape.gain_frac, 1.0)
        case GainLimit() | RangeShare() | Damping():
            left = shaped_ticks(shape, value_ticks, change_ticks)[group, scenario_index]
            return np.zeros(change.size), left / np.where(change == 0.0, 1.0, change)
        case _:
            assert_never(shape)


def _ranges(size: tuple[int, ...], move_frac: Float, range_frac: PerGroup) -> Float:
    """(scenarios,) or (groups, scenarios): max(|move| / range, 1), an array of its own; `size` is
    (groups, scenarios).
    """
    if not (np.isfinite(range_frac).all() and (np.asarray(range_frac) > 0.0).all()):
        raise ValueError("range_frac must be positive and finite")
    if move_frac.shape not in (size, size[1:]):
        raise ValueError("move_frac must be (scenarios,) or (groups, scenarios)")
    if not np.isfinite(move_frac).all():
        raise ValueError("move_frac must be finite")
    ranges = np.abs(move_frac / _column(range_frac))
    return np.maximum(ranges, 1.0, out=ranges)


def _at_edge(ranges: Float, range_frac: PerGroup, unit_move_frac: PerGroup) -> Float:
    """`ranges` where the unit of changes has its price at the edge instead of its shocked one."""
    if not np.any(unit_move_frac):
        return ranges
    if not (np.isfinite(unit_move_frac).all() and (np.asarray(unit_move_frac) > -1.0).all()):
        raise ValueError("unit_move_frac must be finite and above -1")
    reach = np.asarray(_column(range_frac))
    edge = np.clip(unit_move_frac, -reach, reach)
    return np.asarray(ranges * ((1.0 + edge) / (1.0 + np.asarray(unit_move_frac))))


def _column(parameter: PerGroup) -> float | Float:
    """A number, or (groups,) as (groups, 1)."""
    return parameter[:, None] if isinstance(parameter, np.ndarray) else parameter


def _share(gain_frac: PerGroup) -> None:
    _not_negative(gain_frac, "gain_frac")
    if not (np.asarray(gain_frac) <= 1.0).all():
        raise ValueError("gain_frac must be in 0..1")


def _not_negative(parameter: PerGroup, name: str) -> None:
    if not (np.isfinite(parameter).all() and (np.asarray(parameter) >= 0.0).all()):
        raise ValueError(f"{name} must be finite and not negative")
