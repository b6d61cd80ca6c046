"""Market haircuts as weights (weight = 1 - haircut): flat, marginal by tiers, scaled by size."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, assert_never, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, Reason

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


@final
class Measure(StrEnum):
    """What the bounds of tiers count: coins of the asset, or their value."""

    AMOUNT = "amount"
    VALUE = "value"


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Flat:
    """(assets,) one weight whatever the amount."""

    weight: F8


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tiered:
    """Each slice of a holding has its own weight.

    `bound` (assets, tiers - 1) ends of the tiers, inf where an asset has fewer; `weight` (assets,
    tiers) of the slice below each bound and, last, above all of them. A last weight of 0 is a cap.
    """

    bound: F8
    weight: F8
    measure: Measure


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SizeScaled:
    """(assets,) weight min(weight, numerator / (1 + factor x sqrt(amount))) of the whole amount.

    The rule of FTX, which had numerator 1.1.
    """

    weight: F8
    factor: F8
    numerator: F8


Schedule: TypeAlias = Flat | Tiered | SizeScaled


def market_credit(schedule: Schedule, asset: I8, amount: F8, price: F8) -> F8:
    """(rows,) value of `amount` >= 0 coins at `price` after the market haircut.

    Non-decreasing and concave in the amount, never above amount x price. What weighs 0 is worth 0
    without a price; otherwise a held amount without price or weight is NaN.
    """
    with np.errstate(invalid="ignore"):
        match schedule:
            case Flat():
                weighted = _times(amount, schedule.weight[asset])
            case SizeScaled():
                size = 1.0 + schedule.factor[asset] * np.sqrt(amount)
                limited = np.minimum(schedule.weight[asset], schedule.numerator[asset] / size)
                weighted = _times(amount, limited)
            case Tiered(measure=Measure.AMOUNT):
                weighted = _slices(schedule, asset, amount)
            case Tiered():
                return _slices(schedule, asset, _times(amount, price))
            case _:
                assert_never(schedule)
        return _times(weighted, price)


def _slices(schedule: Tiered, asset: I8, size: F8) -> F8:
    total = np.zeros(len(size))
    below = np.zeros(len(size))
    for tier in range(schedule.weight.shape[1]):
        last = tier == schedule.bound.shape[1]
        reached = size if last else np.minimum(size, schedule.bound[asset, tier])
        total += _times(np.maximum(reached - below, 0.0), schedule.weight[asset, tier])
        below = np.maximum(below, reached)
    return total


def _times(amount: F8, factor: F8) -> F8:
    """Amount x factor, where nothing needs no factor: 0 x missing is 0."""
    return np.where(amount == 0.0, 0.0, amount * factor)


def schedule_failures(schedule: Schedule, assets: Sequence[str], where: str) -> Iterator[Failure]:
    """What keeps credit from being monotone and at most market value, asset by asset.

    Weights outside 0..1, a tier that weighs more than the one before it, bounds that do not ascend
    from 0, a negative size factor. An asset without figures (NaN) is left to `market_credit`.
    """
    weight = schedule.weight.reshape(len(assets), -1)
    yield from _refused(assets, (weight < 0.0) | (weight > 1.0), where, "a weight outside 0 to 1")
    match schedule:
        case Flat():
            return
        case Tiered():
            message = "a tier weighs more than the one before it"
            yield from _refused(assets, np.diff(weight, axis=1) > 0.0, where, message)
            first = np.zeros((len(assets), 1))
            bound = np.concatenate([first, schedule.bound], axis=1)
            # Bounds of inf are padding behind the last tier of an asset.
            wrong = (bound[:, 1:] <= bound[:, :-1]) & np.isfinite(bound[:, :-1])
            yield from _refused(assets, wrong, where, "bounds of tiers do not ascend from 0")
        case SizeScaled():
            wrong = (schedule.factor < 0.0) | (schedule.numerator < 0.0)
            yield from _refused(assets, wrong[:, None], where, "a negative size factor")
        case _:
            assert_never(schedule)


def _refused(
    assets: Sequence[str], wrong: NDArray[np.bool_], where: str, message: str
) -> Iterator[Failure]:
    for row in np.flatnonzero(wrong.any(axis=1)):
        yield Failure(Reason.OUT_OF_BOUNDS, f"{where}.{assets[int(row)]}", message)
