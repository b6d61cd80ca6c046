"""Margin in transition: what a step limit on existing risk leaves for later, account by account."""

from dataclasses import dataclass, replace
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.columns import BookColumns
from crossmargin.risk.procyclicality import staged_requirement
from crossmargin.rulebook.assess import assess
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket

F8 = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Transition:
    """(accounts,) reporting units: what is asked for, and the unlimited figure it is part of."""

    required: F8
    unlimited: F8

    @property
    def in_transition(self) -> F8:
        """(accounts,) what is still to come; 0 or more."""
        return np.asarray(self.unlimited - self.required)


def margin_in_transition(
    recipe: Recipe,
    book: BookColumns,
    book_before: BookColumns,
    required_before: F8,
    priced: PricedMarket,
    *,
    level: str,
    limit_frac: float,
) -> Transition:
    """The requirement of `level` with existing risk staged by `limit_frac` a step.

    `required_before` (accounts,) is what was asked for at the step before. Existing risk is the
    positions that both books hold: of each the smaller part where both are on one side. ValueError
    where the books differ in accounts or instruments.
    """
    if book.universe is not book_before.universe or (
        tuple(book.account_ids) != tuple(book_before.account_ids)
    ):
        raise ValueError("both books must hold the same accounts over the same universe")
    unlimited = _required(recipe, book, priced, level)
    existing = _required(recipe, _still_held(book, book_before), priced, level)
    required = staged_requirement(unlimited, existing, required_before, limit_frac)
    return Transition(required=required, unlimited=unlimited)


def _required(recipe: Recipe, book: BookColumns, priced: PricedMarket, level: str) -> F8:
    found = assess(recipe, book, priced)
    return np.asarray(found.levels[level].requirement * 2.0**found.tick_exponent)


def _still_held(book: BookColumns, before: BookColumns) -> BookColumns:
    """Today's book with each position cut to what was held before; orders are new risk."""
    width = book.universe.instruments_count
    p, q = book.positions, before.positions
    then = dict(zip((q.account * width + q.instrument).tolist(), q.contracts, strict=True))
    held = np.array(
        [then.get(key, 0.0) for key in (p.account * width + p.instrument).tolist()],
        dtype=np.float64,
    )
    same_side = np.sign(held) == np.sign(p.contracts)
    kept = np.where(same_side, np.sign(held) * np.minimum(np.abs(held), np.abs(p.contracts)), 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(p.contracts != 0.0, kept / p.contracts, 0.0)
    none = slice(0, 0)
    o = book.orders
    return replace(
        book,
        positions=replace(p, contracts=kept, cost=p.cost * share, funding=p.funding * share),
        orders=replace(
            o,
            account=o.account[none],
            instrument=o.instrument[none],
            side=o.side[none],
            contracts=o.contracts[none],
            limit_price=o.limit_price[none],
            kind=o.kind[none],
        ),
    )
