"""The component tree of an account: each amount, its driver, the winning branch, its parts."""

from rich.text import Text
from rich.tree import Tree

from crossmargin.report.amount_text import printable, shown_amount
from crossmargin.report.nodes import nodes_named, part_lines
from crossmargin.rulebook.statement_types import AccountFigures, NodeFigures

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


def _grow(branch: Tree, node: NodeFigures, *, parts: bool) -> None:
    rivals = node.operation in _CHOOSING
    if not node.amount and node.amount is not None:
        return  # what is below a zero explains nothing
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
