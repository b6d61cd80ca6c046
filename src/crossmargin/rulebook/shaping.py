"""Shapes as recipes write them: their rates become arrays here, `netting` does the arithmetic."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.kernels import ShapeStep
from crossmargin.netting import shape as netting_shape
from crossmargin.rulebook.context import ACCOUNT, Context
from crossmargin.rulebook.group_field import one_per_group
from crossmargin.rulebook.group_label import group_label
from crossmargin.rulebook.rate import Rate
from crossmargin.rulebook.rate_by_key import (
    RowsNeededError,
    keyed,
    spread_over_keys,
)
from crossmargin.rulebook.rate_value import key_table, rate_of
from crossmargin.scenario.scenario_set import ScenarioSet

F8 = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SignDiscount:
    """Shocked value times `positive` where it is a claim and `negative` where it is a debt; the
    base stays.
    """

    positive: Rate
    negative: Rate


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MinusAbsolute:
    """All of the absolute change is lost, whichever way it goes."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GainShare:
    """The share of a gain that may offset elsewhere; losses count in full."""

    share: Rate


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GainLimit:
    """Gains up to `most`, an amount in reporting units; losses count in full.

    Not homogeneous, so the limit belongs to the owner.
    """

    most: Rate


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RangeShare:
    """Beyond `range`, the share range / |price move of the group| of a gain or loss; what is
    counted in the coin that moves is told at its price at the edge of the range.
    """

    range: Rate


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Damping:
    """Beyond `range`, gain or loss moved towards zero by min((|price move| / range - 1) x
    allowance, |change|).

    The allowance is an amount in reporting units: not homogeneous, so it belongs to the owner.
    """

    range: Rate
    allowance: Rate


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Shapes one after another."""

    shapes: tuple["Shape", ...]


Shape: TypeAlias = (
    SignDiscount | MinusAbsolute | GainShare | GainLimit | RangeShare | Damping | Chain
)

SHAPES: Mapping[str, type[Any]] = {
    "sign_discount": SignDiscount,
    "minus_absolute": MinusAbsolute,
    "gain_share": GainShare,
    "gain_limit": GainLimit,
    "range_share": RangeShare,
    "damping": Damping,
    "chain": Chain,
}


def shapes_of(
    shape: Shape, context: Context, by: str, scenarios: ScenarioSet
) -> tuple[netting_shape.Shape, ...]:
    """The shape with its rates as arrays over the groups of `by`; a chain in its order.

    `InputRefused` when a rate has no figure for a group: there is no change without one.
    """
    return _with_figures(
        shape,
        lambda rate: _known(rate, context, by),
        lambda: _moves(context, by, scenarios),
        lambda: _unit_moves(context, by, scenarios),
        2.0**-context.run.tick_exponent,
    )


def steps_by_key(
    shape: Shape, context: Context, by: str, scenarios: ScenarioSet
) -> tuple[ShapeStep, ...] | None:
    """The shape with its figures by the key of a group of `by`; None where they are no matter of
    the key alone, or where one is missing.
    """
    if by == ACCOUNT:
        return None
    found: tuple[ShapeStep, ...] | None = context.run.keep(
        ("shape by key", shape, by, scenarios.name),
        lambda: _steps_by_key(shape, context, by, scenarios),
    )
    return found


def _steps_by_key(
    shape: Shape, context: Context, by: str, scenarios: ScenarioSet
) -> tuple[ShapeStep, ...] | None:
    def figures(rate: Rate) -> F8:
        table = key_table(rate, context, by)
        if table is None or np.isnan(table[keyed(context, by).groups(by).key]).any():
            raise RowsNeededError
        return np.nan_to_num(table, nan=1.0)

    def moves() -> F8:
        return spread_over_keys(context, by, _moves(keyed(context, by), by, scenarios), 0.0)

    def unit_moves() -> F8:
        own = _unit_moves(keyed(context, by), by, scenarios)
        return spread_over_keys(context, by, own, 0.0)

    try:
        shapes = _with_figures(shape, figures, moves, unit_moves, 2.0**-context.run.tick_exponent)
    except RowsNeededError:
        return None
    labels_count = int(context.key(by).max(initial=-1)) + 1
    return tuple(
        netting_shape.shape_step(each, labels_count, scenarios.scenarios_count) for each in shapes
    )


def _with_figures(
    shape: Shape,
    figure: Callable[[Rate], F8],
    moves: Callable[[], F8],
    unit_moves: Callable[[], F8],
    ticks_per_unit: float,
) -> tuple[netting_shape.Shape, ...]:
    match shape:
        case SignDiscount():
            return (
                netting_shape.SignDiscount(
                    positive_frac=figure(shape.positive), negative_frac=figure(shape.negative)
                ),
            )
        case MinusAbsolute():
            return (netting_shape.MinusAbsolute(),)
        case GainShare():
            return (netting_shape.GainShare(gain_frac=figure(shape.share)),)
        case GainLimit():
            return (netting_shape.GainLimit(most_ticks=figure(shape.most) * ticks_per_unit),)
        case RangeShare():
            return (
                netting_shape.RangeShare(
                    move_frac=moves(),
                    range_frac=figure(shape.range),
                    unit_move_frac=unit_moves(),
                ),
            )
        case Damping():
            return (
                netting_shape.Damping(
                    move_frac=moves(),
                    range_frac=figure(shape.range),
                    allowance_ticks=figure(shape.allowance) * ticks_per_unit,
                ),
            )
        case Chain():
            return tuple(
                each
                for inner in shape.shapes
                for each in _with_figures(inner, figure, moves, unit_moves, ticks_per_unit)
            )
        case _:
            assert_never(shape)


def is_monotone(shape: Shape) -> bool:
    """Whether a lower change is never shaped to a higher one."""
    match shape:
        case MinusAbsolute():
            return False
        case Chain():
            return all(is_monotone(each) for each in shape.shapes)
        case SignDiscount() | GainShare() | GainLimit() | RangeShare() | Damping():
            return True
        case _:
            assert_never(shape)


def _known(rate: Rate, context: Context, by: str) -> F8:
    """(groups,) the rate, which every group with rows needs; 1 for one without."""
    rates = rate_of(rate, context, by)
    rows = context.groups(by).rows.values()
    empty = np.all([np.diff(own.indptr) == 0 for own in rows], axis=0)
    rates = np.where(empty, 1.0, rates)
    lacking = np.flatnonzero(np.isnan(rates))
    if len(lacking):
        label = group_label(context, by, int(lacking[0]))
        message = f"a shape needs a figure for {label or 'every account'}, and there is none"
        where = f"recipe {context.run.terms.name}"
        raise InputRefused([Failure(Reason.MISSING_DATA, where, message)])
    return rates


def _moves(context: Context, by: str, scenarios: ScenarioSet) -> F8:
    """(groups, scenarios) relative price moves of the asset that each group follows."""
    return scenarios.spot_move[_followed(context, by)]


def _unit_moves(context: Context, by: str, scenarios: ScenarioSet) -> F8:
    """(groups, scenarios) the same where that asset is what is reported in, 0 elsewhere."""
    followed = _followed(context, by)
    own = context.run.reporting_row[followed] == followed
    return np.where(own[:, None], scenarios.spot_move[followed], 0.0)


def _followed(context: Context, by: str) -> NDArray[np.int64]:
    """(groups,) the asset that each group follows."""
    if by == "risk_unit":
        return context.groups(by).key
    underlying = context.run.universe.underlying.astype(np.float64)
    followed = one_per_group(context, by, underlying, "the underlying")
    return np.nan_to_num(followed).astype(np.int64)
