"""Coins that repay debts of their own asset before anything is lent against them."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cover:
    """What is left and what is owed once debts are repaid.

    `pair` (rows,) numbers account and asset, `left` and `owed` (rows,) coins >= 0.
    """

    pair: I8
    pairs_count: int
    left: F8
    owed: F8


def cover(pair: I8, amount: F8, weight: F8) -> Cover:
    """Rows of signed coins -> what is left of each and what is still owed.

    `pair` (rows,) any number that is one per account and asset; `weight` (rows,) 1 - h_location. A
    coin repays `weight` coins of debt, those of the heaviest weight first, ties in row order. A
    missing weight (NaN) makes a pair with a debt NaN.
    """
    if (pair[1:] > pair[:-1]).all():  # each row is a pair
        numbered, count = np.arange(len(pair)), len(pair)
    else:
        present, numbered = np.unique(pair, return_inverse=True)
        count = len(present)
    debt = np.bincount(numbered, weights=np.maximum(-amount, 0.0), minlength=count)
    held = np.maximum(amount, 0.0)
    left = held.copy()
    remaining = debt.copy()
    if np.any(debt > 0.0):
        for step in steps_by_weight(numbered, weight):
            own = numbered[step]
            with np.errstate(invalid="ignore", divide="ignore"):
                useful = np.where(held[step] == 0.0, 0.0, held[step] * weight[step])
                repaid = np.minimum(remaining[own], useful)
                used = np.where(repaid > 0.0, repaid / weight[step], 0.0)
                left[step] = np.where(
                    repaid == useful,
                    np.where(repaid > 0.0, 0.0, held[step]),
                    held[step] - used,
                )
            left[step] = np.where(np.isnan(repaid), np.nan, left[step])
            remaining[own] -= repaid
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(debt > 0.0, remaining / debt, 0.0)
    owed = np.where(amount < 0.0, -amount * share[numbered], 0.0)
    return Cover(pair=numbered, pairs_count=count, left=left, owed=owed)


def steps_by_weight(numbered: I8, weight: F8) -> tuple[I8, ...]:
    """Passes over the rows: pass n holds the n-th heaviest row of every pair, ties in row order."""
    if not len(numbered):
        return ()
    if (numbered[1:] > numbered[:-1]).all():
        return (np.arange(len(numbered)),)
    order = np.lexsort((-weight, numbered))
    sorted_pair = numbered[order]
    first = np.flatnonzero(np.diff(sorted_pair, prepend=-1))
    rank = np.arange(len(order)) - np.repeat(first, np.diff(np.append(first, len(order))))
    by_rank = np.argsort(rank, kind="stable")
    bounds = np.cumsum(np.bincount(rank))[:-1]
    return tuple(np.split(order[by_rank], bounds))
