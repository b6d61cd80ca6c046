"""One account's figures from the columns of its recipe: levels, trees, liquidation moves, venue's
figures.
"""

from collections.abc import Mapping

import numpy as np

from crossmargin.domain.book import Book
from crossmargin.domain.columns import BookColumns
from crossmargin.risk.attribution import largest_remainder
from crossmargin.rulebook.figures import account_trees, level_figures, unit_of
from crossmargin.rulebook.liquidation_move import liquidation_moves
from crossmargin.rulebook.pocket import Pockets
from crossmargin.rulebook.reported import reported_figures
from crossmargin.rulebook.run import PricedMarket
from crossmargin.rulebook.standing import STANDINGS
from crossmargin.rulebook.statement_types import AccountFigures, Crossing, NodeFigures, Part


def account_figures(
    book: Book,
    columns: BookColumns,
    priced: PricedMarket,
    found: Pockets,
    account: int,
    *,
    betas: Mapping[str, float] | None,
    reported: bool,
) -> AccountFigures:
    """Figures of one row of `columns`, which may be a pool. `betas` asks for liquidation moves."""
    summary = found.summary
    account_id = str(columns.account_ids[account])
    known = book.accounts.get(account_id)
    levels = tuple(level_figures(summary, level, account) for level in summary.levels.values())
    moves: tuple[Crossing, ...] = ()
    if betas is not None:
        moves = liquidation_moves(summary.recipe, columns, priced, account, betas)
    report = book.reports.get(account_id)
    return AccountFigures(
        account_id=account_id,
        venue="" if known is None else known.venue,
        entity_id="" if known is None else known.entity_id,
        recipe=summary.recipe.name,
        reporting=summary.reporting,
        levels=levels,
        liquidation_level=summary.recipe.liquidation_level,
        net_liquidation_value=unit_of(summary).amount(float(summary.net_liquidation[account])),
        standing=STANDINGS[int(summary.standing[account])],
        reasons=summary.reasons.get(account, ()),
        trees=_trees(found, account),
        liquidation=moves,
        reported=()
        if report is None or not reported
        else reported_figures(report, levels, summary.reporting, priced, moves),
    )


def _trees(found: Pockets, account: int) -> Mapping[str, tuple[NodeFigures, NodeFigures]]:
    """The account's trees; with several pockets, a root over one tree per currency."""
    if len(found.pockets) == 1 and found.pockets[0] is found.summary:
        return account_trees(found.summary, account)
    per_pocket = [(pocket.reporting, account_trees(pocket, account)) for pocket in found.pockets]
    trees = {}
    for name, level in found.summary.levels.items():
        equity = [float(own[name].equity[account]) for own in found.worth]
        requirement = [float(own[name].requirement[account]) for own in found.worth]
        held = [(code, own[name]) for code, own in per_pocket if name in own]
        equities = [(code, tree) for code, (tree, _) in held]
        requirements = [(code, tree) for code, (_, tree) in held]
        trees[name] = (
            _root(found, float(level.equity[account]), equity, equities),
            _root(found, float(level.requirement[account]), requirement, requirements),
        )
    return trees


def _root(
    found: Pockets, ticks: float, worth: list[float], pockets: list[tuple[str, NodeFigures]]
) -> NodeFigures:
    """A root in the summary's currency over one tree per pocket; its parts are the pockets."""
    unit = unit_of(found.summary)
    amount = unit.amount(ticks)
    children = tuple(
        NodeFigures(
            name=code,
            operation="pocket",
            group=code,
            amount=tree.amount,
            driver=None,
            winner=True,
            parts=tree.parts,
            children=(tree,),
        )
        for code, tree in pockets
        if tree.amount != 0
    )
    parts: tuple[Part, ...] = ()
    if amount is not None:
        whole = largest_remainder(np.array(worth) / float(unit.per_unit), float(unit.whole(ticks)))
        parts = tuple(
            Part(holding=pocket.reporting, amount=unit.decimal(int(units)))
            for pocket, units in zip(found.pockets, whole, strict=True)
            if units != 0
        )
    return NodeFigures(
        name="pockets",
        operation="sum at index",
        group=None,
        amount=amount,
        driver=None,
        winner=True,
        parts=parts,
        children=children,
    )
