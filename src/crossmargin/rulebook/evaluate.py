"""Walks a tree over a batch of accounts. The answer has the tree's shape; leaves do the reading."""

from dataclasses import dataclass, replace
from typing import assert_never, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels import tiered_rate
from crossmargin.netting.amount import times_field
from crossmargin.rulebook.amount import added_up, of_rows
from crossmargin.rulebook.charge.interface import Charge, Outcome, Parts
from crossmargin.rulebook.charge.tiered import group_brackets
from crossmargin.rulebook.charge.without_orders import without_orders
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.node import (
    Bracket,
    BySign,
    Clamp,
    Extreme,
    Leaf,
    Node,
    Per,
    RoundTo,
    Scale,
    Share,
    Sum,
)
from crossmargin.rulebook.rate import Rate
from crossmargin.rulebook.rate_value import rate_of
from crossmargin.rulebook.reduce import parent_groups
from crossmargin.rulebook.whole_share import whole_share

F8 = NDArray[np.float64]

DUST_TICKS = 2.0
DUST_PER_UNIT = 1024.0
"""What a round node takes for dust: so many ticks, and no more than this part of its unit."""


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """A node's answer in every group of its grouping.

    `outcome` as of a charge. `winner` (groups,) numbers the child that an extreme chose, else None.
    """

    node: Node
    at: str
    outcome: Outcome
    children: tuple["Answer", ...] = ()
    winner: NDArray[np.int64] | None = None


def evaluate(node: Node, context: Context, at: str) -> Answer:
    """The node's amounts, in ticks, for every group of the grouping called `at`.

    A node that several levels refer to is evaluated once per context; its answer keeps it alive, so
    its identity names it.
    """
    known: Answer | None = context.answers.get((id(node), at))
    if known is None:
        known = context.answers[id(node), at] = _evaluated(node, context, at)
    return known


def _evaluated(node: Node, context: Context, at: str) -> Answer:
    match node:
        case Leaf():
            return Answer(node=node, at=at, outcome=_inside(node, context, at))
        case Sum():
            return _sum(node, context, at)
        case Extreme():
            return _extreme(node, context, at)
        case Scale():
            below = evaluate(node.part, context, at)
            return _times(node, context, at, below, rate_of(node.factor, context, at))
        case BySign():
            below = evaluate(node.part, context, at)
            positive = rate_of(node.positive, context, at)
            negative = rate_of(node.negative, context, at)
            factor = np.where(below.outcome.amount > 0.0, positive, negative)
            return _times(node, context, at, below, factor)
        case Clamp():
            return _clamp(node, context, at)
        case RoundTo():
            return _round(node, context, at)
        case Share():
            return _share(node, context, at)
        case Bracket():
            return _bracket(node, context, at)
        case Per():
            return _per(node, context, at)
        case _:
            assert_never(node)


def _inside(leaf: Leaf, context: Context, at: str) -> Outcome:
    """The charge's answer; rows that belong to no group of `at` contribute nothing to any."""
    outcome = _charged(leaf, context, at)
    if outcome.parts is None:
        return outcome
    rows = context.groups(at).rows
    parts = Parts(
        positions=np.where(rows["positions"].row_group >= 0, outcome.parts.positions, 0.0),
        balances=np.where(rows["balances"].row_group >= 0, outcome.parts.balances, 0.0),
    )
    return replace(outcome, parts=parts)


def _charged(leaf: Leaf, context: Context, at: str) -> Outcome:
    """What equal charges answer, evaluated once: without orders, those that count none are."""
    charge = context.run.keep(
        ("charge", id(leaf), len(context.orders.account) > 0), lambda: _settled(leaf, context)
    )[1]
    known: Outcome | None = context.outcomes.get((id(charge), at))
    if known is None:
        known = context.outcomes[id(charge), at] = charge.evaluate(context, at)
    return known


def _settled(leaf: Leaf, context: Context) -> tuple[Leaf, Charge]:
    """The leaf, which keeps its identity from naming another, and the charge to evaluate for it."""
    charge: Charge = leaf.charge
    if not len(context.orders.account):
        charge = without_orders(charge)
    return leaf, context.run.keep(("equal charges", charge), lambda: charge)


def _sum(node: Sum, context: Context, at: str) -> Answer:
    below = tuple(evaluate(part, context, at) for part in node.parts)
    total = below[0].outcome.amount.copy()
    for answer in below[1:]:
        total += answer.outcome.amount
    parts = None
    if context.explain:
        parts = Parts(
            positions=_added([_parts(answer).positions for answer in below]),
            balances=_added([_parts(answer).balances for answer in below]),
        )
    return Answer(node=node, at=at, outcome=Outcome(amount=total, parts=parts), children=below)


def _extreme(node: Extreme, context: Context, at: str) -> Answer:
    below = tuple(evaluate(part, context, at) for part in node.parts)
    amounts = np.stack([answer.outcome.amount for answer in below])
    winner = (np.argmax if node.largest else np.argmin)(amounts, axis=0).astype(np.int64)
    chosen = np.take_along_axis(amounts, winner[None, :], axis=0)[0]
    missing = np.isnan(amounts).any(axis=0)
    parts = None
    if context.explain:
        parts = Parts(
            positions=_picked(
                [_parts(a).positions for a in below], winner, context, at, "positions"
            ),
            balances=_picked([_parts(a).balances for a in below], winner, context, at, "balances"),
        )
    outcome = Outcome(amount=np.where(missing, np.nan, chosen), parts=parts)
    return Answer(node=node, at=at, outcome=outcome, children=below, winner=winner)


def _times(node: Node, context: Context, at: str, below: Answer, factor: F8) -> Answer:
    parts = None
    if context.explain:
        inner = _parts(below)
        parts = Parts(
            positions=times_field(inner.positions, _spread(factor, context, at, "positions")),
            balances=times_field(inner.balances, _spread(factor, context, at, "balances")),
        )
    outcome = Outcome(amount=times_field(below.outcome.amount, factor), parts=parts)
    return Answer(node=node, at=at, outcome=outcome, children=(below,))


def _clamp(node: Clamp, context: Context, at: str) -> Answer:
    below = evaluate(node.part, context, at)
    amount = below.outcome.amount
    if node.low is not None:
        amount = np.maximum(amount, _in_ticks(node.low, context, at))
    if node.high is not None:
        amount = np.minimum(amount, _in_ticks(node.high, context, at))
    return _replaced(node, context, at, below, amount)


def _round(node: RoundTo, context: Context, at: str) -> Answer:
    """Ticks to multiples of the unit; what is a multiple but for the dust of ticks stays it.

    Half a tick of a unit that ticks cannot write, and half a tick of each rounding below, are no
    amount: an outward step for them would be a whole unit.
    """
    below = evaluate(node.part, context, at)
    unit = _in_ticks(node.unit, context, at)
    ticks = np.rint(below.outcome.amount)
    whole = ticks / unit
    nearest = np.rint(whole)
    dust = np.maximum(0.5, np.minimum(DUST_TICKS, unit / DUST_PER_UNIT))
    outward = np.ceil(whole) if node.up else np.floor(whole)
    amount = np.where(np.abs(nearest * unit - ticks) <= dust, nearest, outward) * unit
    return _replaced(node, context, at, below, amount)


def _share(node: Share, context: Context, at: str) -> Answer:
    """ValueError when the part is not in whole units: what a round node below would have made."""
    below = evaluate(node.part, context, at)
    unit = _in_ticks(node.unit, context, at)
    before = below.outcome.amount
    units = np.rint(before / unit)
    if np.any(np.abs(units * unit - before) > np.maximum(0.5, unit / DUST_PER_UNIT)):
        raise ValueError(f"{node.name}: its part is not in whole units")
    factor, out_of = rate_of(node.factor, context, at), rate_of(node.out_of, context, at)
    amount = np.where(units == 0.0, 0.0, whole_share(units, factor, out_of, up=node.up) * unit)
    return _replaced(node, context, at, below, amount)


def _bracket(node: Bracket, context: Context, at: str) -> Answer:
    """The part as a size in reporting units; what is not positive reaches no bracket."""
    below = evaluate(node.part, context, at)
    unit = 2.0**context.run.tick_exponent
    size = np.maximum(below.outcome.amount, 0.0)
    table, row = group_brackets(context, at, node.bounds, node.rates)
    known = ~np.isnan(row)
    label = np.where(known, row, 0.0).astype(np.int64)
    found = tiered_rate(size * unit, table.bound, table.rate, label, whole=False, bound_below=False)
    mean = np.where(known, found, np.nan)
    return _replaced(node, context, at, below, np.rint(times_field(size, mean)))


def _per(node: Per, context: Context, at: str) -> Answer:
    below = evaluate(node.part, context, node.grouping)
    parent = parent_groups(context, node.grouping, at)
    total = added_up(parent, below.outcome.amount, context.groups_count(at))
    outcome = Outcome(amount=total, parts=below.outcome.parts)
    return Answer(node=node, at=at, outcome=outcome, children=(below,))


def _replaced(node: Node, context: Context, at: str, below: Answer, amount: F8) -> Answer:
    """The part with its amounts replaced; rows share the new amount in proportion to the old."""
    before = below.outcome.amount
    parts = None
    if context.explain:
        with np.errstate(invalid="ignore", divide="ignore"):
            factor = np.where(before != 0.0, amount / before, 0.0)
        inner = _parts(below)
        parts = Parts(
            positions=times_field(inner.positions, _spread(factor, context, at, "positions")),
            balances=times_field(inner.balances, _spread(factor, context, at, "balances")),
        )
    return Answer(node=node, at=at, outcome=Outcome(amount=amount, parts=parts), children=(below,))


def _in_ticks(rate: Rate, context: Context, at: str) -> F8:
    return np.asarray(rate_of(rate, context, at) * 2.0**-context.run.tick_exponent)


def _parts(answer: Answer) -> Parts:
    parts = answer.outcome.parts
    if parts is None:
        raise AssertionError(f"{answer.node.name} did not say which rows its amount comes from")
    return parts


def _spread(per_group: F8, context: Context, at: str, block: str) -> F8:
    row_group = context.groups(at).rows[block].row_group
    return of_rows(per_group, row_group)


def _added(arrays: list[F8]) -> F8:
    total = arrays[0].copy()
    for array in arrays[1:]:
        total += array
    return total


def _picked(
    arrays: list[F8], winner: NDArray[np.int64], context: Context, at: str, block: str
) -> F8:
    row_group = context.groups(at).rows[block].row_group
    picked = np.zeros(len(row_group))
    for number, array in enumerate(arrays):
        picked += np.where(of_rows((winner == number) * 1.0, row_group) > 0.0, array, 0.0)
    return picked
