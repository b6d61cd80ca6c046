"""Rulebooks whose currencies stand alone: each settlement asset of an account is a pocket of its
own.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.columns import BookColumns
from crossmargin.rulebook.assess import LevelColumns, MarginColumns, assess
from crossmargin.rulebook.pool import of_settlement
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket

F8 = NDArray[np.float64]

SETTLE = "settle"
SUMMARY_CURRENCY = "USD"
SUMMARY_UNIT = Fraction(1, 100)


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pockets:
    """A recipe's answer per pocket, and together in one currency.

    `summary` adds the pockets up at the index for display; its standing is that of the worst
    pocket, and `lowest_buffer` (accounts,) the lowest buffer of the liquidation level over the
    pockets, because no pocket helps another. For other recipes the one pocket is the summary
    itself.
    """

    pockets: tuple[MarginColumns, ...]
    summary: MarginColumns
    lowest_buffer: F8


def assess_pockets(
    recipe: Recipe, book: BookColumns, priced: PricedMarket, *, explain: bool = False
) -> Pockets:
    """As `assess`, for recipes that report in settlement assets too."""
    if recipe.terms.reporting != SETTLE:
        whole = assess(recipe, book, priced, explain=explain)
        lowest = whole.levels[recipe.liquidation_level].buffer
        return Pockets(pockets=(whole,), summary=whole, lowest_buffer=lowest)
    codes = dict.fromkeys(book.universe.assets[i] for i in _settlement_assets(book))
    pockets = tuple(
        assess(recipe, of_settlement(book, code), priced, reporting=code, explain=explain)
        for code in codes
    )
    return _together(recipe, book, priced, pockets)


def _settlement_assets(book: BookColumns) -> list[int]:
    settled = set(np.unique(book.universe.settle[book.positions.instrument]).tolist())
    ordered = set(np.unique(book.universe.settle[book.orders.instrument]).tolist())
    held = set(np.unique(book.balances.asset).tolist())
    return sorted(settled | ordered | held)


def _together(
    recipe: Recipe, book: BookColumns, priced: PricedMarket, pockets: tuple[MarginColumns, ...]
) -> Pockets:
    exponent = recipe.terms.tick_exponent(SUMMARY_CURRENCY)
    count = book.accounts_count
    rates = [_rate(book, priced, pocket, exponent) for pocket in pockets]
    levels = {
        level.name: LevelColumns(
            name=level.name,
            equity=_added(
                [
                    _worth(p.levels[level.name].equity, r)
                    for p, r in zip(pockets, rates, strict=True)
                ],
                count,
            ),
            requirement=_added(
                [
                    _worth(p.levels[level.name].requirement, r)
                    for p, r in zip(pockets, rates, strict=True)
                ],
                count,
            ),
        )
        for level in recipe.levels
    }
    buffers = [
        _worth(p.levels[recipe.liquidation_level].buffer, r)
        for p, r in zip(pockets, rates, strict=True)
    ]
    net = _added([_worth(p.net_liquidation, r) for p, r in zip(pockets, rates, strict=True)], count)
    reasons: dict[int, tuple[str, ...]] = {}
    for pocket in pockets:
        for account, words in pocket.reasons.items():
            reasons[account] = (*reasons.get(account, ()), *words)
    standing = np.zeros(count, dtype=np.int8)
    for pocket in pockets:
        standing = np.maximum(standing, pocket.standing)
    summary = MarginColumns(
        recipe=recipe,
        reporting=SUMMARY_CURRENCY,
        tick_exponent=exponent,
        account_ids=book.account_ids,
        levels=levels,
        net_liquidation=net,
        standing=standing,
        reasons=reasons,
        answers={},
        context=None,
        shown_unit=SUMMARY_UNIT,
    )
    lowest = np.min(np.stack(buffers), axis=0) if buffers else np.zeros(count)
    return Pockets(pockets=pockets, summary=summary, lowest_buffer=lowest)


def _rate(
    book: BookColumns, priced: PricedMarket, pocket: MarginColumns, exponent: int
) -> NDArray[np.float64]:
    """(accounts,) summary ticks per tick of the pocket; a copy of the universe has its own
    index.
    """
    rows = [i for i, code in enumerate(book.universe.assets) if code == pocket.reporting]
    index = priced.market.index[np.array(rows)] * 2.0 ** (pocket.tick_exponent - exponent)
    return index if len(rows) > 1 else np.full(book.accounts_count, index[0])


def _worth(ticks: F8, rate: F8) -> F8:
    return np.rint(np.where(ticks == 0.0, 0.0, ticks * rate))


def _added(columns: list[F8], count: int) -> F8:
    total = np.zeros(count)
    for column in columns:
        total += column
    return total
