"""How far each asset, or all of them by their betas, may move before an account is liquidated.

Found by revaluing the whole account in many moved markets as one batch of the one path: all other
positions, all collateral and all add-ons take part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.columns import BookColumns
from crossmargin.domain.universe_copies import restricted
from crossmargin.market.columns import MarketColumns
from crossmargin.rulebook.pocket import assess_pockets
from crossmargin.rulebook.pool import chosen, copied
from crossmargin.rulebook.recipe import Recipe
from crossmargin.rulebook.run import PricedMarket
from crossmargin.rulebook.statement_types import Crossing
from crossmargin.scenario.assemble import assemble
from crossmargin.valuation.moved_market import moved_markets

F8 = NDArray[np.float64]

COARSE = np.array([0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 0.9, 0.99])
"""Falls looked at first, as fractions; rises are twice as far, to +198 %."""
RISE_REACH = 2.0
REFINED = 7
"""Points inside the bracket in each refinement; each round divides it by eight."""
ROUNDS = 4
DIP_POINTS = 8
"""Points looked at around the lowest buffer in between; each round narrows them to two ninths."""
DIP_ROUNDS = 2
VOL_RULE = "implied vols unchanged (sticky strike)"


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OneAccount:
    """One account over the listings that it holds, in one market."""

    book: BookColumns
    priced: PricedMarket


def one_account(book: BookColumns, priced: PricedMarket, account: int) -> OneAccount:
    """The account alone, in a universe of its own listings: a batch of one."""
    own = chosen(book, [account])
    universe = book.universe
    used = np.union1d(own.positions.instrument, own.orders.instrument)
    listings = used[used < universe.listings_count]
    rows = np.concatenate(
        [listings, np.arange(universe.listings_count, universe.instruments_count)]
    )
    place = np.full(universe.instruments_count, -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    small = restricted(universe, listings)
    own = replace(
        own,
        universe=small,
        positions=replace(own.positions, instrument=place[own.positions.instrument]),
        orders=replace(own.orders, instrument=place[own.orders.instrument]),
    )
    market = of_instruments(priced.market, universe.instruments_count, rows)
    return OneAccount(
        book=own, priced=replace(priced, universe=small, market=market, priced={}, sensitivities={})
    )


def of_instruments(
    market: MarketColumns, instruments_count: int, rows: NDArray[np.int64]
) -> MarketColumns:
    """The market's columns with some instrument rows only."""
    names = ("mark", "last", "forward", "vol", "years", "rate", "funding_rate", "open_interest")
    picked: dict[str, Any] = {name: getattr(market, name)[rows] for name in names}
    if any(len(getattr(market, name)) != instruments_count for name in names):
        raise ValueError("the market's columns are not over these instruments")
    picked["more"] = {key: column[rows] for key, column in market.more.items()}
    return replace(market, **picked)


def liquidation_moves(
    recipe: Recipe,
    book: BookColumns,
    priced: PricedMarket,
    account: int,
    betas: Mapping[str, float] | None = None,
) -> tuple[Crossing, ...]:
    """The nearest liquidation along each asset's move alone, both ways, and along all by `betas`.

    All directions are searched together: one batch of moved markets first, then one for each
    refinement. `betas` maps assets to their move per unit of the joint move; absent ones stay.
    """
    alone = one_account(book, priced, account)
    names = alone.book.universe.assets
    exposed = _exposed_assets(alone)
    if not exposed:
        return tuple(_nothing_found(None, sign, "no_position", (0.0, 0.0)) for sign in (-1.0, 1.0))
    paths = [
        Path(asset=asset, direction=_unit(names, asset), sign=sign)
        for asset in exposed
        for sign in (-1.0, 1.0)
    ]
    if betas is not None and len(exposed) > 1:
        joint = np.array([betas.get(name, 0.0) for name in names])
        paths += [Path(asset=None, direction=joint, sign=sign) for sign in (-1.0, 1.0)]
    return _crossings(recipe, alone, paths)


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Path:
    """One way to move: `direction` (assets,) per unit of the move, looked along in the way of
    `sign`.
    """

    asset: str | None
    direction: F8
    sign: float

    def coarse(self) -> F8:
        """The moves looked at first, from 0 outward; no asset falls by all it is worth."""
        reach = COARSE * (1.0 if self.sign < 0.0 else RISE_REACH)
        fall = float((-self.sign * self.direction).max(initial=0.0))
        if fall * reach[-1] > COARSE[-1]:
            reach = COARSE / fall
        return np.concatenate([[0.0], self.sign * reach])


def _unit(names: tuple[str, ...], asset: str) -> F8:
    direction = np.zeros(len(names))
    direction[names.index(asset)] = 1.0
    return direction


def _exposed_assets(alone: OneAccount) -> tuple[str, ...]:
    """Assets that the account holds as underlying, settlement or collateral, the dollar apart."""
    u, b = alone.book.universe, alone.book.balances
    p = alone.book.positions
    held = p.instrument[p.contracts != 0.0]
    rows = set(u.underlying[held]) | set(u.settle[held]) | set(b.asset[b.amount != 0.0])
    return tuple(u.assets[int(row)] for row in sorted(rows) if u.assets[int(row)] != "USD")


def _crossings(recipe: Recipe, alone: OneAccount, paths: Sequence[Path]) -> tuple[Crossing, ...]:
    moves = [path.coarse() for path in paths]
    found = buffers(recipe, alone, paths, moves)
    for _ in range(DIP_ROUNDS):
        _look_into_dips(recipe, alone, paths, moves, found)
    first = [_first(path, m, f) for path, m, f in zip(paths, moves, found, strict=True)]
    open_at = [i for i, (_, bracket) in enumerate(first) if bracket is not None]
    brackets = [first[i][1] for i in open_at]
    roots = _refined(
        recipe, alone, [paths[i] for i in open_at], [b for b in brackets if b is not None]
    )
    crossings = [
        crossing
        if crossing.move is None
        else replace(crossing, price=_price(alone, crossing.asset, crossing.move))
        for crossing, _ in first
    ]
    for i, root in zip(open_at, roots, strict=True):
        price = _price(alone, paths[i].asset, root)
        crossings[i] = replace(crossings[i], move=root, price=price, reason=None)
    return tuple(crossings)


def _look_into_dips(
    recipe: Recipe, alone: OneAccount, paths: Sequence[Path], moves: list[F8], found: list[F8]
) -> None:
    """Put more points where a buffer falls and rises again without reaching zero, in place: it may
    have reached it in between.
    """
    dips = {i: dip for i in range(len(paths)) if (dip := _dip(moves[i], found[i])) is not None}
    if not dips:
        return
    inside = [np.linspace(low, high, DIP_POINTS + 2)[1:-1] for low, high in dips.values()]
    more = buffers(recipe, alone, [paths[i] for i in dips], inside)
    for i, points, values in zip(dips, inside, more, strict=True):
        joined = np.concatenate([moves[i], points])
        order = np.argsort(np.abs(joined), kind="stable")
        moves[i], found[i] = joined[order], np.concatenate([found[i], values])[order]


def _dip(moves: F8, found: F8) -> tuple[float, float] | None:
    """The two points around the lowest buffer that has higher ones on both sides, ahead of the
    first that is below zero.
    """
    (below,) = np.nonzero(~(found >= 0.0))
    ahead = found[: below[0]] if len(below) else found
    middle = ahead[1:-1]
    (lows,) = np.nonzero((middle < ahead[:-2]) & (middle <= ahead[2:]))
    if not len(lows):
        return None
    low = int(lows[np.argmin(middle[lows])])
    return float(moves[low]), float(moves[low + 2])


def _first(path: Path, moves: F8, found: F8) -> tuple[Crossing, tuple[float, float] | None]:
    """The crossing as far as the coarse look tells, and the bracket that holds the nearest one."""
    searched = (min(0.0, float(moves[-1])), max(0.0, float(moves[-1])))
    crossing = _nothing_found(path.asset, path.sign, "not_reachable", searched)
    if np.isnan(found).any():
        return replace(crossing, reason="missing_mark"), None
    under = found < 0.0
    changes = np.flatnonzero(under[1:] != under[:-1])
    if under[0]:
        return replace(
            crossing, move=0.0, reason="already_below", non_monotone=len(changes) > 0
        ), None
    if not len(changes):
        return crossing, None
    near = int(changes[0])
    bracket = (float(moves[near]), float(moves[near + 1]))
    return replace(crossing, non_monotone=len(changes) > 1), bracket


def _nothing_found(
    asset: str | None, sign: float, reason: str, searched: tuple[float, float]
) -> Crossing:
    return Crossing(
        asset=asset,
        direction="down" if sign < 0.0 else "up",
        move=None,
        price=None,
        reason=reason,
        non_monotone=False,
        searched=searched,
        vol_rule=VOL_RULE,
    )


def buffers(
    recipe: Recipe, alone: OneAccount, paths: Sequence[Path], moves: Sequence[F8]
) -> list[F8]:
    """Per path (its moves,): the lowest buffer of the liquidation level over the account's
    pockets.
    """
    universe, market = alone.book.universe, alone.priced.market
    spot_move = np.hstack(
        [np.outer(path.direction, own) for path, own in zip(paths, moves, strict=True)]
    )
    count = spot_move.shape[1]
    labels = [f"{i}" for i in range(count)]
    moved_set = assemble(
        "liquidation",
        universe.assets,
        universe.venues,
        labels,
        ["liquidation"] * count,
        spot_move=spot_move,
    )
    copies, columns = moved_markets(universe, market, moved_set)
    priced = replace(alone.priced, universe=copies, market=columns, priced={}, sensitivities={})
    lowest = assess_pockets(recipe, copied(alone.book, copies), priced).lowest_buffer
    return np.split(lowest, np.cumsum([len(own) for own in moves])[:-1])


def _refined(
    recipe: Recipe,
    alone: OneAccount,
    paths: Sequence[Path],
    brackets: Sequence[tuple[float, float]],
) -> list[float]:
    """The moves at which the buffers reach zero, each between a safe move and one beyond.

    Each round looks at points inside all brackets at once; at the end a line between the last two.
    """
    if not paths:
        return []
    inside = list(brackets)
    ends = [(0.0, 0.0)] * len(paths)
    for _ in range(ROUNDS):
        points = [np.linspace(safe, beyond, REFINED + 2) for safe, beyond in inside]
        for i, found in enumerate(buffers(recipe, alone, paths, points)):
            last = max(1, int(np.flatnonzero(found < 0.0)[0]))
            inside[i] = (float(points[i][last - 1]), float(points[i][last]))
            ends[i] = (float(found[last - 1]), float(found[last]))
    return [
        safe + (beyond - safe) * (left / (left - right) if left > right else 0.0)
        for (safe, beyond), (left, right) in zip(inside, ends, strict=True)
    ]


def _price(alone: OneAccount, asset: str | None, move: float) -> float | None:
    if asset is None:
        return None
    row = alone.book.universe.assets.index(asset)
    return float(alone.priced.market.index[row] * (1.0 + move))
