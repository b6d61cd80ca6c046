"""The totals over all accounts of a book: who holds what, and who would be closed by a move."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.columns import BookColumns
from crossmargin.market.quoted import Quoted, derived
from crossmargin.market.totals import MarketTotals
from crossmargin.netting.amount import times_field
from crossmargin.rulebook.pocket import assess_pockets
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket
from crossmargin.scenario.assemble import assemble
from crossmargin.valuation.moved_market import moved_markets

F8 = NDArray[np.float64]
Pair: TypeAlias = tuple[str, str]

SOURCE = "added up over the book"


def computed_totals(
    recipe: Recipe,
    book: BookColumns,
    priced: PricedMarket,
    *,
    move_frac: float,
    depth: Mapping[str, float],
    sequence: int,
) -> MarketTotals:
    """Totals of a whole book, stamped with the moment of its market.

    Exposure is delta in dollars of positions, net by owner and underlying. The crowd on the long
    side of an underlying is what accounts hold long of it whose liquidation level would fail if it
    alone fell by `move_frac`, by `recipe`; on the short side, if it rose. `depth` is dollars
    through the cycle by underlying and is handed on; venue collateral and open interest stay what
    the market has.

    ValueError for a book whose owners have no names, a move outside 0 to 1, or a position without a
    delta.
    """
    if not 0.0 < move_frac < 1.0:
        raise ValueError(f"a move of {move_frac} is not between 0 and 1")
    if book.accounts_count and (not book.owner_ids or int(book.owner.min()) < 0):
        raise ValueError("totals are by owner, and owners of the book have no names")
    held = _Exposures.of(book, priced)
    by_owner = held.by_owner(np.ones(len(held.account), dtype=np.bool_))
    codes = sorted({code for _, code in by_owner})
    crowds = {}
    for sign in (1.0, -1.0):
        crowds[sign] = {
            pair: dollars
            for code in codes
            for pair, dollars in _crowd(recipe, book, priced, held, code, sign, move_frac).items()
        }
    return replace(
        priced.totals,
        as_of_ns=priced.market.as_of_ns,
        sequence=sequence,
        long_notional=_by_underlying({k: max(x, 0.0) for k, x in by_owner.items()}, codes),
        short_notional=_by_underlying({k: max(-x, 0.0) for k, x in by_owner.items()}, codes),
        owner_delta=_quoted({k: x / _index(priced, k[1]) for k, x in by_owner.items()}),
        crowd_long=_by_underlying(crowds[1.0], codes),
        crowd_short=_by_underlying(crowds[-1.0], codes),
        owner_crowd_long=_quoted(crowds[1.0]),
        owner_crowd_short=_quoted(crowds[-1.0]),
        cycle_depth={code: derived(value, "through the cycle") for code, value in depth.items()},
    )


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Exposures:
    """(pairs,) account and underlying, and what the account holds of it in dollars of delta."""

    book: BookColumns
    account: NDArray[np.int64]
    underlying: NDArray[np.int64]
    dollars: F8

    @classmethod
    def of(cls, book: BookColumns, priced: PricedMarket) -> "_Exposures":
        p, width = book.positions, len(book.universe.assets)
        dollars = times_field(p.contracts, priced.greeks().delta_cash[p.instrument])
        if np.isnan(dollars).any():
            row = int(p.instrument[np.isnan(dollars)][0])
            raise ValueError(f"{book.universe.name_of(row)} has no delta to add up")
        key = p.account * width + book.universe.underlying[p.instrument]
        pairs, place = np.unique(key, return_inverse=True)
        return cls(
            book=book,
            account=pairs // width,
            underlying=pairs % width,
            dollars=np.bincount(place, weights=dollars, minlength=len(pairs)).astype(np.float64),
        )

    def by_owner(self, kept: NDArray[np.bool_]) -> dict[Pair, float]:
        """Dollars by (owner, underlying) over the pairs that are kept."""
        names, codes = self.book.owner_ids, self.book.universe.assets
        width = len(codes)
        key = self.book.owner[self.account[kept]] * width + self.underlying[kept]
        present, place = np.unique(key, return_inverse=True)
        total = np.bincount(place, weights=self.dollars[kept], minlength=len(present))
        return {
            (names[own // width], codes[own % width]): dollars
            for own, dollars in zip(present.tolist(), total.tolist(), strict=True)
        }


def _crowd(
    recipe: Recipe,
    book: BookColumns,
    priced: PricedMarket,
    held: _Exposures,
    code: str,
    sign: float,
    move_frac: float,
) -> dict[Pair, float]:
    """Dollars by (owner, underlying) on one side that a move against it would have to be closed.

    An account whose buffer after the move is not known counts as closed: nobody can say otherwise.
    """
    universe = book.universe
    direction = np.array([[-sign * move_frac if name == code else 0.0] for name in universe.assets])
    moved = assemble(
        "crowd", universe.assets, universe.venues, ["moved"], ["crowd"], spot_move=direction
    )
    copies, columns = moved_markets(universe, priced.market, moved)
    there = replace(
        priced, universe=copies, market=columns, priced={}, sensitivities={}, discounted={}
    )
    lowest = assess_pockets(recipe, replace(book, universe=copies), there).lowest_buffer
    closed = ~(lowest >= 0.0)
    own = (held.underlying == universe.assets.index(code)) & (sign * held.dollars > 0.0)
    return {pair: abs(x) for pair, x in held.by_owner(own & closed[held.account]).items()}


def _index(priced: PricedMarket, code: str) -> float:
    return float(priced.market.index[priced.universe.assets.index(code)])


def _by_underlying(by_owner: Mapping[Pair, float], codes: Sequence[str]) -> dict[str, Quoted]:
    """Sums over owners; 0 is known, too."""
    total = dict.fromkeys(codes, 0.0)
    for (_, code), dollars in by_owner.items():
        total[code] += dollars
    return {code: derived(value, SOURCE) for code, value in total.items()}


def _quoted(values: Mapping[Pair, float]) -> dict[Pair, Quoted]:
    return {pair: derived(value, SOURCE) for pair, value in sorted(values.items())}
