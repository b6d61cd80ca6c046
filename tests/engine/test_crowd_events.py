"""Totals over all accounts as events: whose requirement rests on them, and what it is without."""

import copy
from decimal import Decimal
from functools import cache
from typing import Any

from crossmargin.domain.holding import Side
from crossmargin.engine.effect import EventRefused
from crossmargin.engine.event_market import TotalsStated
from crossmargin.engine.replay import replay_report
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import EngineState
from tests.engine.day import Story, fill, opening, played, small_setup

DELTAS = {("anna", "BTC"): Decimal("0.5"), ("bela", "BTC"): Decimal(0)}
CROWDED: dict[str, Any] = {
    "owner_delta": DELTAS,
    "crowd_long": {"BTC": Decimal(24_000_000)},
    "crowd_short": {"BTC": Decimal(0)},
    "owner_crowd_long": {("others", "BTC"): Decimal(24_000_000)},
    "owner_crowd_short": {("others", "BTC"): Decimal(0)},
    "cycle_depth": {"BTC": Decimal(50_000_000)},
}


@cache
def crowd_setup() -> Setup:
    """The small venue with a buffer for the crowd on top of its initial requirement."""
    small = small_setup()
    recipe = copy.deepcopy(dict(small.recipes["tiny"]))
    recipe["define"]["crowd"] = {
        "per": "underlying",
        "part": {"charge": "contagion", "factor": 2.0, "day_vol": 0.03, "utilisation": 0.8},
    }
    recipe["level"]["initial"]["requirement"] = {
        "op": "sum",
        "parts": [{"ref": "scan"}, {"ref": "crowd"}],
    }
    return Setup(
        assets=small.assets,
        recipes={"tiny": recipe},
        default_recipe="tiny",
        settings=small.settings,
        prices=small.prices,
    )


def half_a_coin() -> Story:
    story = opening()
    story.tell(fill("anna", Side.BUY, "0.5", "60000"))
    story.tick()
    return story


def totals(**crowds: Any) -> TotalsStated:
    return TotalsStated(long_notional={}, short_notional={}, open_interest={}, **crowds)


def initial_of(state: EngineState, account: str) -> Decimal | None:
    figures = state.accounts[account].figures
    assert figures is not None
    return figures.levels[0].requirement


def test_a_crowd_is_paid_for_once_it_is_published_and_not_before() -> None:
    story = half_a_coin()
    before, _ = played(story.events, crowd_setup())
    assert initial_of(before, "anna") is None
    assert initial_of(before, "bela") == 0
    story.tell(totals(**CROWDED))
    story.tick()
    state, _ = played(story.events, crowd_setup())
    scan, crowd = 3_000, 2 * 0.03 * 0.8 * 30_000 * (24 / 50) * (1 + 30_000 / 50e6)
    required = initial_of(state, "anna")
    assert required is not None
    assert abs(float(required) - scan - crowd) < 0.02
    assert initial_of(state, "bela") == 0
    assert replay_report(crowd_setup(), state, len(story.events)).incremental_equals_full


def test_what_a_publication_leaves_out_is_not_known_any_more() -> None:
    story = half_a_coin()
    story.tell(totals(**CROWDED))
    story.tell(totals(owner_delta=DELTAS))
    story.tick()
    state, _ = played(story.events, crowd_setup())
    assert initial_of(state, "anna") is None


def test_totals_below_zero_are_refused_by_their_name_and_deltas_are_not() -> None:
    story = half_a_coin()
    story.tell(totals(crowd_long={"BTC": Decimal(-1)}))
    story.tell(totals(owner_delta={("anna", "BTC"): Decimal(-1)}))
    story.tick()
    _, effects = played(story.events, crowd_setup())
    (only,) = [each for each in effects if isinstance(each, EventRefused)]
    assert only.failures[0].where == "crowd_long"
