"""One book in four modes side by side: isolated, cross, portfolio, and hybrid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.domain.account import MarginMode
from crossmargin.domain.book import Book
from crossmargin.domain.columns import BookColumns
from crossmargin.rulebook.comparison import compared
from crossmargin.rulebook.figures import unit_of
from crossmargin.rulebook.liquidation_move import liquidation_moves
from crossmargin.rulebook.pocket import Pockets, assess_pockets
from crossmargin.rulebook.pool import chosen, pooled
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket


@final
class PoolScope(StrEnum):
    """What is one pool where accounts are margined together: a top account with everything below
    it, or all accounts of one owner, which is an economic view wherever venues differ.
    """

    ACCOUNT = "account"
    OWNER = "owner"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ModeRecipes:
    """The rulebooks that the modes are shown under."""

    isolated: Recipe
    cross: Recipe
    portfolio: Recipe


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NearestLiquidation:
    """The smallest move that liquidates an account or pool; `asset` None is all coins together."""

    account_id: str
    asset: str | None
    move: float
    price: float | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLoss:
    """The most that one account or pool can lose its owner: what it is worth, never less than 0."""

    account_id: str
    amount: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ModeFigures:
    """The whole book in one mode, sums over its accounts and pools in the reporting currency.

    `requirement` has the levels that all its rulebooks have. `buffer` and `locked` (net liquidation
    value less buffer) are at each rulebook's liquidation level, `shortfall` is the sum of negative
    buffers as a positive number. A figure that some account lacks is None, and `reason` names it.
    """

    mode: str
    recipes: tuple[str, ...]
    reporting: str
    accounts_count: int
    requirement: Mapping[str, Decimal | None]
    buffer: Decimal | None
    locked: Decimal | None
    shortfall: Decimal | None
    nearest: NearestLiquidation | None
    nearest_reason: str | None
    worst_loss: AccountLoss | None
    reason: str | None


def book_in_modes(
    book: Book,
    columns: BookColumns,
    priced: PricedMarket,
    recipes: ModeRecipes,
    scope: PoolScope,
    betas: Mapping[str, float],
) -> tuple[ModeFigures, ...]:
    """The same holdings as: every account alone; pooled under the cross rulebook; pooled under the
    portfolio rulebook; and hybrid, where isolated buckets stay alone beside the portfolio pools.

    Only the hybrid heeds which accounts are isolated: the others show what the book would be.
    `InputRefused` where the two rulebooks of the hybrid report in different currencies.
    """
    everything = pools_of(book, columns, scope, skip_isolated=False)
    outside = pools_of(book, columns, scope, skip_isolated=True)
    buckets = [
        number
        for number, account_id in enumerate(columns.account_ids)
        if book.accounts[str(account_id)].mode is MarginMode.ISOLATED
    ]
    parts: dict[str, list[tuple[Recipe, BookColumns]]] = {
        "isolated": [(recipes.isolated, columns)],
        "cross": [(recipes.cross, everything)],
        "portfolio": [(recipes.portfolio, everything)],
        "hybrid": [(recipes.portfolio, outside), (recipes.isolated, chosen(columns, buckets))],
    }
    return tuple(
        _figures(mode, [part for part in own if part[1].accounts_count] or own[:1], priced, betas)
        for mode, own in parts.items()
    )


def pools_of(
    book: Book, columns: BookColumns, scope: PoolScope, *, skip_isolated: bool
) -> BookColumns:
    """The book with its accounts pooled by `scope`, in the order of their first members;
    `skip_isolated` leaves isolated buckets out.
    """
    number_of: dict[str, int] = {}
    pool = np.full(columns.accounts_count, -1, dtype=np.int64)
    for number, account_id in enumerate(columns.account_ids):
        account = book.accounts[str(account_id)]
        if skip_isolated and account.mode is MarginMode.ISOLATED:
            continue
        name = account.entity_id
        if scope is PoolScope.ACCOUNT:
            name = top_account(book, account.account_id)
        pool[number] = number_of.setdefault(name, len(number_of))
    return pooled(columns, pool, list(number_of))


def top_account(book: Book, account_id: str) -> str:
    """The account at the top of the tree that an account is in."""
    parent = book.accounts[account_id].parent_id
    return account_id if parent is None else top_account(book, parent)


def kept_worth(net_liquidation: NDArray[np.float64]) -> NDArray[np.float64]:
    """(accounts,) what is left to the owner of each account or pool: none asks for more than it
    holds.
    """
    return np.maximum(net_liquidation, 0.0)


def _figures(
    mode: str,
    parts: Sequence[tuple[Recipe, BookColumns]],
    priced: PricedMarket,
    betas: Mapping[str, float],
) -> ModeFigures:
    found = [assess_pockets(recipe, columns, priced) for recipe, columns in parts]
    rows = [compared(each) for each in found]
    currencies = sorted({row["reporting"] for row in rows})
    if len(currencies) > 1:
        message = f"the rulebooks of the {mode} view report in {' and '.join(currencies)}"
        raise InputRefused([Failure(Reason.CONTRADICTION, f"modes.{mode}", message)])
    shared = [
        level for level in rows[0]["requirement"] if all(level in r["requirement"] for r in rows)
    ]
    nearest, nearest_reason = _nearest(parts, priced, betas)
    reasons = [row["reason"] for row in rows if row["reason"] is not None]
    return ModeFigures(
        mode=mode,
        recipes=tuple(recipe.name for recipe, _ in parts),
        reporting=currencies[0],
        accounts_count=sum(columns.accounts_count for _, columns in parts),
        requirement={level: _sum([r["requirement"][level] for r in rows]) for level in shared},
        buffer=_sum([row["buffer"] for row in rows]),
        locked=_sum([row["locked"] for row in rows]),
        shortfall=_sum([None if row["buffer"] is None else row["shortfall"] for row in rows]),
        nearest=nearest,
        nearest_reason=nearest_reason,
        worst_loss=_worst_loss(found),
        reason="; ".join(reasons) or None,
    )


def _nearest(
    parts: Sequence[tuple[Recipe, BookColumns]], priced: PricedMarket, betas: Mapping[str, float]
) -> tuple[NearestLiquidation | None, str | None]:
    """The nearest over all accounts, or why there is none: one that cannot be told hides all."""
    best: NearestLiquidation | None = None
    for recipe, columns in parts:
        for place in range(columns.accounts_count):
            for crossing in liquidation_moves(recipe, columns, priced, place, betas):
                if crossing.reason == "missing_mark":
                    return None, f"unavailable for {columns.account_ids[place]}"
                if crossing.move is None or (best and abs(crossing.move) >= abs(best.move)):
                    continue
                best = NearestLiquidation(
                    account_id=str(columns.account_ids[place]),
                    asset=crossing.asset,
                    move=crossing.move,
                    price=crossing.price,
                )
    return best, None if best is not None else "not_reachable"


def _worst_loss(found: Sequence[Pockets]) -> AccountLoss | None:
    worst: AccountLoss | None = None
    for pockets in found:
        summary = pockets.summary
        unit = unit_of(summary)
        for place, ticks in enumerate(kept_worth(summary.net_liquidation)):
            amount = unit.amount(float(ticks))
            if amount is None:
                return None
            if worst is None or amount > worst.amount:
                worst = AccountLoss(account_id=str(summary.account_ids[place]), amount=amount)
    return worst


def _sum(amounts: Sequence[Decimal | None]) -> Decimal | None:
    """None where any is unavailable."""
    total = Decimal(0)
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total
