"""The `[procyclicality]` table of a recipe: switches that wrap every requirement it has.

Source of the three tools: Commission Delegated Regulation (EU) 153/2013, Article 28(1).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from crossmargin.base.failure import Failure, Reason
from crossmargin.rulebook.grammar import read_rate
from crossmargin.rulebook.node import Clamp, Extreme, Node, Scale, Sum
from crossmargin.rulebook.rate import Combined, Number, Rate
from crossmargin.rulebook.recipe import Level

MakeNode: TypeAlias = Callable[[Any, str, str], Node | None]

RATE_KEYS = ("multiplier", "stress_weight", "buffer", "calm")
NODE_KEYS = ("stressed", "floor")
NEEDS = {"stress_weight": "stressed", "stressed": "stress_weight", "calm": "buffer"}


def with_procyclicality(
    levels: Sequence[Level], table: Any, where: str, make: MakeNode, failures: list[Failure]
) -> tuple[Level, ...]:
    """The levels with each requirement wrapped, in this order, by what the table has.

    `multiplier` times the requirement; `stress_weight` of it replaced by `stressed`; `buffer` of it
    on top, which is consumed while the requirement stands above `calm`; not below `floor`.
    `stressed` and `floor` are nodes, one for all levels or one by the name of each level.
    """
    if not isinstance(table, Mapping):
        failures.append(Failure(Reason.WRONG_TYPE, where, "is not a table"))
        return tuple(levels)
    before = len(failures)
    failures.extend(_misread(table, where))
    rates = {
        key: read_rate(table[key], f"{where}.{key}", failures) for key in RATE_KEYS if key in table
    }
    if len(failures) > before:
        return tuple(levels)
    names = [level.name for level in levels]
    nodes = {
        key: _by_level(table[key], names, f"{where}.{key}", f"procyclicality.{key}", make, failures)
        for key in NODE_KEYS
        if key in table
    }
    if len(failures) > before:
        return tuple(levels)
    return tuple(
        Level(
            name=level.name,
            equity=level.equity,
            requirement=_wrapped(
                level.requirement, rates, {key: own[level.name] for key, own in nodes.items()}
            ),
        )
        for level in levels
    )


def _misread(table: Mapping[str, Any], where: str) -> list[Failure]:
    """Unknown words, and words that mean nothing without another."""
    known = (*RATE_KEYS, *NODE_KEYS)
    found = [
        Failure(Reason.UNKNOWN_FIELD, f"{where}.{key}", f"there are {', '.join(known)}")
        for key in table
        if key not in known
    ]
    found += [
        Failure(Reason.MISSING_FIELD, f"{where}.{needed}", f"is needed beside {key}")
        for key, needed in NEEDS.items()
        if key in table and needed not in table
    ]
    for key, most in (("stress_weight", 1.0), ("buffer", 10.0)):
        written = table.get(key)
        if isinstance(written, int | float) and not 0.0 <= written <= most:
            text = f"{written} is not within 0 to {most:g}"
            found.append(Failure(Reason.OUT_OF_BOUNDS, f"{where}.{key}", text))
    return found


def _by_level(
    written: Any,
    levels: Sequence[str],
    where: str,
    name: str,
    make: MakeNode,
    failures: list[Failure],
) -> dict[str, Node]:
    """The node of each level: one for all, or one each."""
    if isinstance(written, Mapping) and set(written) == set(levels):
        made = {level: make(written[level], f"{where}.{level}", name) for level in levels}
    elif isinstance(written, Mapping) and set(written) & set(levels):
        missing = [level for level in levels if level not in written]
        text = f"is one node, or one for each level; {', '.join(missing)} has none"
        failures.append(Failure(Reason.MISSING_FIELD, where, text))
        return {}
    else:
        made = dict.fromkeys(levels, make(written, where, name))
    return {level: node for level, node in made.items() if node is not None}


def _wrapped(
    requirement: Node, rates: Mapping[str, Rate | None], nodes: Mapping[str, Node]
) -> Node:
    node = requirement
    multiplier, weight = rates.get("multiplier"), rates.get("stress_weight")
    buffer, calm = rates.get("buffer"), rates.get("calm")
    if multiplier is not None:
        node = Scale(name="procyclicality.multiplied", part=node, factor=multiplier)
    if weight is not None:
        node = Sum(
            name="procyclicality.weighted",
            parts=(
                Scale(name="procyclicality.present", part=node, factor=_one_less(weight)),
                Scale(name="procyclicality.stress", part=nodes["stressed"], factor=weight),
            ),
        )
    if buffer is not None:
        node = _buffered(node, buffer, calm)
    if "floor" in nodes:
        node = Extreme(name="procyclicality", parts=(node, nodes["floor"]), largest=True)
    return node


def _buffered(node: Node, buffer: Rate, calm: Rate | None) -> Node:
    """The requirement with its buffer; above `calm` the sum stays until the buffer is used up."""
    more = Combined(how="sum", rates=(Number(value=1.0), buffer))
    above = Scale(name="procyclicality.buffered", part=node, factor=more)
    if calm is None:
        return above
    most = Combined(how="product", rates=(calm, more))
    held = Clamp(name="procyclicality.consumed", part=above, low=None, high=most)
    return Extreme(name="procyclicality.buffer", parts=(node, held), largest=True)


def _one_less(weight: Rate) -> Rate:
    negative = Combined(how="product", rates=(Number(value=-1.0), weight))
    return Combined(how="sum", rates=(Number(value=1.0), negative))
