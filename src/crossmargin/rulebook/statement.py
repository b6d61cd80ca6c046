"""The statement: four views of one book that must not be mixed, and what is lost with whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import final

import numpy as np

from crossmargin.domain.account import MarginMode, NettingOpinion
from crossmargin.domain.book import Book
from crossmargin.domain.columns import BookColumns
from crossmargin.rulebook.account_figures import account_figures
from crossmargin.rulebook.loss_of_place import losses
from crossmargin.rulebook.pocket import Pockets, assess_pockets
from crossmargin.rulebook.pool import chosen, pooled
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket
from crossmargin.rulebook.statement_types import AccountFigures, Column, Statement


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StatementInputs:
    """Everything a statement is made of. `venue_recipes` maps an account to its venue's
    rulebook.
    """

    book: Book
    columns: BookColumns
    priced: PricedMarket
    venue_recipes: Mapping[str, Recipe]
    house: Recipe
    inputs_hash: str
    assumed: tuple[tuple[str, str], ...]
    betas: Mapping[str, float]


def build_statement(
    inputs: StatementInputs, *, explain: bool = True, liquidation: bool = True
) -> Statement:
    """All four columns. `explain` keeps trees and `liquidation` searches moves, both for single
    accounts.
    """
    venue = venue_column(inputs, explain=explain, liquidation=liquidation)
    silo = house_column(inputs, explain=explain)
    enforceable = pooled_column(
        inputs,
        "house_enforceable",
        "house model, pooled inside enforceable netting sets",
        enforceable_pools(inputs.book, inputs.columns),
        explain=explain,
    )
    everything = pooled_column(
        inputs,
        "house_everything",
        "house model, pooled over everything: economic view, not available as collateral",
        np.zeros(inputs.columns.accounts_count, dtype=np.int64),
        explain=False,
    )
    columns = (venue, silo, enforceable, everything)
    return Statement(
        as_of_ns=inputs.priced.market.as_of_ns,
        inputs_hash=inputs.inputs_hash,
        tick=f"2^{inputs.house.terms.tick_exponent('USD')} USD",
        reporting="USD",
        columns=columns,
        model_difference=_difference(venue, silo),
        enforceable_benefit=_difference(silo, enforceable),
        aspirational_benefit=_difference(enforceable, everything),
        losses=losses(inputs.book, inputs.columns, inputs.priced, inputs.venue_recipes),
        assumed=inputs.assumed,
    )


def by_recipe(
    columns: BookColumns, recipes: Mapping[str, Recipe]
) -> Sequence[tuple[Recipe, list[int]]]:
    """Accounts gathered by their rulebook, in the book's order; accounts without one are left
    out.
    """
    gathered: dict[str, tuple[Recipe, list[int]]] = {}
    for number, account_id in enumerate(columns.account_ids):
        recipe = recipes.get(str(account_id))
        if recipe is not None:
            gathered.setdefault(recipe.name, (recipe, []))[1].append(number)
    return list(gathered.values())


def venue_column(inputs: StatementInputs, *, explain: bool, liquidation: bool) -> Column:
    """(i) Each venue's rulebook on its own silo."""
    rows: dict[int, AccountFigures] = {}
    for recipe, numbers in by_recipe(inputs.columns, inputs.venue_recipes):
        own = chosen(inputs.columns, numbers)
        found = assess_pockets(recipe, own, inputs.priced, explain=explain)
        for place, number in enumerate(numbers):
            rows[number] = account_figures(
                inputs.book,
                own,
                inputs.priced,
                found,
                place,
                betas=inputs.betas if liquidation else None,
                reported=True,
            )
    ordered = tuple(rows[number] for number in sorted(rows))
    return column_of("venue", "each venue's rulebook on its own silo", ordered)


def house_column(inputs: StatementInputs, *, explain: bool) -> Column:
    """(ii) The house model on each silo."""
    found = assess_pockets(inputs.house, inputs.columns, inputs.priced, explain=explain)
    rows = _rows(inputs, inputs.columns, found)
    return column_of("house_silo", "the house model on each silo", rows)


def pooled_column(
    inputs: StatementInputs, name: str, label: str, pool: np.ndarray, *, explain: bool
) -> Column:
    """The house model with accounts pooled; `pool` (accounts,) numbers pools from 0."""
    members = [np.flatnonzero(pool == number) for number in range(int(pool.max(initial=-1)) + 1)]
    ids = [_pool_id(inputs, own) for own in members]
    book = pooled(inputs.columns, pool, ids)
    found = assess_pockets(inputs.house, book, inputs.priced, explain=explain)
    return column_of(name, label, _rows(inputs, book, found))


def enforceable_pools(book: Book, columns: BookColumns) -> np.ndarray:
    """(accounts,) pools: members of a set with a legal opinion together, everybody else alone.

    An isolated bucket is always alone.
    """
    pool = np.full(columns.accounts_count, -1, dtype=np.int64)
    of_set: dict[str, int] = {}
    count = 0
    for number, account_id in enumerate(columns.account_ids):
        account = book.accounts[str(account_id)]
        agreed = book.netting_sets.get(account.netting_set_id or "")
        joins = (
            agreed is not None
            and agreed.close_out_netting_opinion is NettingOpinion.YES
            and account.mode is MarginMode.CROSS
        )
        if joins and agreed is not None and agreed.netting_set_id in of_set:
            pool[number] = of_set[agreed.netting_set_id]
            continue
        pool[number] = count
        if joins and agreed is not None:
            of_set[agreed.netting_set_id] = count
        count += 1
    return pool


def column_of(name: str, label: str, rows: tuple[AccountFigures, ...]) -> Column:
    """Totals of a column: what its rulebook ties up, its shortfalls, and who is nearest to
    falling.
    """
    locked: Decimal | None = Decimal(0)
    shortfall: Decimal | None = Decimal(0)
    nearest: tuple[Decimal, str] | None = None
    for row in rows:
        level = next(level for level in row.levels if level.name == row.liquidation_level)
        if level.buffer is None or row.net_liquidation_value is None:
            locked = shortfall = None
            continue
        if locked is not None and shortfall is not None:
            locked += row.net_liquidation_value - level.buffer
            shortfall += max(Decimal(0), -level.buffer)
        idle = level.requirement == 0 and level.equity == 0
        relative = _relative_buffer(level.buffer, level.equity)
        if not idle and (nearest is None or relative < nearest[0]):
            nearest = (relative, row.account_id)
    return Column(
        name=name,
        label=label,
        rows=rows,
        locked=locked,
        shortfall=shortfall,
        nearest=None if nearest is None else nearest[1],
    )


def _relative_buffer(buffer: Decimal, equity: Decimal | None) -> Decimal:
    return buffer / equity if equity is not None and equity > 0 else min(buffer, Decimal(0)) - 1


def _difference(first: Column, second: Column) -> Decimal | None:
    if first.locked is None or second.locked is None or len(first.rows) == 0:
        return None
    return first.locked - second.locked


def _rows(inputs: StatementInputs, book: BookColumns, found: Pockets) -> tuple[AccountFigures, ...]:
    return tuple(
        account_figures(inputs.book, book, inputs.priced, found, place, betas=None, reported=False)
        for place in range(book.accounts_count)
    )


def _pool_id(inputs: StatementInputs, members: np.ndarray) -> str:
    ids = [str(inputs.columns.account_ids[number]) for number in members]
    if len(ids) == 1:
        return ids[0]
    sets = {inputs.book.accounts[own].netting_set_id for own in ids}
    only = sets.pop() if len(sets) == 1 else None
    return only if only is not None else "everything"
