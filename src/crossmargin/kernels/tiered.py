"""Brackets: the rate of an amount whose slices have rates of their own."""

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Index = NDArray[np.int64]


def tiered_rate(
    size: Float, bound: Float, rate: Float, label: Index, *, whole: bool, bound_below: bool
) -> Float:
    """(groups,) float64 charge per unit of `size` (groups,) under the brackets of its `label`.

    `bound` (labels, tiers - 1) where each tier but the last one ends, ascending from 0; `rate`
    (labels, tiers) of each tier, as fractions; `label` (groups,) rows of both. Marginal: the mean
    rate of the slices up to `size`, added up in the order of the tiers; that of the first tier
    where `size` is not above 0. `whole`: the rate of the tier that `size` reaches; at a bound the
    tier above it, or below it with `bound_below`. A rate that is missing (NaN) only harms who
    reaches its tier; a size that is missing has no rate.

    Raises
    ------
    ValueError
        Arrays that do not fit together, or a label outside the brackets.
    """
    check_brackets(size, bound, rate, label)
    bound, rate = bound[label], rate[label]
    if whole:
        above = size[:, None] > bound if bound_below else size[:, None] >= bound
        found = rate[np.arange(len(size)), above.sum(axis=1)]
    else:
        found = _marginal(size, bound, rate)
    return np.where(np.isnan(size) | np.isnan(found), np.nan, found)


def check_brackets(size: Float, bound: Float, rate: Float, label: Index) -> None:
    """Raise ValueError where sizes, brackets and labels do not fit together."""
    columns = (size, bound, rate)
    if any(column.dtype != np.float64 for column in columns) or label.dtype != np.int64:
        raise ValueError("brackets: size, bound and rate must be float64, label must be int64")
    if size.ndim != 1 or label.shape != size.shape:
        raise ValueError("brackets: size and label must be (groups,)")
    if rate.ndim != 2 or rate.shape[1] == 0:
        raise ValueError("brackets: rate must be (labels, tiers), with one tier at least")
    if bound.shape != (rate.shape[0], rate.shape[1] - 1):
        raise ValueError("brackets: bound must be (labels, tiers - 1)")
    if label.size and not 0 <= label.min() <= label.max() < rate.shape[0]:
        raise ValueError("brackets: label points outside the brackets")


def _marginal(size: Float, bound: Float, rate: Float) -> Float:
    """(groups,) mean rates under (groups, tiers - 1) bounds and (groups, tiers) rates."""
    start = np.concatenate([np.zeros((len(size), 1)), bound], axis=1)
    end = np.concatenate([bound, np.full((len(size), 1), np.inf)], axis=1)
    total = np.zeros(len(size))
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        slices = np.maximum(np.minimum(size[:, None], end) - start, 0.0)
        for tier in range(rate.shape[1]):
            own = slices[:, tier]
            total += np.where(own == 0.0, 0.0, own * rate[:, tier])
        return np.where(size > 0.0, total / size, rate[:, 0])
