"""Positions as sensitivities to risk factors: netted, with the numbers that say what offsets."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.netting.amount import net, times_field
from crossmargin.risk.sensitivity import Factors, Silos, silos
from crossmargin.rulebook.amount import added_up, of_rows
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.row_ticks import tick_sum
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.pair_table import pair_table
from crossmargin.rulebook.rate import Number, Rate
from crossmargin.rulebook.rate_value import rate_of
from crossmargin.rulebook.reduce import CASH_FIELDS, parent_groups, row_values
from crossmargin.rulebook.selection import Selection

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

LISTING = "listing"
WHAT = "sensitivities"
ONE_SILO = Number(value=0.0)
"""Where all may offset each other."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Offsets:
    """What may offset what: numbers of the factors' silo, bucket and kind, and correlations by
    pairs of kinds and of buckets ("$parameter").
    """

    silo: Rate
    bucket: Rate
    kind: Rate
    inside: str
    between: str


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RiskFactors:
    """`sensitivity` (factors,) whole ticks, the groups of `by`; `own` (listings,) before netting.

    `parent` (listings,) is the factor of each listing, -1 for none; `x` (rows,) what was read.
    """

    by: str
    x: F8
    own: F8
    parent: I8
    sensitivity: F8


def risk_factors(
    context: Context, of: str, by: str, unit: Rate, selection: Selection | None
) -> RiskFactors:
    """Contracts x field x unit, rounded to ticks once per listing and netted in groups of `by`."""
    x = row_values(context, of, selection)
    scale = 1.0 if of in CASH_FIELDS else 2.0**-context.run.tick_exponent
    held = net(context.groups(LISTING).rows["positions"], x)
    own = np.rint(times_field(held, rate_of(unit, context, LISTING) * scale))
    parent = parent_groups(context, LISTING, by)
    total = tick_sum(parent, own, context.groups_count(by), WHAT)
    return RiskFactors(by=by, x=x, own=own, parent=parent, sensitivity=total)


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Offset:
    """The silos of a set of factors; `used` are the factors in the order of the silos' shares."""

    silos: Silos
    used: I8
    lost: NDArray[np.bool_]


def offset(
    context: Context,
    at: str,
    by: str,
    weighted: F8,
    crowding: F8,
    offsets: Offsets,
    *,
    squared: bool = False,
) -> Offset:
    """The amounts of silos inside each group of `at`. `lost` (groups of `at`,) lack a figure.

    With `squared` both correlations are squared, as between products of moves.
    """
    owner = parent_groups(context, by, at)
    numbers = [rate_of(rate, context, by) for rate in (offsets.silo, offsets.bucket, offsets.kind)]
    known = ~np.isnan([weighted, crowding, *numbers]).any(axis=0)
    lost = np.zeros(context.groups_count(at), dtype=np.bool_)
    lost[owner[~known & (weighted != 0.0) & (owner >= 0)]] = True
    used = np.flatnonzero(known & (weighted != 0.0) & (owner >= 0))
    used = used[np.lexsort((numbers[1][used], numbers[0][used], owner[used]))]
    buckets, bucket_row = np.unique(numbers[1][used], return_inverse=True)
    kinds, kind_row = np.unique(numbers[2][used], return_inverse=True)
    power = 2 if squared else 1
    found = silos(
        Factors(
            weighted=weighted[used],
            crowding=crowding[used],
            owner=owner[used],
            silo=numbers[0][used],
            bucket=bucket_row.astype(np.int64),
            kind=kind_row.astype(np.int64),
        ),
        pair_table(context.run, offsets.inside, kinds) ** power,
        pair_table(context.run, offsets.between, buckets) ** power,
    )
    return Offset(silos=found, used=used, lost=lost)


def charged(
    context: Context, at: str, factors: RiskFactors, found: Offset, amount: F8, share: F8
) -> Outcome:
    """`amount` (silos,) added up and rounded once per group of `at`; `share` (used factors,) says
    which factor pays how much of it.
    """
    total = added_up(found.silos.owner, amount, context.groups_count(at))
    rounded = np.where(found.lost, np.nan, np.rint(total))
    parts = None
    if context.explain:
        with np.errstate(invalid="ignore", divide="ignore"):
            nearest = np.where(total != 0.0, rounded / total, 0.0)
            paid = np.zeros(len(factors.sensitivity))
            paid[found.used] = share * nearest[found.silos.owner[found.silos.of_factor]]
            per_factor = np.where(factors.sensitivity != 0.0, paid / factors.sensitivity, 0.0)
            held = net(context.groups(LISTING).rows["positions"], factors.x)
            per_listing = np.where(
                held != 0.0, of_rows(per_factor, factors.parent) * factors.own / held, 0.0
            )
        row_group = context.groups(LISTING).rows["positions"].row_group
        positions = np.where(factors.x != 0.0, factors.x * of_rows(per_listing, row_group), 0.0)
        empty = np.zeros(len(context.block("balances").account))
        parts = Parts(positions=positions, balances=empty)
    return Outcome(amount=rounded, parts=parts)
