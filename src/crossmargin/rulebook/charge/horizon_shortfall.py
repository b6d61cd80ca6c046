"""Expected shortfall in which each leg is scanned over the time that closing it takes."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.kernels import net_ticks
from crossmargin.netting.amount import times_field
from crossmargin.risk.impact import close_out_days
from crossmargin.risk.measure import (
    Tail,
    expected_shortfall,
    tail_at_level,
    tail_scenarios,
    tail_weights,
)
from crossmargin.rulebook.amount import Amount, group_amount
from crossmargin.rulebook.charge.interface import Outcome, Parts
from crossmargin.rulebook.charge.scan import require_equal_probability
from crossmargin.rulebook.context import Context, rows_by_group
from crossmargin.rulebook.group_field import group_field
from crossmargin.rulebook.market_totals import UNDERLYING
from crossmargin.rulebook.rate import Rate
from crossmargin.rulebook.rate_value import rate_of
from crossmargin.rulebook.reduce import row_values
from crossmargin.rulebook.run import Run
from crossmargin.rulebook.terms import Terms

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]

OF = "delta_cash"
HORIZON = "horizon_days"
DUST_FRAC = 2.0**-40
"""What adding days in float64 may come out too long by, relative: no part of a day."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonShortfall:
    """max(0, mean loss of the worst 1 - level of the days), every leg over its own horizon.

    The horizon of an underlying is detection + notice + cure + size / (participation x adv): `adv`
    in dollars a day, size the |net delta| held. Its legs move as in the first of `scenarios` that
    is as long; the families are of one kind, from short to long, and scenario k of each ends on one
    day. A horizon longer than all of them, or unknown, makes the figure unavailable. Positions
    only.
    """

    scenarios: tuple[str, ...]
    level: float
    detection_days: Rate
    notice_days: Rate
    cure_days: Rate
    adv: Rate
    participation: Rate

    def evaluate(self, context: Context, at: str) -> Outcome:
        """Ticks >= 0 per group, not whole: a mean."""
        run, held = context.run, context.block("positions")
        stack = run.keep(("horizons", self.scenarios), lambda: _stacked(run, self.scenarios))
        place = self._family(context, stack)
        width = run.universe.instruments_count
        known = place < len(stack.days)
        row = np.where(known, place, 0) * width + held.instrument
        groups = context.groups(at)
        row_group = groups.rows["positions"].row_group
        lost = (held.contracts != 0.0) & (row_group >= 0)
        lost &= ~known | stack.missing[row] | np.isnan(held.contracts)
        unavailable = np.zeros(len(groups.account), dtype=np.bool_)
        unavailable[row_group[lost]] = True
        rows = rows_by_group(at, np.where(lost, -1, row_group), groups.account, groups.key)
        ticks = net_ticks(stack.change, row[rows.order], held.contracts[rows.order], rows.indptr)
        tail = tail_at_level(self.level, ticks.shape[1])
        loss, driver = expected_shortfall(ticks, tail)
        loss = np.maximum(loss, 0.0)
        driver = np.where(unavailable | (loss <= 0.0), -1, driver)
        parts = None
        if context.explain:
            own = np.where(lost, 0.0, held.contracts)
            parts = _parts(context, stack, tail, (row, own, row_group), ticks, driver)
        return Outcome(
            amount=np.where(unavailable, np.nan, loss),
            driver=driver,
            driver_names=tuple(f"{tail.name}: each leg to {end}" for end in stack.ends),
            parts=parts,
        )

    def _family(self, context: Context, stack: "_Stack") -> I8:
        """(positions,) the family that each leg moves in; how many there are where none will do."""
        rows = context.groups(UNDERLYING).rows["positions"]
        size = group_amount(Amount.ABS_NET, row_values(context, OF, None), rows)
        size = size * 2.0**context.run.tick_exponent
        dollars = times_field(size, group_field(context, UNDERLYING, "reporting_index"))
        waiting = sum(
            (rate_of(each, context, UNDERLYING) for each in self.waiting),
            start=np.zeros(rows.groups_count),
        )
        if (waiting < 0.0).any() or (waiting > stack.days[-1]).any():
            where = f"recipe {context.run.terms.name}, horizon_shortfall"
            raise InputRefused([too_long_a_wait(where, float(stack.days[-1]))])
        days = waiting + close_out_days(
            dollars,
            rate_of(self.adv, context, UNDERLYING),
            rate_of(self.participation, context, UNDERLYING),
        )
        found = np.searchsorted(stack.days, days * (1.0 - DUST_FRAC), side="left")
        found = np.where(np.isnan(days), len(stack.days), found).astype(np.int64)
        group = rows.row_group
        return np.where(group >= 0, found[group], len(stack.days)).astype(np.int64)

    @property
    def waiting(self) -> tuple[Rate, Rate, Rate]:
        """What passes before anything is closed: detection, notice and cure, in days."""
        return (self.detection_days, self.notice_days, self.cure_days)


def too_long_a_wait(where: str, longest_days: float) -> Failure:
    """The waiting of a charge that none of its families is long enough for."""
    message = (
        "detection, notice and cure together are negative, or longer than the longest "
        f"horizon of {longest_days:g} days"
    )
    return Failure(Reason.CONTRADICTION, where, message)


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Stack:
    """F families behind each other: `change` (F x instruments, days) in ticks per contract, `days`
    (F,) their horizons, `ends` what day each scenario ends on.
    """

    change: F8
    missing: NDArray[np.bool_]
    days: F8
    ends: tuple[str, ...]


def _stacked(run: Run, families: tuple[str, ...]) -> _Stack:
    scans = [run.scan(family) for family in families]
    for scan in scans:
        require_equal_probability(scan.scenarios)
    days = np.array([family_days(run.terms, family) for family in families], dtype=np.float64)
    ends = [
        tuple(label.partition(" d to ")[2][:10] for label in scan.scenarios.labels)
        for scan in scans
    ]
    fault = None
    if not len(days) or not (np.isfinite(days).all() and (np.diff(days) > 0.0).all()):
        fault = "families go from a shorter horizon to a longer one, and there is at least one"
    elif any(own != ends[0] for own in ends) or not all(ends[0]):
        fault = "scenarios of one place in the families do not end on one day"
    if fault is not None:
        where = f"recipe {run.terms.name}, horizon_shortfall.scenarios"
        raise InputRefused([Failure(Reason.CONTRADICTION, where, fault)])
    return _Stack(
        change=np.concatenate([scan.change for scan in scans]),
        missing=np.concatenate([scan.missing for scan in scans]),
        days=days,
        ends=ends[0],
    )


def family_days(terms: Terms, family: str) -> float | None:
    """The horizon that the table of a scenario family states; None where it has none."""
    written = terms.scenarios.get(family, {}).get(HORIZON)
    if isinstance(written, str):
        parameter = terms.parameters.get(written.removeprefix("$"))
        written = None if parameter is None else parameter.value
    return float(written) if isinstance(written, int | float) else None


def _parts(
    context: Context, stack: _Stack, tail: Tail, held: tuple[I8, F8, I8], ticks: F8, driver: I8
) -> Parts:
    """What each row loses over its group's tail."""
    row, contracts, group = held
    own = np.zeros(len(row))
    paying = (group >= 0) & (driver >= 0)[np.maximum(group, 0)]
    chosen = tail_scenarios(ticks, tail)
    for rank, weight in enumerate(tail_weights(tail)):
        change = stack.change[row, chosen[np.maximum(group, 0), rank]]
        own -= np.where(paying, np.rint(contracts * change), 0.0) * (weight / tail.weight)
    return Parts(positions=own, balances=np.zeros(len(context.block("balances").account)))
