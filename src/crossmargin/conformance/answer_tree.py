"""Where a figure stands in the engine's answer: the row of an account, the node of a tree."""

from crossmargin.rulebook.assess import MarginColumns
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.evaluate import Answer


def account_row(columns: MarginColumns, account: str) -> int:
    """The row of an account in the columns."""
    return [str(name) for name in columns.account_ids].index(account)


def answer_of(level: str, name: str, columns: MarginColumns) -> Answer:
    """The first answer of that name in the level's equity tree, then in its requirement tree."""
    todo = list(columns.answers[level])
    while todo:
        answer = todo.pop(0)
        if answer.node.name == name:
            return answer
        todo[:0] = answer.children
    raise KeyError(f"{level} of {columns.recipe.name} has no node called {name}")


def context_of(columns: MarginColumns) -> Context:
    """What the trees were evaluated in; ValueError where the columns were not asked to explain."""
    if columns.context is None:
        raise ValueError("the columns were not asked to explain")
    return columns.context
