"""`crossmargin explain`: the component tree of one account."""

from collections.abc import Sequence
from typing import Annotated, Any

from cyclopts import Parameter

from crossmargin import api
from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.cli.exit_status import figures_status
from crossmargin.cli.input_words import BookOption, Flag, MarketOption, RecipeOption, SetOption
from crossmargin.cli.inputs import assignments, book_and_market
from crossmargin.cli.printing import at_work, output_console, write_json
from crossmargin.report.nodes import node_names, nodes_named
from crossmargin.report.result import Result
from crossmargin.report.to_json import explained_values, node_values
from crossmargin.report.totals import silos
from crossmargin.rulebook.statement_types import AccountFigures

NAMES_LISTED = 20


def explain(
    account: str,
    /,
    *,
    book: BookOption,
    market: MarketOption,
    part: Annotated[str | None, Parameter(alias="-p")] = None,
    recipe: RecipeOption = None,
    set: SetOption = (),  # noqa: A002 - the word of the command line
    json: Flag = False,
) -> int:
    """Why: the component tree of one account, with drivers and parts.

    Exits with 4 when a figure of the account is unavailable.

    Parameters
    ----------
    account
        The account's id.
    book
        A book in JSON, or - for standard input.
    market
        A market in JSON, or - for standard input.
    part
        Only the nodes of this name, with what is below them.
    recipe
        One rulebook for all accounts, instead of the account's own.
    set
        A parameter of the recipe, as name=value; may be given several times.
    json
        Exact figures as JSON instead of trees.
    """
    wanted = assignments(set)
    sources = book_and_market(book, market)
    with at_work("Reading, pricing and adding up"):
        result = api.margin(sources[0], sources[1], recipe, wanted)
    rows = _rows_of(result, account)
    known = [name for row in rows for name in node_names(row)]
    if part is not None and part not in known:
        message = f"the trees of {account} have no such node; they have {_listed(known)}"
        raise InputRefused([Failure(Reason.UNKNOWN_FIELD, f"--part {part}", message)])
    if json:
        write_json([_values(row, part) for row in rows])
    else:
        _print(rows, result, part)
    return figures_status(rows)


def _rows_of(result: Result, account: str) -> tuple[AccountFigures, ...]:
    """The account's row, or its rows: a rulebook may keep each settlement asset apart."""
    rows = tuple(row for row in silos(result.statement) if row.account_id == account)
    if not rows:
        known = _listed([row.account_id for row in silos(result.statement)])
        message = f"the book has no such account; it has {known}"
        raise InputRefused([Failure(Reason.UNKNOWN_ACCOUNT, account, message)])
    return rows


def _listed(names: Sequence[str]) -> str:
    distinct = list(dict.fromkeys(names))
    rest = len(distinct) - NAMES_LISTED
    return ", ".join(distinct[:NAMES_LISTED]) + (f" and {rest} more" if rest > 0 else "")


def _values(row: AccountFigures, part: str | None) -> dict[str, Any]:
    if part is None:
        return explained_values(row)
    return {
        "id": row.account_id,
        "recipe": row.recipe,
        "reporting": row.reporting,
        "nodes": [
            {"level": level, "side": side, **node_values(node)}
            for level, pair in row.trees.items()
            for side, root in zip(("equity", "requirement"), pair, strict=True)
            for node in nodes_named(root, part)
        ],
    }


def _print(rows: tuple[AccountFigures, ...], result: Result, part: str | None) -> None:
    from crossmargin.report.heatmap import heatmap_view  # noqa: PLC0415 - loads rich
    from crossmargin.report.tables import accounts_table  # noqa: PLC0415
    from crossmargin.report.tree import account_tree  # noqa: PLC0415

    console = output_console()
    if part is None:
        console.print(accounts_table(rows, "Levels"))
        console.print()
    for row in rows:
        console.print(account_tree(row, part))
    if part is None:
        for heatmap in result.heatmaps:
            if heatmap.account_id == rows[0].account_id:
                console.print(heatmap_view(heatmap))
