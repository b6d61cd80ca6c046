"""From a recipe, a book and a market to every level and standing of every account: the one path.

A single account is a batch of one. Live figures, what-ifs, back-tests and liquidation moves all
come through `assess`; nothing else evaluates a tree.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.columns import BookColumns
from crossmargin.rulebook.balance_grouping import groups_balances
from crossmargin.rulebook.batch import between, row_starts, with_order_rows
from crossmargin.rulebook.context import ACCOUNT, Context
from crossmargin.rulebook.cover import uncovered_reasons
from crossmargin.rulebook.evaluate import Answer, evaluate
from crossmargin.rulebook.missing import missing_reasons, unexplained_reasons
from crossmargin.rulebook.net_liquidation import net_liquidation_value
from crossmargin.rulebook.plain_recipe import is_plain_recipe
from crossmargin.rulebook.pool import of_settlement
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.root import root_ticks
from crossmargin.rulebook.run import PricedMarket, Run
from crossmargin.rulebook.standing import STANDINGS, Ladder, Standing, rung_reached

F8 = NDArray[np.float64]

ACCOUNTS_PER_BATCH = 16384
"""Accounts evaluated at a time: bounds memory whatever the number of accounts."""
PLAIN_BATCHES = 4
"""So many batches at once where a recipe only adds rows up, and an account needs little."""


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LevelColumns:
    """(accounts,) one level in whole ticks, rounded outward: equity down, requirement up; NaN
    unavailable.
    """

    name: str
    equity: F8
    requirement: F8

    @property
    def buffer(self) -> F8:
        """Equity less requirement, ticks."""
        return np.asarray(self.equity - self.requirement)


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarginColumns:
    """One recipe's answer for every account, in ticks of 2**tick_exponent of `reporting`.

    `standing` (accounts,) numbers `STANDINGS`. `reasons` says why a figure of an account is
    unavailable. `answers` holds each level's (equity, requirement) trees when they were asked for.
    """

    recipe: Recipe
    reporting: str
    tick_exponent: int
    account_ids: tuple[str, ...] | range
    levels: Mapping[str, LevelColumns]
    net_liquidation: F8
    standing: NDArray[np.int8]
    reasons: Mapping[int, tuple[str, ...]]
    answers: Mapping[str, tuple[Answer, Answer]]
    context: Context | None
    shown_unit: Fraction | None = None


def assess(
    recipe: Recipe,
    book: BookColumns,
    priced: PricedMarket,
    *,
    reporting: str | None = None,
    explain: bool = False,
    tick_exponent: int | None = None,
    settled_in: str | None = None,
) -> MarginColumns:
    """Every level and standing of every account of `book`, or of what settles in one asset.

    `reporting` is needed for a recipe that reports in settlement assets (see
    `silos.by_settlement`). `explain` keeps the answer trees, for one batch of accounts only.
    `tick_exponent` replaces the recipe's own tick: published vectors need one each.
    `InputRefused` for an incomplete recipe.
    """
    currency = reporting or recipe.terms.reporting
    own = recipe.terms.tick_exponent(currency) if tick_exponent is None else tick_exponent
    run = priced.run(recipe.terms, currency, own, book.universe)
    return assess_run(recipe, book, run, explain=explain, settled_in=settled_in)


def assess_run(
    recipe: Recipe, book: BookColumns, run: Run, *, explain: bool, settled_in: str | None = None
) -> MarginColumns:
    """As `assess`, over a run that is already set up."""
    count = book.accounts_count
    if explain and count > ACCOUNTS_PER_BATCH:
        raise ValueError(f"explain at most {ACCOUNTS_PER_BATCH} accounts at a time")
    columns = {
        level.name: LevelColumns(
            name=level.name, equity=np.empty(count), requirement=np.empty(count)
        )
        for level in recipe.levels
    }
    net_liquidation, standing = np.empty(count), np.empty(count, dtype=np.int8)
    reasons: dict[int, tuple[str, ...]] = {}
    answers: dict[str, tuple[Answer, Answer]] = {}
    context = None
    for context in batches(recipe, book, run, explain=explain, settled_in=settled_in):
        here = slice(context.first_account, context.first_account + context.accounts_count)
        roots: list[tuple[str, Answer]] = []
        for level in recipe.levels:
            equity = evaluate(level.equity, context, ACCOUNT)
            requirement = evaluate(level.requirement, context, ACCOUNT)
            columns[level.name].equity[here] = root_ticks(equity.outcome.amount, run, up=False)
            columns[level.name].requirement[here] = root_ticks(
                requirement.outcome.amount, run, up=True
            )
            if explain:
                answers[level.name] = (equity, requirement)
            roots.append((f"{level.name} equity", equity))
            roots.append((f"{level.name} requirement", requirement))
        for local, words in uncovered_reasons(context).items():
            account = local + context.first_account
            reasons[account] = words
            for own in columns.values():
                own.equity[account] = own.requirement[account] = np.nan
        net_liquidation[here] = net_liquidation_value(context)
        standing[here] = standings(
            recipe.ladder,
            {name: _part(own, here) for name, own in columns.items()},
            net_liquidation[here],
        )
        for account, words in missing_reasons(context).items():
            reasons[account] = (*reasons.get(account, ()), *words)
        reasons.update(unexplained_reasons(context, roots, reasons))
    return MarginColumns(
        recipe=recipe,
        reporting=run.reporting,
        tick_exponent=run.tick_exponent,
        account_ids=book.account_ids,
        levels=columns,
        net_liquidation=net_liquidation,
        standing=standing,
        reasons=reasons,
        answers=answers,
        context=context if explain else None,
    )


def _part(level: LevelColumns, here: slice) -> LevelColumns:
    return LevelColumns(
        name=level.name, equity=level.equity[here], requirement=level.requirement[here]
    )


def batches(
    recipe: Recipe, book: BookColumns, run: Run, *, explain: bool, settled_in: str | None = None
) -> Iterator[Context]:
    """The book's accounts, `ACCOUNTS_PER_BATCH` at a time, or a few times as many."""
    count = book.accounts_count
    grouped = groups_balances(recipe)
    at_once = ACCOUNTS_PER_BATCH * (PLAIN_BATCHES if is_plain_recipe(recipe) else 1)
    whole = settled_in is None and count > at_once
    starts = row_starts(book.positions, count) if whole else None
    for first in range(0, max(count, 1), at_once):
        last = min(first + at_once, count)
        part = between(book, first, last)
        if settled_in is not None:
            part = of_settlement(part, settled_in)
        positions = with_order_rows(part.positions, part.orders)
        own_starts = None
        if starts is not None and positions is part.positions:
            own_starts = starts[first : last + 1] - starts[first]
        yield Context(
            run=run,
            accounts_count=last - first,
            first_account=first,
            owner=part.owner,
            positions=positions,
            balances=part.balances,
            orders=part.orders,
            explain=explain,
            balances_grouped=grouped,
            account_names=book.account_ids,
            row_starts=own_starts,
            owner_names=book.owner_ids,
        )


def standings(
    ladder: Ladder, levels: Mapping[str, LevelColumns], net_liquidation: F8
) -> NDArray[np.int8]:
    """(accounts,) the last rung reached; UNAVAILABLE where any level that a rung looks at is
    unavailable.

    An account that is certainly bankrupt or liquidating is not hidden behind another level's
    missing figure.
    """
    standing = np.zeros(len(net_liquidation), dtype=np.int8)
    unknown = np.zeros(len(net_liquidation), dtype=np.bool_)
    nothing = np.zeros(len(net_liquidation))
    looked_at: set[str | None] = set()
    for rung in ladder.rungs:
        if rung.level is None:
            equity, requirement = net_liquidation, nothing
        else:
            equity, requirement = levels[rung.level].equity, levels[rung.level].requirement
        if rung.level not in looked_at:
            looked_at.add(rung.level)
            unknown |= np.isnan(equity + requirement)
        reached = rung_reached(rung, equity, requirement)
        np.copyto(standing, STANDINGS.index(rung.standing), where=reached, casting="unsafe")
    severe = STANDINGS.index(Standing.LIQUIDATING)
    standing[unknown & (standing < severe)] = STANDINGS.index(Standing.UNAVAILABLE)
    return standing
