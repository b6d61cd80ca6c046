import gc
import weakref

import numpy as np

from crossmargin.domain.holding import Side
from crossmargin.domain.universe import Universe
from crossmargin.engine.remargin import columns_of
from crossmargin.engine.state import EngineState
from crossmargin.rulebook.assess import assess
from crossmargin.rulebook.run import PricedMarket
from tests.engine.day import fill, opening, played, price, small_setup


def _state() -> EngineState:
    story = opening()
    story.tell(fill("anna", Side.BUY, "0.5", "60000"))
    story.tell(price("59000"))
    story.tick()
    return played(story.events, small_setup(0))[0]


def _copy(priced: PricedMarket, universe: Universe) -> PricedMarket:
    return PricedMarket(
        universe=universe,
        market=priced.market,
        totals=priced.totals,
        history=priced.history,
        vol_history=priced.vol_history,
        assets=priced.assets,
    )


def test_a_market_that_was_asked_before_gives_the_same_figures_and_prices_nothing_again() -> None:
    state = _state()
    recipe = state.rules.recipes["tiny"]
    columns = columns_of(small_setup(0), state, [state.accounts["anna"]])
    fresh = _copy(state.valued.priced, columns.universe)
    first, second = (assess(recipe, columns, fresh) for _ in range(2))
    for name, level in first.levels.items():
        assert np.array_equal(level.requirement, second.levels[name].requirement)
        assert np.array_equal(level.equity, second.levels[name].equity)
    (made,) = fresh.made.values()
    scans = dict(made.scans)
    assess(recipe, columns, fresh)
    assert all(made.scans[name] is own for name, own in scans.items())


def test_a_market_is_let_go_as_soon_as_nobody_looks_at_it() -> None:
    state = _state()
    recipe = state.rules.recipes["tiny"]
    columns = columns_of(small_setup(0), state, [state.accounts["anna"]])
    gc.disable()
    try:
        fresh = _copy(state.valued.priced, columns.universe)
        assess(recipe, columns, fresh)
        (made,) = fresh.made.values()
        change = weakref.ref(next(iter(made.scans.values())).change)
        del fresh, made
        assert change() is None
    finally:
        gc.enable()
