"""Weighted sensitivities as one amount: correlated within a bucket, and buckets within a silo.

Source of the form: ISDA SIMM, https://www.isda.org/a/2IOgE/ISDA_SIMM_v2.7_PUBLIC.pdf, 2 and 3.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

F8: TypeAlias = NDArray[np.float64]
I8: TypeAlias = NDArray[np.int64]

DUST_FRAC = 1e-12
"""A sum of squares below zero by no more than this part of its terms is a perfect hedge."""


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Factors:
    """(factors,) risk factors, those of one owner, silo and bucket beside each other in that order.

    `weighted` signed ticks; `crowding` >= 1, what concentration multiplied them by; `bucket` and
    `kind` are rows of the two correlation tables.
    """

    weighted: F8
    crowding: F8
    owner: I8
    silo: F8
    bucket: I8
    kind: I8


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Silos:
    """(silos,) the amount of each and its owner; (factors,) the silo of each factor, and its share.

    Shares of a silo add up to its amount (the amount is homogeneous in the weighted factors); a
    hedge has a negative one.
    """

    amount: F8
    owner: I8
    of_factor: I8
    share: F8


def silos(factors: Factors, inside: F8, between: F8) -> Silos:
    """Root of the sum over buckets of K_b squared, and over pairs of them of gamma S_b S_c.

    K_b squared is the sum over pairs of a bucket's factors of rho f WS WS, f the smaller crowding
    over the larger; S_b the sum of WS held within K_b either way. `inside` (kinds, kinds) holds
    rho, `between` (buckets, buckets) gamma. NaN where a correlation is missing, or where they are
    such that a square is negative.
    """
    x, crowding, kind = factors.weighted, factors.crowding, factors.kind
    cell = _runs(factors.owner, factors.silo, factors.bucket)

    def rho(i: I8, j: I8) -> F8:
        low = np.minimum(crowding[i], crowding[j])
        scale = low / np.maximum(crowding[i], crowding[j])
        return np.where(i == j, 1.0, inside[kind[i], kind[j]] * scale)

    own = x * _times_correlated(x, cell, rho)
    size = _root(_block_sums(own, cell), _block_sums(x * x, cell))
    of_cell = _numbers(cell, len(x))
    within = np.divide(own, size[of_cell], out=np.zeros_like(own), where=size[of_cell] != 0.0)
    net = _block_sums(x, cell)
    held = np.clip(net, -size, size)
    bound = np.abs(net) > size
    counted = np.where(bound[of_cell], np.sign(net)[of_cell] * within, x)

    silo = _runs(factors.owner[cell], factors.silo[cell])
    bucket = factors.bucket[cell]

    def gamma(b: I8, c: I8) -> F8:
        return np.where(b == c, 0.0, between[bucket[b], bucket[c]])

    other = _times_correlated(held, silo, gamma)
    square = size * size
    amount = _root(_block_sums(square + held * other, silo), _block_sums(square, silo))
    of_silo = _numbers(silo, len(cell))[of_cell]
    top = within * size[of_cell] + counted * other[of_cell]
    whole = amount[of_silo]
    return Silos(
        amount=amount,
        owner=factors.owner[cell][silo],
        of_factor=of_silo,
        share=np.divide(top, whole, out=np.zeros_like(top), where=whole != 0.0),
    )


def _runs(*columns: NDArray[np.generic]) -> I8:
    """(runs,) where a run of equal rows begins."""
    if not len(columns[0]):
        return np.zeros(0, dtype=np.int64)
    changes = np.zeros(len(columns[0]) - 1, dtype=np.bool_)
    for column in columns:
        changes |= column[1:] != column[:-1]
    return np.append(0, np.flatnonzero(changes) + 1)


def _numbers(starts: I8, count: int) -> I8:
    """(entries,) the run of each entry."""
    return np.repeat(np.arange(len(starts)), np.diff(np.append(starts, count)))


def _block_sums(amount: F8, starts: I8) -> F8:
    """(runs,) sums of (entries,): the same bits whatever stands before or behind a run."""
    return np.add.reduceat(amount, starts) if len(starts) else np.zeros(0)


def _times_correlated(x: F8, starts: I8, correlation: Callable[[I8, I8], F8]) -> F8:
    """(entries,) for each entry the sum over its run of correlation x entry."""
    if not len(x):
        return np.zeros(0)
    length = np.diff(np.append(starts, len(x)))
    run = _numbers(starts, len(x))
    first = np.append(0, np.cumsum(length[run])[:-1])
    i = np.repeat(np.arange(len(x)), length[run])
    j = starts[run[i]] + np.arange(len(i)) - first[i]
    return np.add.reduceat(correlation(i, j) * x[j], first)


def _root(square: F8, terms: F8) -> F8:
    """Square roots; NaN for what is negative by more than the dust of its terms."""
    lost = square < -DUST_FRAC * terms
    return np.where(lost, np.nan, np.sqrt(np.maximum(square, 0.0)))
