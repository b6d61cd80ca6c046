"""A tree as steps that add up to its root: what a waterfall draws."""

from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from typing import final

from crossmargin.base.exact import PRECISE
from crossmargin.rulebook.statement_types import NodeFigures

STEPS_SHOWN = 14
REST = "rest"
DUST_FRAC = Decimal("1e-6")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One bar: its amount in the root's unit; credits are negative."""

    name: str
    amount: Decimal
    driver: str | None


def waterfall(root: NodeFigures) -> tuple[Step, ...] | None:
    """Steps whose amounts add up to the root's exactly; None when the root is unavailable.

    A sum gives the steps of its parts, a max or min those of its winner, and a node that scales or
    floors spreads its own amount over the steps below in proportion. What is left over is
    the last step, `rest`. Beyond `STEPS_SHOWN` the smallest steps are gathered in it.
    """
    if root.amount is None:
        return None
    with localcontext(PRECISE):
        return _gathered(root, root.amount)


def _gathered(root: NodeFigures, amount: Decimal) -> tuple[Step, ...]:
    steps = [step for step in _steps(root) if step.amount]
    steps.sort(key=lambda step: -abs(step.amount))
    kept = steps if len(steps) <= STEPS_SHOWN else steps[: STEPS_SHOWN - 1]
    rest = amount - sum((step.amount for step in kept), start=Decimal(0))
    if kept and abs(rest) <= abs(amount) * DUST_FRAC:
        # Proportions of decimals do not end: what they miss by belongs to the largest step.
        kept[0] = replace(kept[0], amount=kept[0].amount + rest)
    elif rest:
        kept = [*kept, Step(name=REST, amount=rest, driver=None)]
    return tuple(kept)


def _steps(node: NodeFigures) -> list[Step]:
    amount = node.amount
    if amount is None or not node.children:
        return [] if amount is None else [_own_step(node, amount)]
    below = _merged([step for child in node.children if child.winner for step in _steps(child)])
    total = sum((step.amount for step in below), start=Decimal(0))
    if total == amount:
        return below
    if total == 0 or (total > 0) != (amount > 0):
        return [_own_step(node, amount)]
    if abs(amount - total) <= abs(amount) * DUST_FRAC:
        return below
    if node.operation == "sum":
        return [*below, Step(name=REST, amount=amount - total, driver=None)]
    return [
        Step(name=step.name, amount=_cents(step.amount * amount / total), driver=step.driver)
        for step in below
    ]


def _own_step(node: NodeFigures, amount: Decimal) -> Step:
    return Step(name=node.name, amount=amount, driver=node.driver)


def _merged(steps: list[Step]) -> list[Step]:
    """Steps of one name as one: the groups of a charge are in the tree, the waterfall shows the
    charge.
    """
    merged: dict[str, Step] = {}
    for step in steps:
        former = merged.get(step.name)
        if former is None:
            merged[step.name] = step
            continue
        driver = step.driver if abs(step.amount) > abs(former.amount) else former.driver
        total = former.amount + step.amount
        merged[step.name] = Step(name=step.name, amount=total, driver=driver)
    return list(merged.values())


def _cents(amount: Decimal) -> Decimal:
    """Eight significant digits: proportions are for the eye, the rest keeps the sum exact."""
    return amount if not amount else round(amount, 8 - amount.adjusted() - 1)
