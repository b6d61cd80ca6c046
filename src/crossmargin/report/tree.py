"""The component tree of an account: each amount, its driver, the winning branch, its parts."""

from collections.abc import Iterator
from decimal import Decimal

from rich.text import Text
from rich.tree import Tree

from crossmargin.report.amount_text import printable, shown_amount
from crossmargin.rulebook.statement_types import AccountFigures, NodeFigures

PARTS_SHOWN = 6

_CHOOSING = {"max", "min"}


def account_tree(row: AccountFigures, part: str | None = None, *, parts: bool = True) -> Tree:
    """Every level's two trees, or only the nodes named `part` with what is below them."""
    title = Text(printable(row.account_id), style="bold")
    title.append(f"  {printable(row.recipe)}, in {printable(row.reporting)}", style="dim")
    root = Tree(title, guide_style="dim")
    for level, (equity, requirement) in row.trees.items():
        for side, node in (("equity", equity), ("requirement", requirement)):
            for chosen in nodes_named(node, part):
                label = Text(f"{printable(level)} {side}: ", style="bold")
                label.append_text(_label(chosen, among_rivals=False))
                _grow(root.add(label), chosen, parts=parts)
    return root


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


def _grow(branch: Tree, node: NodeFigures, *, parts: bool) -> None:
    rivals = node.operation in _CHOOSING
    for child in node.children:
        _grow(branch.add(_label(child, among_rivals=rivals)), child, parts=parts)
    if parts and not node.children:
        for line in part_lines(node):
            branch.add(Text(line, style="dim"))


def _label(node: NodeFigures, *, among_rivals: bool) -> Text:
    text = Text()
    if among_rivals:
        text.append("> " if node.winner else "  ", style="bold green")
    text.append(printable(node.name), style="bold" if node.winner or not among_rivals else "dim")
    if node.group is not None:
        text.append(f" [{printable(node.group)}]")
    text.append(f" {shown_amount(node.amount)}", style="cyan")
    if node.operation != node.name:
        text.append(f"  {printable(node.operation)}", style="dim")
    if node.driver is not None:
        text.append(f"  <- {printable(node.driver)}")
    if among_rivals and node.winner:
        text.append("  wins", style="bold green")
    return text


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
