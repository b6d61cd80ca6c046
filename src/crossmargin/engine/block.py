"""Accounts margined together and left in columns: a price that touches many writes none of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.columns import BookColumns
from crossmargin.domain.universe import Universe
from crossmargin.engine.overlaid import Overlaid
from crossmargin.engine.remargin import (
    assessed,
    columns_of,
    figures_at,
    initial_level,
    recipe_name,
)
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import AccountState, EngineState, Figures
from crossmargin.rulebook.assess import LevelColumns, MarginColumns
from crossmargin.rulebook.pool import side_by_side
from crossmargin.rulebook.standing import STANDINGS, Standing

BLOCKS_MOST: Final = 12
"""With more of them all but the largest are made one."""

_HEALTHY: Final = STANDINGS.index(Standing.HEALTHY)


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """Accounts of one recipe: what they hold as columns, and their newest figures.

    `row` numbers the accounts of `columns`. `newer` are those that changed since: whatever is here
    of them counts no longer. `shown_rows` remembers figures that somebody asked for.
    """

    recipe: str
    row: Mapping[str, int]
    names: frozenset[str]
    columns: BookColumns
    found: MarginColumns
    newer: frozenset[str] = frozenset()
    shown_rows: dict[int, Figures] = field(default_factory=dict)

    def covers(self, key: str) -> bool:
        """Whether an account's newest figures are here."""
        return key in self.row and key not in self.newer

    def shown(self, key: str, value: AccountState) -> AccountState:
        """The account with its figures."""
        return replace(value, figures=self.figures(key))

    def without(self, key: str) -> "Block":
        """The block after one of its accounts has changed."""
        return replace(self, newer=self.newer | {key})

    def figures(self, key: str) -> Figures:
        """The figures of one account."""
        row = self.row[key]
        if row not in self.shown_rows:
            self.shown_rows[row] = figures_at(self.found, row)
        return self.shown_rows[row]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Margined:
    """Accounts after a market event: `looked` may stand elsewhere or be called; `single` are left
    to be margined one by one. Of all others nothing but figures has changed.
    """

    accounts: Overlaid[AccountState]
    looked: frozenset[str]
    single: frozenset[str]


def margined(setup: Setup, state: EngineState, touched: frozenset[str]) -> Margined:
    """The touched accounts margined in blocks, after an event that changed no account's holdings.

    Figures are those of one account alone, bit for bit. Errors as `figures_of`.
    """
    universe = state.valued.universe
    blocks: list[Block] = []
    looked: set[str] = set()
    rest = touched
    for before in _blocks(state.accounts):
        mine = (before.names & rest) - before.newer
        columns = _over(before.columns, universe) if mine else None
        if columns is None:
            blocks.append(before)
            continue
        after = _again(state, replace(before, columns=columns), mine)
        looked |= _to_look_at(state, after, mine)
        rest -= mine
        blocks.append(after)
    if len(rest) >= setup.settings.together_least:
        for fresh in _made(setup, state, rest):
            looked |= _to_look_at(state, fresh, fresh.names)
            looked |= {name for name in fresh.names if state.accounts[name].held is None}
            blocks = [*(_hiding(other, fresh.names) for other in blocks), fresh]
        rest = frozenset()
    accounts = state.accounts.under(tuple(_tidy(setup, state, blocks)))
    return Margined(accounts=accounts, looked=frozenset(looked), single=rest)


def _blocks(accounts: Overlaid[AccountState]) -> list[Block]:
    return [own for own in accounts.overlays if isinstance(own, Block)]


def _made(setup: Setup, state: EngineState, names: Iterable[str]) -> list[Block]:
    """Blocks of accounts that are in none, one for each recipe."""
    by_recipe: dict[str, list[AccountState]] = {}
    for name in sorted(names):
        own = state.accounts[name]
        by_recipe.setdefault(recipe_name(setup, own), []).append(own)
    return [_block(setup, state, recipe, by_recipe[recipe]) for recipe in sorted(by_recipe)]


def _block(
    setup: Setup, state: EngineState, recipe: str, accounts: Sequence[AccountState]
) -> Block:
    columns = columns_of(setup, state, accounts)
    row = {str(name): number for number, name in enumerate(columns.account_ids)}
    return Block(
        recipe=recipe,
        row=row,
        names=frozenset(row),
        columns=columns,
        found=assessed(state, state.rules.recipes[recipe], columns),
    )


def _hiding(block: Block, names: frozenset[str]) -> Block:
    """The block without accounts that another one has now."""
    hidden = block.names & names
    return replace(block, newer=block.newer | hidden) if hidden else block


def _again(state: EngineState, block: Block, mine: frozenset[str]) -> Block:
    """The block with the figures of some of its accounts made anew."""
    recipe = state.rules.recipes[block.recipe]
    if 2 * len(mine) >= len(block.row):
        # Those whose figures count no longer are margined with the others: nobody reads them.
        return replace(block, found=assessed(state, recipe, block.columns), shown_rows={})
    rows = np.sort(np.fromiter((block.row[name] for name in mine), np.int64, len(mine)))
    part = assessed(state, recipe, side_by_side(block.columns, rows))
    return replace(block, found=_with_rows(block.found, rows, part), shown_rows={})


def _with_rows(whole: MarginColumns, rows: NDArray[np.int64], part: MarginColumns) -> MarginColumns:
    """An answer with that of some of its accounts replaced."""
    levels = {
        name: LevelColumns(
            name=name,
            equity=_placed(own.equity, rows, part.levels[name].equity),
            requirement=_placed(own.requirement, rows, part.levels[name].requirement),
        )
        for name, own in whole.levels.items()
    }
    again = set(rows.tolist())
    reasons = {row: words for row, words in whole.reasons.items() if row not in again}
    reasons |= {int(rows[row]): words for row, words in part.reasons.items()}
    net = _placed(whole.net_liquidation, rows, part.net_liquidation)
    standing = whole.standing.copy()
    standing[rows] = part.standing
    return replace(
        part,
        account_ids=whole.account_ids,
        levels=levels,
        net_liquidation=net,
        standing=standing,
        reasons=reasons,
    )


def _placed(
    whole: NDArray[np.float64], rows: NDArray[np.int64], part: NDArray[np.float64]
) -> NDArray[np.float64]:
    column = whole.copy()
    column[rows] = part
    return column


def _to_look_at(state: EngineState, block: Block, mine: frozenset[str]) -> frozenset[str]:
    """Who may stand elsewhere or have a call: all but healthy accounts that were so before.

    A healthy account that stays healthy keeps its place on the ladder, and without a call and with
    an initial buffer that is not negative it gets none.
    """
    level = initial_level(state.rules.recipes[block.recipe])
    found = block.found
    sound = (found.standing == _HEALTHY) & (found.levels[level].buffer >= 0.0)
    names = block.columns.account_ids
    worse = {str(names[row]) for row in np.flatnonzero(~sound).tolist()}
    calling = {call.account_id for call in state.calls.values()}
    return mine & (worse | calling | state.watched)


def _over(columns: BookColumns, universe: Universe) -> BookColumns | None:
    """The columns over a universe of now; None where what they name is no longer there."""
    before = columns.universe
    if before is universe:
        return columns
    if (before.listing_ids, before.assets) == (universe.listing_ids, universe.assets):
        return replace(columns, universe=universe)
    listings = _numbers(before.listing_ids, universe.listing_ids)
    assets = _numbers(before.assets, universe.assets)
    positions, balances, orders = columns.positions, columns.balances, columns.orders
    used = (listings[positions.instrument], listings[orders.instrument], assets[balances.asset])
    rising = [bool(np.all(np.diff(x[x >= 0]) > 0)) for x in (listings, assets)]
    if any(bool((rows < 0).any()) for rows in used) or not all(rising):
        return None
    return replace(
        columns,
        universe=universe,
        positions=replace(positions, instrument=used[0]),
        orders=replace(orders, instrument=used[1]),
        balances=replace(balances, asset=used[2]),
    )


def _numbers(before: Sequence[str], now: Sequence[str]) -> NDArray[np.int64]:
    """Place of each name among those of now, -1 where it is gone."""
    places = {name: number for number, name in enumerate(now)}
    return np.array([places.get(name, -1) for name in before], dtype=np.int64)


def _tidy(setup: Setup, state: EngineState, blocks: list[Block]) -> list[Block]:
    """Blocks of which something counts; all but the largest made one for each recipe if many."""
    blocks = [own for own in blocks if len(own.newer) < len(own.row)]
    if len(blocks) <= BLOCKS_MOST:
        return blocks
    largest = max(blocks, key=lambda own: len(own.row))
    names = [name for own in blocks if own is not largest for name in own.names - own.newer]
    return [
        largest,
        *_made(setup, replace(state, accounts=state.accounts.under(tuple(blocks))), names),
    ]
