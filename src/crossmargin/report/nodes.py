"""The nodes of a component tree: found by name, and their parts as lines."""

from collections.abc import Iterator
from decimal import Decimal

from crossmargin.report.amount_text import printable, shown_amount
from crossmargin.rulebook.statement_types import AccountFigures, NodeFigures

PARTS_SHOWN = 6


def nodes_named(node: NodeFigures, name: str | None) -> Iterator[NodeFigures]:
    """The node itself without a name, else every node of that name, outermost first."""
    if name is None or node.name == name:
        yield node
        return
    for child in node.children:
        yield from nodes_named(child, name)


def node_names(row: AccountFigures) -> tuple[str, ...]:
    """Every name in an account's trees, in order of appearance: what `part` may be."""
    roots = (node for pair in row.trees.values() for node in pair)
    return tuple(dict.fromkeys(name for root in roots for name in _names(root)))


def _names(node: NodeFigures) -> Iterator[str]:
    yield node.name
    for child in node.children:
        yield from _names(child)


def part_lines(node: NodeFigures) -> list[str]:
    """The largest parts first, the others as one sum, so that what is shown adds up."""
    ordered = sorted(
        (part for part in node.parts if part.amount), key=lambda p: (-abs(p.amount), p.holding)
    )
    lines = [f"{printable(p.holding)} {shown_amount(p.amount)}" for p in ordered[:PARTS_SHOWN]]
    rest = ordered[PARTS_SHOWN:]
    if rest:
        others = sum((part.amount for part in rest), start=Decimal(0))
        lines.append(f"{len(rest)} more {shown_amount(others)}")
    return lines
