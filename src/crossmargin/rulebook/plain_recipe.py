"""Whether a recipe only adds an account's rows up; what an account needs then stays small."""

from functools import lru_cache

from crossmargin.rulebook.charge.cash import Cash
from crossmargin.rulebook.charge.expected_shortfall import ExpectedShortfall
from crossmargin.rulebook.charge.mark_value import MarkValue
from crossmargin.rulebook.charge.scan_loss import ScanLoss
from crossmargin.rulebook.charge.unrealised import Unrealised
from crossmargin.rulebook.charge.value_at_risk import ValueAtRisk
from crossmargin.rulebook.context import ACCOUNT
from crossmargin.rulebook.node import Leaf, Node, Per, children
from crossmargin.rulebook.recipe import Recipe


@lru_cache(maxsize=256)
def is_plain_recipe(recipe: Recipe) -> bool:
    """True when nothing is grouped below the account and no scan is shaped or reads coins."""
    return all(
        _is_plain(tree) for level in recipe.levels for tree in (level.equity, level.requirement)
    )


def _is_plain(node: Node) -> bool:
    if isinstance(node, Leaf):
        match node.charge:
            case Cash() | MarkValue() | Unrealised():
                return True
            case ScanLoss() | ValueAtRisk() | ExpectedShortfall():
                return all(
                    part.shape is None and part.by in (None, ACCOUNT) and not part.reads_balances
                    for part in node.charge.groups
                )
            case _:
                return False
    return not isinstance(node, Per) and all(_is_plain(child) for child in children(node))
