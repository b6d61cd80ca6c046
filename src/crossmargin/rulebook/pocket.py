"""Rulebooks whose currencies stand alone: each settlement asset of an account is a pocket of its
own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.columns import BookColumns
from crossmargin.rulebook.assess import LevelColumns, MarginColumns, assess
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket
from crossmargin.rulebook.standing import STANDINGS, Standing

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
    pockets, because no pocket helps another. `worth` holds each pocket's levels in the summary's
    ticks. For other recipes the one pocket is the summary itself.
    """

    pockets: tuple[MarginColumns, ...]
    summary: MarginColumns
    lowest_buffer: F8
    worth: tuple[Mapping[str, LevelColumns], ...] = ()


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
        assess(recipe, book, priced, reporting=code, explain=explain, settled_in=code)
        for code in codes
    )
    return _together(recipe, book, priced, pockets)


def _settlement_assets(book: BookColumns) -> list[int]:
    universe = book.universe
    listed = np.zeros(universe.instruments_count, dtype=np.bool_)
    listed[book.positions.instrument] = listed[book.orders.instrument] = True
    held = np.zeros(len(universe.assets), dtype=np.bool_)
    held[book.balances.asset] = held[universe.settle[listed]] = True
    return [int(asset) for asset in np.flatnonzero(held)]


def _together(
    recipe: Recipe, book: BookColumns, priced: PricedMarket, pockets: tuple[MarginColumns, ...]
) -> Pockets:
    exponent = recipe.terms.tick_exponent(SUMMARY_CURRENCY)
    count = book.accounts_count
    rates = [_rate(book, priced, pocket, exponent) for pocket in pockets]
    worth = tuple(_worths(recipe, p, r) for p, r in zip(pockets, rates, strict=True))
    levels = {
        level.name: LevelColumns(
            name=level.name,
            equity=_added([own[level.name].equity for own in worth], count),
            requirement=_added([own[level.name].requirement for own in worth], count),
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
    standing = _worst_standing(pockets, count)
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
    return Pockets(pockets=pockets, summary=summary, lowest_buffer=lowest, worth=worth)


def _worst_standing(pockets: tuple[MarginColumns, ...], count: int) -> NDArray[np.int8]:
    """(accounts,) that of the worst pocket; one that certainly liquidates is not hidden behind
    one of which nobody can tell.
    """
    unavailable = STANDINGS.index(Standing.UNAVAILABLE)
    known = np.zeros(count, dtype=np.int8)
    unknown = np.zeros(count, dtype=np.bool_)
    for pocket in pockets:
        unknown |= pocket.standing == unavailable
        known = np.maximum(known, np.where(pocket.standing == unavailable, 0, pocket.standing))
    hidden = unknown & (known < STANDINGS.index(Standing.LIQUIDATING))
    return np.where(hidden, unavailable, known).astype(np.int8)


def _rate(
    book: BookColumns, priced: PricedMarket, pocket: MarginColumns, exponent: int
) -> NDArray[np.float64]:
    """(accounts,) summary ticks per tick of the pocket; a copy of the universe has its own
    index.
    """
    rows = [i for i, code in enumerate(book.universe.assets) if code == pocket.reporting]
    index = priced.market.index[np.array(rows)] * 2.0 ** (pocket.tick_exponent - exponent)
    return index if len(rows) > 1 else np.full(book.accounts_count, index[0])


def _worths(recipe: Recipe, pocket: MarginColumns, rate: F8) -> Mapping[str, LevelColumns]:
    return {
        level.name: LevelColumns(
            name=level.name,
            equity=_worth(pocket.levels[level.name].equity, rate),
            requirement=_worth(pocket.levels[level.name].requirement, rate),
        )
        for level in recipe.levels
    }


def _worth(ticks: F8, rate: F8) -> F8:
    return np.rint(np.where(ticks == 0.0, 0.0, ticks * rate))


def _added(columns: list[F8], count: int) -> F8:
    total = np.zeros(count)
    for column in columns:
        total += column
    return total
