"""Our figures beside what venues report, and the component that a difference lies in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import final

import numpy as np

from crossmargin.domain.book import Book
from crossmargin.domain.columns import BookColumns
from crossmargin.rulebook.account_figures import account_figures
from crossmargin.rulebook.fields import instrument_field
from crossmargin.rulebook.pocket import SETTLE, assess_pockets
from crossmargin.rulebook.pool import chosen
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket, Run, reporting_rows
from crossmargin.rulebook.statement import by_recipe
from crossmargin.rulebook.statement_types import AccountFigures, NodeFigures, ReportedFigure

SCENARIO_ROOM = 1024.0
"""How many times its notional a position's ticks may come to and stay exact: liquidation moves look
at a reporting currency of a hundredth of its price.
"""

TICK_EXPONENT_LEAST = -50


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """One figure that a venue reports of an account, in the rulebook's reporting currency.

    `component` names the node of our tree in which a difference outside the tolerance lies: the one
    whose amount is the difference (`explained`), else the largest, where to look first. None where
    they agree or one is missing.
    """

    account_id: str
    venue: str
    recipe: str
    currency: str
    figure: str
    ours: Decimal | None
    reported: Decimal
    difference: Decimal | None
    within: bool | None
    component: str | None
    explained: bool


def reconcile(
    book: Book,
    columns: BookColumns,
    priced: PricedMarket,
    recipes: Mapping[str, Recipe],
    *,
    betas: Mapping[str, float] | None = None,
) -> tuple[Reconciled, ...]:
    """Every reported figure of every account, in the book's order; `betas` as of `account_figures`.

    Computed in the finest ticks that hold the accounts, without the rulebook's own rounding, so
    that a venue's last digits can be compared.
    """
    found: dict[int, tuple[Reconciled, ...]] = {}
    for recipe, numbers in by_recipe(columns, recipes):
        reporting = [n for n in numbers if str(columns.account_ids[n]) in book.reports]
        if not reporting:
            continue
        own = chosen(columns, reporting)
        exact = unrounded(recipe, own, priced)
        pockets = assess_pockets(exact, own, priced, explain=True)
        for place, number in enumerate(reporting):
            figures = account_figures(book, own, priced, pockets, place, betas=betas, reported=True)
            found[number] = tuple(_rows(figures))
    return tuple(row for number in sorted(found) for row in found[number])


def unrounded(recipe: Recipe, book: BookColumns, priced: PricedMarket) -> Recipe:
    """The recipe in the finest ticks that hold these accounts, its roots not rounded.

    A recipe that reports in settlement assets keeps its ticks: they are fine already.
    """
    terms = recipe.terms
    if terms.reporting == SETTLE:
        return recipe
    run = Run(
        terms=terms,
        priced=priced,
        reporting=terms.reporting,
        reporting_row=reporting_rows(book.universe, terms.reporting),
        tick_exponent=terms.tick_exponent(terms.reporting),
    )
    notional = np.abs(instrument_field(run, "notional")[book.positions.instrument])
    held = np.nansum(notional * np.abs(book.positions.contracts))
    coins = np.nansum(np.abs(book.balances.amount) * run.asset_rate()[book.balances.asset])
    largest = SCENARIO_ROOM * max(float(held + coins), 1.0)
    exponent = max(int(np.ceil(np.log2(largest))) - 52, TICK_EXPONENT_LEAST)
    finest = min(exponent, terms.tick_exponent(terms.reporting))
    fine = replace(terms, tick_exponents={"*": finest}, rounding_unit=None)
    return replace(recipe, terms=fine)


def _rows(figures: AccountFigures) -> Iterator[Reconciled]:
    for reported in figures.reported:
        component, explained = None, False
        if reported.within is False and reported.difference is not None:
            component, explained = component_of(figures, reported)
        yield Reconciled(
            account_id=figures.account_id,
            venue=figures.venue,
            recipe=figures.recipe,
            currency=figures.reporting,
            figure=reported.name,
            ours=reported.ours,
            reported=reported.reported,
            difference=reported.difference,
            within=reported.within,
            component=component,
            explained=explained,
        )


def component_of(figures: AccountFigures, reported: ReportedFigure) -> tuple[str | None, bool]:
    """The node in which a difference lies, and whether its amount is the difference.

    What we count and the venue does not has the difference as its amount.
    """
    tree = _tree(figures, reported.name)
    difference = reported.difference
    if tree is None or difference is None:
        return None, False
    below = [node for node in _nodes(tree) if node.amount and not node.children]
    for node in below:
        if node.amount is not None and abs(node.amount - difference) <= reported.tolerance:
            return node.name, len(below) > 1
    largest = max(below, key=lambda node: abs(node.amount or Decimal(0)), default=None)
    return (None if largest is None else largest.name), False


def _tree(figures: AccountFigures, name: str) -> NodeFigures | None:
    """The tree that a reported figure is the root of."""
    if name in figures.trees:
        return figures.trees[name][1]
    trees = figures.trees.get(figures.liquidation_level)
    if trees is None:
        return None
    return trees[0] if name == "equity" else trees[1] if name == "utilisation" else None


def _nodes(node: NodeFigures) -> Iterator[NodeFigures]:
    yield node
    for child in node.children:
        yield from _nodes(child)


def worst_status(rows: Sequence[Reconciled]) -> bool | None:
    """False when a figure disagrees, else None when one cannot be compared, else True."""
    known = [row.within for row in rows]
    return False if False in known else None if None in known else True
