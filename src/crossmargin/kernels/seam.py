"""The kernels as everybody calls them: the chosen backend behind one set of names."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels.backend import chosen
from crossmargin.kernels.grouped import BlockGroups
from crossmargin.kernels.resident import ResidentBook
from crossmargin.kernels.row_set import RowSet
from crossmargin.kernels.shaped import ShapedPart

Float = NDArray[np.float64]
Index = NDArray[np.int64]
Flags = NDArray[np.bool_]


def black_prices(
    forward: Float,
    strike: Float,
    log_moneyness: Float,
    deviation: Float,
    is_call: Flags,
    out: Float | None = None,
) -> Float:
    """(rows, scenarios) float64, price in the forward's currency per unit, undiscounted.

    All arguments broadcast to (rows, scenarios). `log_moneyness` is ln(forward/strike), which the
    caller may add up from hoisted parts (`log_fixed`); `deviation` is vol·sqrt(years) >= 0.
    The price lies between max(±(forward - strike), 0) and forward (call) or strike (put), and is
    exactly the lower bound at deviation 0. Relative error below 1e-10 down to 1e-8 of
    max(forward, strike), absolute error below 4 ulp of it under that. NaN stays NaN.

    Raises
    ------
    ValueError
        A negative forward, strike or deviation (`out` then holds nothing usable), or an `out` of
        another shape or type.
    """
    prices: Float = chosen().black_prices(forward, strike, log_moneyness, deviation, is_call, out)
    return prices


def black_greeks(
    forward: Float,
    strike: Float,
    log_moneyness: Float,
    deviation: Float,
    years: Float,
    is_call: Flags,
) -> tuple[Float, Float, Float, Float]:
    """(rows, scenarios) float64 each: delta, gamma, vega per 1.00 of vol, theta per year.

    Of the undiscounted price: delta and gamma are its first and second derivative by the forward
    (gamma per unit of forward), vega by the vol, theta by the passing of time at a constant
    forward (never positive). `years` >= 0 is the time that `deviation` contains.

    Limits: deviation 0 gives delta 1 or 0 (call), 0 or -1 (put), one half or minus one half at
    forward = strike, and 0 for the others; there gamma is inf, and theta is -inf when `years` is 0
    as well. Forward 0 gives delta 0 (call) or -1 (put) and 0 for the others. NaN stays NaN.

    Raises
    ------
    ValueError
        A negative forward, strike, deviation or time.
    """
    greeks: tuple[Float, Float, Float, Float] = chosen().black_greeks(
        forward, strike, log_moneyness, deviation, years, is_call
    )
    return greeks


def net_ticks(
    change_ticks: Float,
    listing_index: Index,
    contracts: Float,
    indptr: Index,
    out: Float | None = None,
) -> Float:
    """(groups, scenarios) float64 whole ticks: per group the sum of rint(contracts * change).

    `change_ticks` (listings, scenarios), `listing_index` and `contracts` (rows,), `indptr`
    (groups + 1,): group g has the rows indptr[g]:indptr[g+1]. Gain positive. A group without rows
    is zero. Raises `NotFinite`, or `TickOverflow` where absolute ticks add up to 2**53; `out` then
    holds nothing usable.
    """
    ticks: Float = chosen().net_ticks(change_ticks, listing_index, contracts, indptr, out)
    return ticks


def net_worst_tail(
    change_ticks: Float,
    listing_index: Index,
    contracts: Float,
    indptr: Index,
    tail_count: int,
    *,
    tail_fraction: float = 0.0,
    more: Sequence[RowSet] = (),
) -> tuple[Float, Index, Float]:
    """(groups,) worst ticks, (groups,) worst scenario, (groups,) sum of the lowest ticks: the tail.

    Same figures as `net_ticks` reduced over its last axis, without ever holding groups x scenarios.
    The worst scenario is the lowest index among equals. The tail is the `tail_count` lowest
    scenarios and `tail_fraction` of the next one. A loss is negative. `more` are further rows of
    the same groups: `listing_index`, `contracts` and `indptr` each.
    """
    worst: tuple[Float, Index, Float] = chosen().net_worst_tail(
        change_ticks,
        listing_index,
        contracts,
        indptr,
        tail_count,
        tail_fraction=tail_fraction,
        more=more,
    )
    return worst


def net_shaped_worst(
    change_ticks: Float, value_ticks: Float, parts: Sequence[ShapedPart], loss_weight: Float
) -> tuple[Float, Index]:
    """(outer groups,) lowest weighted ticks, and (outer groups,) the lowest scenario that has them.

    `change_ticks` (listings, scenarios), `value_ticks` (listings,), `loss_weight` (scenarios,).
    Every part is netted as `net_ticks` does, shaped step by step and rounded after each, and added
    up to the outer groups; the parts are added, then weighed. Raises as `net_ticks` does.
    """
    worst: tuple[Float, Index] = chosen().net_shaped_worst(
        change_ticks, value_ticks, parts, loss_weight
    )
    return worst


def net_and_gross(
    figure_ticks: Float, listing_index: Index, contracts: Float, indptr: Index
) -> tuple[Float, Float]:
    """(groups,) whole ticks each: the sums of rint(contracts * figure) and of their sizes.

    `figure_ticks` (listings,) per contract, not yet rounded; rows as for `net_ticks`. Raises
    `NotFinite`, or `TickOverflow` where the sizes of a group add up to 2**53.
    """
    amounts: tuple[Float, Float] = chosen().net_and_gross(
        figure_ticks, listing_index, contracts, indptr
    )
    return amounts


def grouped_rows(
    blocks: Sequence[tuple[Index, Index]], key: Index
) -> tuple[Index, Index, tuple[BlockGroups, ...]]:
    """(groups,) account, (groups,) key, sorted by both, and the rows of each block by group.

    A block is `account` (rows,) and `label` (rows,), the place of each row in `key` (labels,). A
    row whose key is -1 is in no group. ValueError for an account or a key that is negative
    otherwise, and where both do not fit into 64 bits.
    """
    groups: tuple[Index, Index, tuple[BlockGroups, ...]] = chosen().grouped_rows(blocks, key)
    return groups


def net_ranked(
    change_ticks: Float, listing_index: Index, contracts: Float, indptr: Index, rank: int
) -> tuple[Float, Index]:
    """(groups,) whole ticks of the scenario of `rank` from the lowest, and (groups,) its index.

    `rank` counts from 1; among equal scenarios the lower index has the lower rank. Arguments and
    errors are those of `net_ticks`; a group without rows has zero ticks in scenario `rank - 1`.
    """
    ranked: tuple[Float, Index] = chosen().net_ranked(
        change_ticks, listing_index, contracts, indptr, rank
    )
    return ranked


def gross_bound_ticks(
    change_ticks: Float, listing_index: Index, contracts: Float, indptr: Index
) -> Float:
    """(groups,) whole ticks that absolute ticks add up to at most; NaN or inf where not finite."""
    bound: Float = chosen().gross_bound_ticks(change_ticks, listing_index, contracts, indptr)
    return bound


def repeated_row(listing_index: Index, indptr: Index, listings_count: int) -> int:
    """Number of the first row whose listing an earlier row of its group has, -1 for none.

    `listing_index` (rows,), `indptr` (groups + 1,). Raises ValueError for a listing outside
    0:listings_count.
    """
    row: int = chosen().repeated_row(listing_index, indptr, listings_count)
    return row


def tiered_rate(
    size: Float, bound: Float, rate: Float, label: Index, *, whole: bool, bound_below: bool
) -> Float:
    """(groups,) float64 charge per unit of `size` (groups,) under the brackets of its `label`.

    `bound` (labels, tiers - 1) ascending from 0, `rate` (labels, tiers) as fractions, `label`
    (groups,) rows of both. Marginal: the mean rate of the slices up to `size`, or that of the first
    tier where `size` is not above 0. `whole`: the rate of the tier that `size` reaches, at a bound
    the one above it, or below it with `bound_below`. A missing rate (NaN) only harms who reaches
    its tier; a size that is missing has no rate. Raises ValueError for arrays that do not fit
    together and for a label outside the brackets.
    """
    rates: Float = chosen().tiered_rate(
        size, bound, rate, label, whole=whole, bound_below=bound_below
    )
    return rates


def resident_book(
    change_ticks: Float,
    listing_index: Index,
    contracts: Float,
    indptr: Index,
    group_account: Index,
    tail_count: int,
    *,
    tail_fraction: float = 0.0,
) -> ResidentBook:
    """A book that stays in memory: rows as for `net_ticks`, `group_account` (groups,) accounts.

    Holds 8 bytes per scenario for every group and for every account. It copies what it is given.
    """
    book: ResidentBook = chosen().ResidentBook(
        change_ticks, listing_index, contracts, indptr, group_account, tail_count, tail_fraction
    )
    return book
