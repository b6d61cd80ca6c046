"""Which accounts a falling asset calls next: the whole book at every step of the fall."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import final

import numpy as np

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.domain.columns import BookColumns
from crossmargin.rulebook.allowed import level_buffers
from crossmargin.rulebook.figures import unit_of
from crossmargin.rulebook.pocket import assess_pockets
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket
from crossmargin.scenario.assemble import assemble
from crossmargin.valuation.moved_market import moved_markets

FALLS = (0.0, -0.01, -0.02, -0.05, -0.1, -0.15, -0.2, -0.3, -0.4, -0.5, -0.65, -0.8, -0.9, -0.99)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NextCall:
    """An account that is called by the asset's fall: not yet at `safe_move`, but at `called_move`,
    neighbours among the moves looked at. `price` is the asset's index at `called_move`, in dollars,
    `shortfall` the negative buffer there, in the recipe's reporting currency.

    An account that is below already has a `safe_move` of None.
    """

    account_id: str
    safe_move: float | None
    called_move: float
    price: float
    shortfall: Decimal


def next_calls(
    recipe: Recipe,
    book: BookColumns,
    priced: PricedMarket,
    level: str,
    asset: str,
    moves: Sequence[float] = FALLS,
) -> tuple[NextCall, ...]:
    """Accounts in the order in which a move of one asset takes the buffer of `level` below zero.

    Each of `moves`, relative and from near to far, revalues the whole book: all that the asset is
    the underlying of, all that is settled in it, and the balances. Of two that are called by the
    same move the larger shortfall comes first. Accounts that no move calls, or without a figure,
    are left out. `InputRefused` for an asset that the book does not have, or one without a price.
    """
    universe = book.universe
    if asset not in universe.assets or np.isnan(priced.market.index[universe.assets.index(asset)]):
        message = "has no price in this book"
        raise InputRefused([Failure(Reason.UNKNOWN_ASSET, f"assets.{asset}", message)])
    row = universe.assets.index(asset)
    found: dict[int, NextCall] = {}
    safe_move: float | None = None
    for move in moves:
        moved = _moved(priced, row, move)
        pockets = assess_pockets(recipe, book, moved)
        buffer = level_buffers(pockets, level)
        unit = unit_of(pockets.summary)
        for account in np.flatnonzero(buffer < 0.0).tolist():
            short = unit.amount(-float(buffer[account]))
            if account not in found and short is not None:
                found[account] = NextCall(
                    account_id=str(book.account_ids[account]),
                    safe_move=safe_move,
                    called_move=move,
                    price=float(moved.market.index[row]),
                    shortfall=short,
                )
        safe_move = move
    rank = {move: place for place, move in enumerate(moves)}
    return tuple(
        sorted(found.values(), key=lambda x: (rank[x.called_move], -x.shortfall, x.account_id))
    )


def _moved(priced: PricedMarket, row: int, move: float) -> PricedMarket:
    universe = priced.universe
    spot_move = np.zeros((len(universe.assets), 1))
    spot_move[row, 0] = move
    moves = assemble(
        "fall", universe.assets, universe.venues, ["fall"], ["fall"], spot_move=spot_move
    )
    copy, market = moved_markets(universe, priced.market, moves)
    return replace(priced, universe=copy, market=market, priced={}, sensitivities={}, discounted={})
