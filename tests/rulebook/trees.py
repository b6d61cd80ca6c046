"""What must hold of every tree that explains a figure."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from crossmargin.rulebook.statement_types import AccountFigures, NodeFigures


def nodes(tree: NodeFigures) -> Iterator[NodeFigures]:
    yield tree
    for child in tree.children:
        yield from nodes(child)


def node(found: AccountFigures, name: str, level: str = "maintenance") -> NodeFigures:
    """The first node of that name in the level's equity or requirement tree."""
    for tree in found.trees[level]:
        for each in nodes(tree):
            if each.name == name:
                return each
    raise KeyError(name)


def parts(tree: NodeFigures) -> dict[str, Decimal]:
    added: dict[str, Decimal] = {}
    for part in tree.parts:
        added[part.holding] = added.get(part.holding, Decimal(0)) + part.amount
    return added


def check_parts(found: AccountFigures) -> int:
    """Every node's parts add up to its amount, to the last digit; how many nodes were looked at."""
    count = 0
    for equity, requirement in found.trees.values():
        for tree in (equity, requirement):
            for each in nodes(tree):
                count += 1
                if each.amount is None:
                    assert each.parts == (), each
                    continue
                # Decimals of more than 28 digits are rounded when they are added; fractions never.
                added = sum((Fraction(part.amount) for part in each.parts), Fraction(0))
                assert added == Fraction(each.amount), (found.account_id, each.name, each.amount)
    for level in found.levels:
        equity, requirement = found.trees[level.name]
        assert equity.amount == level.equity
        assert requirement.amount == level.requirement
    return count
