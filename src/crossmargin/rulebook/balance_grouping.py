"""Whether a recipe adds balances up below the account; only then do its groupings hold balance
rows.
"""

from functools import lru_cache

from crossmargin.rulebook.charge.balance_exposure import BalanceExposure
from crossmargin.rulebook.charge.cash import Cash
from crossmargin.rulebook.charge.collateral import Collateral
from crossmargin.rulebook.charge.expected_shortfall import ExpectedShortfall
from crossmargin.rulebook.charge.scan_loss import ScanLoss
from crossmargin.rulebook.charge.value_at_risk import ValueAtRisk
from crossmargin.rulebook.context import ACCOUNT
from crossmargin.rulebook.node import Leaf, Node, Per, children
from crossmargin.rulebook.recipe import Recipe


@lru_cache(maxsize=256)
def groups_balances(recipe: Recipe) -> bool:
    """True when some charge of the recipe reads balances in groups finer than the account."""
    trees = (tree for level in recipe.levels for tree in (level.equity, level.requirement))
    return any(_below_account(tree, ACCOUNT) for tree in trees)


def _below_account(node: Node, at: str) -> bool:
    if isinstance(node, Leaf):
        match node.charge:
            case BalanceExposure():
                return True
            case Cash() | Collateral():
                return at != ACCOUNT
            case ScanLoss() | ValueAtRisk() | ExpectedShortfall():
                return any(
                    part.reads_balances and (part.by or at) != ACCOUNT
                    for part in node.charge.groups
                )
            case _:
                return False
    inner = node.grouping if isinstance(node, Per) else at
    return any(_below_account(child, inner) for child in children(node))
