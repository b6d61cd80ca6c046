"""Rates as recipes write them: a number, a parameter, a field, or a small rule. Data only."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, assert_never, final

from crossmargin.rulebook.amount import Amount
from crossmargin.rulebook.charge.orders import OrderFill
from crossmargin.rulebook.selection import Selection


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A plain number."""

    value: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FromParameter:
    """A parameter of the recipe, by its index (asset, listing, venue, account) where it has one."""

    name: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FromField:
    """A field of listing or market; one figure per group."""

    field: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Affine:
    """base + slope x field."""

    base: "Rate"
    slope: "Rate"
    field: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Shortfall:
    """base + slope x max(0, below - field)."""

    base: "Rate"
    slope: "Rate"
    field: str
    below: "Rate"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SizeLinear:
    """base + slope x size, where size is an amount of the group's own rows (coins, notional,
    contracts) with open orders filled as `orders` says.
    """

    base: "Rate"
    slope: "Rate"
    amount: Amount
    of: str
    orders: OrderFill = OrderFill.NONE


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SizeExcess:
    """min(cap, slope x max(0, size - threshold)), with open orders filled as `orders` says."""

    slope: "Rate"
    threshold: "Rate"
    cap: "Rate"
    amount: Amount
    of: str
    orders: OrderFill = OrderFill.NONE


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SizePower:
    """factor x (size / unit) ** power, with open orders filled as `orders` says."""

    factor: "Rate"
    power: "Rate"
    amount: Amount
    of: str
    unit: "Rate" = Number(value=1.0)
    orders: OrderFill = OrderFill.NONE


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SizeStep:
    """base + slope x the number of whole or begun steps by which size is above `threshold`."""

    base: "Rate"
    slope: "Rate"
    threshold: "Rate"
    step: "Rate"
    amount: Amount
    of: str
    orders: OrderFill = OrderFill.NONE


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """base + (1 - base) x clamp((field - lower) / (upper - lower), 0, 1).

    Where upper is not above lower it is a step: base up to lower, 1 beyond; an upper of 0 is none.
    """

    base: "Rate"
    field: str
    lower: "Rate"
    upper: "Rate"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The rate of the step that a field falls in: rates[i] below bounds[i], the last one above all
    bounds.
    """

    field: str
    bounds: tuple[float, ...]
    rates: tuple[float, ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """The entry of `rates` at the first of `keys` that is not below a field; missing beyond the
    last key.

    Both name parameters ("$name") that are lists, one for all or by asset, settle or listing.
    """

    field: str
    keys: str
    rates: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rounded:
    """The rate in whole multiples of `unit`, up or down; what is a multiple but for float dust
    stays it.
    """

    rate: "Rate"
    unit: "Rate"
    up: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """base x e ** (rate x field): a discount where the rate is negative."""

    base: "Rate"
    rate: "Rate"
    field: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LowConfidence:
    """factor x (1 - confidence) where confidence < below, else 0; 0 where the factor is 0."""

    confidence: "Rate"
    below: "Rate"
    factor: "Rate"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class HeldMin:
    """The smallest value of a field among the selected positions held in the group of `by` around
    each group; infinity where none is held. A held row that lacks the field makes it unavailable.
    """

    field: str
    by: str
    selection: Selection | None = None


@final
class VolSource(StrEnum):
    """Which vol a multiplier follows: that of past returns, or the larger of it and the vol index,
    held within `trust` times the first.
    """

    REALISED = "realised"
    LARGER = "larger"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class VolMultiplier:
    """Vol over `reference` (both a year's), within `floor` and `cap`; it rises at once and falls by
    no more than the share `release` of itself a day.

    Realised vol is exponentially weighted with `decay` over daily log returns. The path of the last
    `days` decides what is still to be released. `asset` names whose vol it is; without it that of
    each group's own underlying. Unavailable without that history.
    """

    source: VolSource
    decay: float
    days: float
    reference: "Rate"
    floor: "Rate"
    cap: "Rate"
    release: "Rate"
    trust: "Rate" = Number(value=1.0)
    asset: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NetToGross:
    """What the group's derivatives are worth together over what those with a value are worth, from
    0 to 1; `none` where none of them has a value. Options are worth their mark, futures and
    perpetuals their profit.
    """

    none: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Combined:
    """The largest, the smallest, the sum or the product of rates, or the first over the rest."""

    how: str
    rates: tuple["Rate", ...]


Rate: TypeAlias = (
    Number
    | FromParameter
    | FromField
    | Affine
    | Shortfall
    | SizeLinear
    | SizeExcess
    | SizePower
    | SizeStep
    | Ramp
    | Step
    | Lookup
    | Rounded
    | Growth
    | LowConfidence
    | HeldMin
    | VolMultiplier
    | NetToGross
    | Combined
)


def children(rate: Rate) -> tuple[Rate, ...]:
    """The rates inside a rate."""
    match rate:
        case (
            Number() | FromParameter() | FromField() | Step() | Lookup() | HeldMin() | NetToGross()
        ):
            return ()
        case Growth():
            return (rate.base, rate.rate)
        case LowConfidence():
            return (rate.confidence, rate.below, rate.factor)
        case Affine() | SizeLinear():
            return (rate.base, rate.slope)
        case Shortfall():
            return (rate.base, rate.slope, rate.below)
        case SizeExcess():
            return (rate.slope, rate.threshold, rate.cap)
        case SizePower():
            return (rate.factor, rate.power, rate.unit)
        case SizeStep():
            return (rate.base, rate.slope, rate.threshold, rate.step)
        case Ramp():
            return (rate.base, rate.lower, rate.upper)
        case VolMultiplier():
            return (rate.reference, rate.floor, rate.cap, rate.release, rate.trust)
        case Rounded():
            return (rate.rate, rate.unit)
        case Combined():
            return rate.rates
        case _:
            assert_never(rate)
