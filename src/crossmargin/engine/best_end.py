"""An account at the best end of the prices in doubt: only who fails even there is liquidated."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from crossmargin.action.ladder import Measure, severity
from crossmargin.domain.columns import BookColumns
from crossmargin.engine.doubt import Stance, concerned_assets, position_assets, stance_of
from crossmargin.engine.remargin import columns_of
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import AccountState, EngineState, Figures
from crossmargin.rulebook.pool import without_balances
from crossmargin.rulebook.price_end import DOUBTS_MAX, end_figures
from crossmargin.rulebook.run import PricedMarket
from crossmargin.rulebook.standing import Standing
from crossmargin.rulebook.statement_types import LevelFigures


def best_measure(
    setup: Setup, state: EngineState, own: AccountState, figures: Figures
) -> Measure | None:
    """What an account that is to be liquidated, or of which nobody can tell, has at the best end.

    None while no price that it rests on is in doubt. What is only held or owed stands at its own
    best end, positions at the best of all combinations. A coin of which nobody ever said a price is
    worth nothing there: nobody can say that it helps. With positions on more than `DOUBTS_MAX`
    prices in doubt no best end is known, and nothing is liquidated.
    """
    told = figures.standing
    if told is not Standing.UNAVAILABLE and severity(told) < severity(Standing.LIQUIDATING):
        return None
    stances = {
        asset: stance
        for asset in sorted(concerned_assets(state, [own]))
        if (stance := stance_of(setup, state, asset)).doubt is not None
    }
    if not stances:
        return None
    exposed = position_assets(state, [own])
    doubts = {x: y.ends for x, y in stances.items() if y.ends is not None and x in exposed}
    if len(doubts) > DOUBTS_MAX:
        return Measure(levels=tuple(map(_unknown, figures.levels)), net_liquidation_value=None)
    recipe = state.rules.recipes[figures.recipe]
    columns = _without_unpriced(columns_of(setup, state, [own]), stances)
    alone = {x: y for x, y in stances.items() if x not in exposed}
    priced = _at_own_best(state.valued.priced, columns, alone)
    found = end_figures(recipe, columns, priced, 0, doubts)
    return Measure(levels=found.best, net_liquidation_value=found.net_liquidation_best)


def _without_unpriced(columns: BookColumns, stances: Mapping[str, Stance]) -> BookColumns:
    codes = columns.universe.assets
    lost = np.array([code in stances and stances[code].ends is None for code in codes])
    return without_balances(columns, lost[columns.balances.asset])


def _at_own_best(
    priced: PricedMarket, columns: BookColumns, stances: Mapping[str, Stance]
) -> PricedMarket:
    """The market in which a coin held is worth its most, and a coin owed its least."""
    ends = {code: stance.ends for code, stance in stances.items() if stance.ends is not None}
    if not ends:
        return priced
    codes = columns.universe.assets
    market = priced.market
    index, low, high = market.index.copy(), market.low.copy(), market.high.copy()
    for asset, amount in zip(columns.balances.asset, columns.balances.amount, strict=True):
        own = ends.get(codes[asset])
        if own is None:
            continue
        index[asset] = own.low if amount < 0.0 else own.high
        for column in (low, high):
            if not np.isnan(column[asset]):
                column[asset] = index[asset]
    moved = replace(market, index=index, low=low, high=high)
    return replace(priced, market=moved, priced={}, sensitivities={}, discounted={})


def _unknown(level: LevelFigures) -> LevelFigures:
    return replace(level, equity=None, requirement=None, buffer=None, utilisation=None)
