"""The horizon of a recipe: how many days its requirements cover, and whether its calls fit in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

from crossmargin.base.failure import Failure, Reason
from crossmargin.rulebook.charge.horizon_shortfall import (
    HorizonShortfall,
    family_days,
    too_long_a_wait,
)
from crossmargin.rulebook.node import Extreme, Leaf, Node, children
from crossmargin.rulebook.rate import FromParameter, Number, Rate
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.terms import Terms


def horizon_days(recipe: Recipe) -> float | None:
    """The days that every requirement of the recipe covers; None where one measures no time.

    A charge over a scenario family covers the `horizon_days` of the family; one in which each leg
    has its own horizon covers at least the first family that is as long as its waiting. A node
    covers the longest time of its parts, since none of them can make it less; the smallest of
    several covers the shortest.
    """
    covered = [_covered(level.requirement, recipe.terms) for level in recipe.levels]
    known = [days for days in covered if days is not None]
    return min(known) if len(known) == len(covered) else None


def call_failures(recipe: Recipe) -> Iterator[Failure]:
    """A call that may be met later than the requirement covers: nobody covers the rest.

    A recipe that lacks a figure has no requirement yet: without a horizon nothing is said of it.
    """
    if recipe.call is None:
        return
    where = f"{recipe.name}.call"
    covered = horizon_days(recipe)
    if covered is None and recipe.terms.missing():
        return
    if covered is None:
        message = "no requirement covers a time: its scenarios have no horizon_days"
        yield Failure(Reason.CONTRADICTION, where, message)
    elif recipe.call.days > covered:
        message = (
            f"a call may be met {recipe.call.days:g} days after an account falls short; "
            f"the requirement covers {covered:g} days"
        )
        yield Failure(Reason.CONTRADICTION, where, message)
    for leaf in _by_leg(recipe):
        waiting = [_plain(rate, recipe.terms) for rate in leaf.charge.waiting]
        known = [days for days in waiting if days is not None]
        if len(known) == len(waiting) and sum(known) < recipe.call.days:
            message = (
                f"{leaf.name} waits {sum(known):g} days before it closes anything; "
                f"a call lasts {recipe.call.days:g}"
            )
            yield Failure(Reason.CONTRADICTION, where, message)


def wait_failures(recipe: Recipe) -> Iterator[Failure]:
    """A charge that waits longer than any of its families is long."""
    for leaf in _by_leg(recipe):
        days = [family_days(recipe.terms, name) for name in leaf.charge.scenarios]
        longest = max((each for each in days if each is not None), default=None)
        least = _least_wait(leaf.charge, recipe.terms)
        if longest is not None and not 0.0 <= least <= longest:
            yield too_long_a_wait(f"{recipe.name}.{leaf.name}", longest)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _ByLeg:
    """A leaf in which each leg has a horizon of its own."""

    name: str
    charge: HorizonShortfall


def _by_leg(recipe: Recipe) -> Iterator[_ByLeg]:
    """Each such leaf once, however many levels refer to it."""
    seen: set[int] = set()
    ahead = [level.requirement for level in recipe.levels]
    while ahead:
        node = ahead.pop()
        ahead += children(node)
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, Leaf) and isinstance(node.charge, HorizonShortfall):
            yield _ByLeg(name=node.name, charge=node.charge)


def _covered(node: Node, terms: Terms) -> float | None:
    if isinstance(node, Leaf):
        return _of_charge(node.charge, terms)
    parts = [_covered(child, terms) for child in children(node)]
    known = [days for days in parts if days is not None]
    if isinstance(node, Extreme) and not node.largest:
        return min(known) if len(known) == len(parts) else None
    return max(known, default=None)


def _of_charge(charge: Any, terms: Terms) -> float | None:
    families = getattr(charge, "scenarios", ())
    names = (families,) if isinstance(families, str) else families
    days = [family_days(terms, name) for name in names]
    if not days or None in days:
        return None
    known = sorted(each for each in days if each is not None)
    if not isinstance(charge, HorizonShortfall):
        return known[0]
    least = _least_wait(charge, terms)
    return next((each for each in known if each >= least), known[-1])


def _least_wait(charge: HorizonShortfall, terms: Terms) -> float:
    """Days that a charge certainly waits: what depends on the market counts nothing."""
    waiting = [_plain(rate, terms) for rate in charge.waiting]
    return sum(each for each in waiting if each is not None)


def _plain(rate: Rate, terms: Terms) -> float | None:
    if isinstance(rate, Number):
        return rate.value
    if isinstance(rate, FromParameter):
        parameter = terms.parameters.get(rate.name)
        value = None if parameter is None else parameter.value
        return float(value) if isinstance(value, int | float) else None
    return None
