"""How much of a token's value counts: rules for the weight of what is held and of what is owed.

Several rules of one charge are all met: the smallest weight of what is held, the largest of what is
owed.
"""

from dataclasses import dataclass
from typing import TypeAlias, assert_never, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.rulebook.charge.asset_price import Price, asset_price
from crossmargin.rulebook.charge.collateral_haircuts import by_asset
from crossmargin.rulebook.charge.tier_table import tier_table
from crossmargin.rulebook.charge.token_rows import TokenRows
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.group_field import account_parameter, required

F8 = NDArray[np.float64]

DUST_FRAC = 2.0**-49
"""What a few float operations may add to a figure, relative: no part of a weight."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Flat:
    """A weight by asset."""

    weight: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class VenueScaled:
    """A weight times start / total where the venue's total value is above start; of what is owed
    times total / start.

    The total is coins of the declared figures `of` at `total_price`, else at the price of the
    charge; an asset without a `start` is not scaled. `unit` rounds a weight down, as venues with
    whole weights do.
    """

    weight: str
    start: str
    of: tuple[str, ...]
    unit: float = 0.0
    total_price: Price | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SizeRoot:
    """min(weight, numerator / (1 + factor x root of coins)); owed max(weight, share x weight +
    factor x root).

    The root is floored to `root_unit`, a weight to `unit`, the product that divides the numerator
    to `product_unit`. A factor of 0 leaves the weight.
    """

    weight: str
    factor: str
    numerator: float
    share: float
    root_unit: float
    product_unit: float
    unit: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SizeDiscount:
    """1 - multiple x coins / scale, the discount kept between `low` and `high`.

    An asset without a `scale` has no discount.
    """

    scale: str
    multiple: str
    low: str
    high: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRatio:
    """The user's own margin ratio: 1 - ratio of what is held, 1 + ratio of what is owed."""

    ratio: str
    exempt: tuple[str, ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Tiers:
    """Slices of the value at the rates of their tiers, each slice's credit floored to `unit`."""

    bounds: str
    rates: str
    unit: float = 0.0


WeightRule: TypeAlias = Flat | VenueScaled | SizeRoot | SizeDiscount | OwnRatio | Tiers

RULES: dict[str, type] = {
    "flat": Flat,
    "venue_scaled": VenueScaled,
    "size_root": SizeRoot,
    "size_discount": SizeDiscount,
    "own_ratio": OwnRatio,
    "tiers": Tiers,
}


def weight_of(
    rules: tuple[WeightRule, ...], context: Context, tokens: TokenRows, price: F8, *, owed: bool
) -> F8:
    """(tokens,) the weight under all rules, >= 0; NaN where a figure is missing.

    `price` (assets,) is what totals and tiers are valued at.
    """
    own = [_weight(rule, context, tokens, price, owed=owed) for rule in rules]
    fold = np.maximum if owed else np.minimum
    weight = own[0]
    for each in own[1:]:
        weight = fold(weight, each)
    return weight


def _weight(rule: WeightRule, context: Context, tokens: TokenRows, price: F8, *, owed: bool) -> F8:
    match rule:
        case Flat():
            return by_asset(context.run, rule.weight)[tokens.asset]
        case VenueScaled():
            return _venue_scaled(rule, context, price, owed=owed)[tokens.asset]
        case SizeRoot():
            return _size_root(rule, context, tokens, owed=owed)
        case SizeDiscount():
            return _size_discount(rule, context, tokens)
        case OwnRatio():
            return _own_ratio(rule, context, tokens, owed=owed)
        case Tiers():
            return _tiers(rule, context, tokens, price)
        case _:
            assert_never(rule)


def _venue_scaled(rule: VenueScaled, context: Context, price: F8, *, owed: bool) -> F8:
    run = context.run
    weight, start = by_asset(run, rule.weight), by_asset(run, rule.start)
    if rule.total_price is not None:
        price = asset_price(run, rule.total_price)
    coins = np.zeros(len(price))
    for name in rule.of:
        coins += context.field(name)[run.universe.listings_count :]
    with np.errstate(invalid="ignore", divide="ignore"):
        total = coins * price
        # Multiplied before it is divided: a quotient such as 2/3 would lose the last bit.
        scaled = weight * total / start if owed else weight * start / total
    scaled = np.where(np.isnan(total), np.nan, np.where(total > start, scaled, weight))
    scaled = np.where(np.isnan(start), weight, scaled)
    return _floored(scaled, rule.unit)


def _size_root(rule: SizeRoot, context: Context, tokens: TokenRows, *, owed: bool) -> F8:
    weight = by_asset(context.run, rule.weight)[tokens.asset]
    factor = by_asset(context.run, rule.factor)[tokens.asset]
    root = factor * _floored(np.sqrt(np.abs(tokens.coins)), rule.root_unit)
    if owed:
        base = -_floored(-rule.share * weight, rule.unit)
        sized = np.maximum(weight, base + _floored(root, rule.unit))
    else:
        size = 1.0 + _floored(root, rule.product_unit)
        sized = np.minimum(weight, _floored(rule.numerator / size, rule.unit))
    return np.where(factor == 0.0, weight, sized)


def _size_discount(rule: SizeDiscount, context: Context, tokens: TokenRows) -> F8:
    scale = by_asset(context.run, rule.scale)[tokens.asset]
    multiple = by_asset(context.run, rule.multiple)[tokens.asset]
    low = by_asset(context.run, rule.low)[tokens.asset]
    high = by_asset(context.run, rule.high)[tokens.asset]
    with np.errstate(invalid="ignore", divide="ignore"):
        discount = np.clip(np.abs(tokens.coins) / scale * multiple, low, high)
    return np.where(np.isnan(scale), 1.0, 1.0 - discount)


def _own_ratio(rule: OwnRatio, context: Context, tokens: TokenRows, *, owed: bool) -> F8:
    run = context.run
    parameter = run.terms.parameters[rule.ratio.removeprefix("$")]
    required(run, parameter)
    ratio = account_parameter(context, parameter)[tokens.account]
    exempt = np.array([code in rule.exempt for code in run.universe.assets], dtype=np.bool_)
    free = exempt[tokens.asset] | (ratio == 0.0)
    if owed:
        return np.where(free, 0.0, 1.0 + ratio)
    return np.where(free, np.inf, np.maximum(1.0 - ratio, 0.0))


def _tiers(rule: Tiers, context: Context, tokens: TokenRows, price: F8) -> F8:
    """(tokens,) credit of the slices over the whole value; 0 where nothing is held."""
    table = tier_table(context.run, rule.bounds, rule.rates, context.run.universe.assets)
    bound, rate = table.bound[tokens.asset], table.rate[tokens.asset]
    with np.errstate(invalid="ignore", divide="ignore"):
        value = np.where(tokens.coins > 0.0, tokens.coins * price[tokens.asset], 0.0)
        credit, below = np.zeros(len(value)), np.zeros(len(value))
        for tier in range(rate.shape[1]):
            reached = value if tier == bound.shape[1] else np.minimum(value, bound[:, tier])
            slices = np.maximum(reached - below, 0.0)
            counted = np.where(slices == 0.0, 0.0, slices * rate[:, tier])
            credit += _floored(counted, rule.unit)
            below = np.maximum(below, reached)
        return np.where(value == 0.0, 0.0, credit / value)


def _floored(figure: F8, unit: float) -> F8:
    """Whole multiples of `unit` downwards, a multiple but for float dust staying it; 0 is no
    unit.
    """
    if unit == 0.0:
        return figure
    units = figure / unit
    nearest = np.rint(units)
    whole = np.abs(units - nearest) <= DUST_FRAC * np.maximum(np.abs(units), 1.0)
    return np.asarray(np.where(whole, nearest, np.floor(units)) * unit)
