"""Shapes as recipes write them: their rates become arrays here, `netting` does the arithmetic."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never, final

from crossmargin.netting import shape as netting_shape
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.rate import Rate, rate_of
from crossmargin.scenario.scenario_set import ScenarioSet


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
class Damping:
    """Gain or loss moved towards zero by min(multiple x allowance, |change|), beyond the standard
    range.

    The allowance is an amount in reporting units: not homogeneous, so it belongs to the owner.
    With `after_weight` it is taken off the weighted change: the loss weight, which acts last, is
    divided out of it here.
    """

    allowance: Rate
    after_weight: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Shapes one after another."""

    shapes: tuple["Shape", ...]


Shape: TypeAlias = SignDiscount | MinusAbsolute | GainShare | Damping | Chain

SHAPES: Mapping[str, type[Any]] = {
    "sign_discount": SignDiscount,
    "minus_absolute": MinusAbsolute,
    "gain_share": GainShare,
    "damping": Damping,
    "chain": Chain,
}


def shapes_of(
    shape: Shape, context: Context, by: str, scenarios: ScenarioSet
) -> tuple[netting_shape.Shape, ...]:
    """The shape with its rates as arrays over the groups of `by`; a chain in its order."""
    match shape:
        case SignDiscount():
            return (
                netting_shape.SignDiscount(
                    positive_frac=rate_of(shape.positive, context, by),
                    negative_frac=rate_of(shape.negative, context, by),
                ),
            )
        case MinusAbsolute():
            return (netting_shape.MinusAbsolute(),)
        case GainShare():
            return (netting_shape.GainShare(gain_frac=rate_of(shape.share, context, by)),)
        case Damping():
            allowance = rate_of(shape.allowance, context, by)
            multiple = scenarios.damping_multiple
            if shape.after_weight:
                multiple = multiple / scenarios.loss_weight
            return (
                netting_shape.Damping(
                    move_frac=multiple + 1.0,
                    range_frac=1.0,
                    allowance_ticks=allowance * 2.0**-context.run.tick_exponent,
                ),
            )
        case Chain():
            return tuple(
                each for inner in shape.shapes for each in shapes_of(inner, context, by, scenarios)
            )
        case _:
            assert_never(shape)
