"""The value of a rate in every group of a grouping."""

from typing import assert_never

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.kernels import exp_fixed
from crossmargin.rulebook.charge.orders import filled_size
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.group_field import (
    group_field,
    group_parameter,
    list_by_instrument,
    one_per_group,
)
from crossmargin.rulebook.net_to_gross import net_to_gross
from crossmargin.rulebook.rate import (
    Affine,
    Combined,
    FromField,
    FromParameter,
    Growth,
    HeldMin,
    Lookup,
    LowConfidence,
    NetToGross,
    Number,
    Ramp,
    Rate,
    Rounded,
    Shortfall,
    SizeExcess,
    SizeLinear,
    SizePower,
    SizeStep,
    Step,
    VolMultiplier,
    children,
)
from crossmargin.rulebook.rate_by_key import rate_by_key
from crossmargin.rulebook.reduce import held_min_field
from crossmargin.rulebook.selection import Selection
from crossmargin.rulebook.vol_multiplier import vol_multiplier

F8 = NDArray[np.float64]


def rate_of(rate: Rate, context: Context, at: str) -> F8:
    """(groups,) the rate in each group of `at`; NaN where a group has no such figure."""
    table = key_table(rate, context, at)
    return _of_groups(rate, context, at) if table is None else table[context.groups(at).key]


def key_table(rate: Rate, context: Context, at: str) -> F8 | None:
    """(keys,) the rate of every key of `at`, where the key says it: see `rate_by_key`."""
    return rate_by_key(rate, context, at, _of_groups)


def is_zero(rate: Rate, context: Context, at: str, selection: Selection | None) -> bool:
    """Whether the rate is 0 in every group of `at` that a selected listing can be in."""

    def zero() -> bool:
        table, count = key_table(rate, context, at), context.run.universe.listings_count
        if table is None:
            return False
        key = context.key(at)[:count]
        if selection is not None:
            key = key[context.run.chosen(selection)[:count]]
        return bool((table[key[key >= 0]] == 0.0).all())

    return context.run.keep(("rate of zero", rate, at, selection), zero)


def _of_groups(rate: Rate, context: Context, at: str) -> F8:
    match rate:
        case Number():
            return np.full(context.groups_count(at), rate.value)
        case FromParameter():
            return group_parameter(context, at, rate.name)
        case FromField():
            return group_field(context, at, rate.field)
        case Affine():
            field = group_field(context, at, rate.field)
            return np.asarray(
                rate_of(rate.base, context, at) + rate_of(rate.slope, context, at) * field
            )
        case Shortfall():
            below = rate_of(rate.below, context, at) - group_field(context, at, rate.field)
            slope = rate_of(rate.slope, context, at)
            return np.asarray(rate_of(rate.base, context, at) + slope * np.maximum(0.0, below))
        case SizeLinear() | SizeExcess() | SizePower() | SizeStep():
            return _by_size(rate, context, at)
        case Ramp():
            return _ramp(rate, context, at)
        case Step():
            field = group_field(context, at, rate.field)
            steps = np.array(rate.rates)[
                np.searchsorted(np.array(rate.bounds), field, side="right")
            ]
            return np.where(np.isnan(field), np.nan, steps)
        case Lookup():
            return one_per_group(context, at, _looked_up(rate, context), rate.rates)
        case Rounded():
            return _rounded(rate, context, at)
        case Combined():
            return _combined(rate, context, at)
        case Growth() | LowConfidence() | HeldMin() | NetToGross():
            return _of_holdings(rate, context, at)
        case VolMultiplier():
            inner = [rate_of(each, context, at) for each in children(rate)]
            return vol_multiplier(rate, context, at, inner)
        case _:
            assert_never(rate)


def _of_holdings(
    rate: Growth | LowConfidence | HeldMin | NetToGross, context: Context, at: str
) -> F8:
    match rate:
        case Growth():
            exponent = rate_of(rate.rate, context, at) * group_field(context, at, rate.field)
            return np.asarray(rate_of(rate.base, context, at) * exp_fixed(exponent))
        case LowConfidence():
            return _low_confidence(rate, context, at)
        case HeldMin():
            return held_min_field(context, at, rate.field, rate.by, rate.selection)
        case NetToGross():
            return net_to_gross(rate, context, at)
        case _:
            assert_never(rate)


def _by_size(rate: SizeLinear | SizeExcess | SizePower | SizeStep, context: Context, at: str) -> F8:
    match rate:
        case SizeLinear():
            size = filled_size(context, at, rate.amount, rate.of, rate.orders)
            return np.asarray(
                rate_of(rate.base, context, at) + rate_of(rate.slope, context, at) * size
            )
        case SizeExcess():
            size = filled_size(context, at, rate.amount, rate.of, rate.orders)
            over = np.maximum(0.0, size - rate_of(rate.threshold, context, at))
            return np.minimum(
                rate_of(rate.cap, context, at), rate_of(rate.slope, context, at) * over
            )
        case SizePower():
            size = filled_size(context, at, rate.amount, rate.of, rate.orders)
            units = size / rate_of(rate.unit, context, at)
            return np.asarray(
                rate_of(rate.factor, context, at) * units ** rate_of(rate.power, context, at)
            )
        case SizeStep():
            size = filled_size(context, at, rate.amount, rate.of, rate.orders)
            steps = _begun(
                size / rate_of(rate.step, context, at),
                rate_of(rate.threshold, context, at) / rate_of(rate.step, context, at),
            )
            return np.asarray(
                rate_of(rate.base, context, at) + rate_of(rate.slope, context, at) * steps
            )
        case _:
            assert_never(rate)


def _ramp(rate: Ramp, context: Context, at: str) -> F8:
    base = rate_of(rate.base, context, at)
    lower, upper = rate_of(rate.lower, context, at), rate_of(rate.upper, context, at)
    field = group_field(context, at, rate.field)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.clip((field - lower) / (upper - lower), 0.0, 1.0)
    step = np.where((upper > 0.0) & (field > lower), 1.0, 0.0)
    share = np.where(np.isnan(field), np.nan, np.where(upper > lower, share, step))
    share = np.where(upper == 0.0, 0.0, share)
    return np.asarray(base + (1.0 - base) * share)


DUST_FRAC = 2.0**-49
"""What a few float operations may add to a figure, relative: no part of a rate."""


def _looked_up(rate: Lookup, context: Context) -> F8:
    """(instruments,) the entry for each instrument's field."""
    keys = list_by_instrument(context.run, rate.keys)
    rates = list_by_instrument(context.run, rate.rates)
    where = f"recipe {context.run.terms.name}, params."
    if keys.shape != rates.shape or np.any(np.isnan(keys) != np.isnan(rates)):
        message = f"has not one entry for each of {rate.keys}"
        place = f"{where}{rate.rates.removeprefix('$')}"
        raise InputRefused([Failure(Reason.CONTRADICTION, place, message)])
    if np.any(np.diff(keys, axis=1) <= 0.0):
        place = f"{where}{rate.keys.removeprefix('$')}"
        raise InputRefused([Failure(Reason.CONTRADICTION, place, "does not ascend")])
    field = context.field(rate.field)
    with np.errstate(invalid="ignore"):
        reached = keys >= (field * (1.0 - DUST_FRAC))[:, None]
    row = np.arange(len(field))
    return np.where(reached.any(axis=1), rates[row, reached.argmax(axis=1)], np.nan)


def _begun(size: F8, threshold: F8) -> F8:
    """(groups,) how many steps are begun between two sizes in steps; float dust begins none."""
    over = np.maximum(0.0, size - threshold)
    nearest = np.rint(over)
    whole = np.abs(over - nearest) <= DUST_FRAC * np.maximum(size, 1.0)
    return np.where(whole, nearest, np.ceil(over))


def _rounded(rate: Rounded, context: Context, at: str) -> F8:
    unit = rate_of(rate.unit, context, at)
    units = rate_of(rate.rate, context, at) / unit
    nearest = np.rint(units)
    outward = np.ceil(units) if rate.up else np.floor(units)
    whole = np.abs(units - nearest) <= DUST_FRAC * np.abs(units)
    return np.asarray(np.where(whole, nearest, outward) * unit)


FOLDS = {
    "max": np.maximum,
    "min": np.minimum,
    "sum": np.add,
    "product": np.multiply,
    "quotient": np.divide,
}


def _low_confidence(rate: LowConfidence, context: Context, at: str) -> F8:
    factor = rate_of(rate.factor, context, at)
    confidence = rate_of(rate.confidence, context, at)
    is_high = confidence >= rate_of(rate.below, context, at)
    return np.where(is_high | (factor == 0.0), 0.0, factor * (1.0 - confidence))


def _combined(rate: Combined, context: Context, at: str) -> F8:
    rates = [rate_of(part, context, at) for part in rate.rates]
    total = rates[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        for each in rates[1:]:
            total = FOLDS[rate.how](total, each)
    return np.asarray(total)
