"""Marks that the engine makes: nobody's trades move them beyond the stated bound."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.domain.holding import Side
from crossmargin.engine.effect import EventRefused
from crossmargin.engine.event_market import BookTop, ListingAdded, ListingRemoved, Price, Volatility
from crossmargin.engine.replay import replay_report
from crossmargin.engine.snapshot import snapshot_body, state_of
from crossmargin.engine.state import EngineState
from crossmargin.engine.state_hash import state_hash
from crossmargin.market.marks import PerpetualMarkPolicy, perpetual_push_frac
from crossmargin.market.option_mark import OptionMarkPolicy, vol_push_frac
from tests.engine.day import INVERSE, OPTION, PERPETUAL, Story, fill, listing, played
from tests.engine.voices import policy, say, voiced_opening, voiced_setup

D = Decimal
PERPETUALS = PerpetualMarkPolicy(premium_cap_frac=0.01, averaging_ns=60 * NS_PER_SECOND)
OPTIONS = OptionMarkPolicy(averaging_ns=60 * NS_PER_SECOND)
SETUP = voiced_setup(perpetual=PERPETUALS, option=OPTIONS)
LASTING = replace(policy(), stale_ns=10**15)
QUIET = replace(SETUP, prices=replace(SETUP.prices, policies={"BTC": LASTING}))
"""As `SETUP`, with sources that need not speak again while only marks are looked at."""
CALL = OPTION.replace("-P", "-C")
STRIKES = tuple(OPTION.replace("60000-P", f"{strike}-P") for strike in (50_000, 55_000, 65_000))


def mark_of(state: EngineState, listing_id: str) -> float:
    quote = state.snapshot.listings[listing_id].mark
    assert quote is not None
    return quote.value


def top(story: Story, bid: str, ask: str, listing_id: str = PERPETUAL) -> None:
    body = BookTop(listing_id=listing_id, impact_bid=D(bid), impact_ask=D(ask))
    story.tell(body, source="venue")


def test_without_a_book_a_perpetual_is_marked_at_its_index() -> None:
    story = voiced_opening(marks=False)
    state, _ = played(story.events, SETUP)
    assert mark_of(state, PERPETUAL) == mark_of(state, INVERSE) == 60_000
    say(story, "61000")
    story.tick()
    state, _ = played(story.events, SETUP)
    assert mark_of(state, PERPETUAL) == 61_000


def test_a_lasting_premium_becomes_the_mark_as_time_passes() -> None:
    story = voiced_opening(marks=False)
    top(story, "60300", "60300")
    story.tick(33)
    state, _ = played(story.events, QUIET)
    # 30 s of a window of 60 s at +0.5 %: the event stands three seconds before the tick.
    assert mark_of(state, PERPETUAL) == pytest.approx(60_000 * (1 + 0.005 * 33 / 60))
    story.tick(60)
    state, _ = played(story.events, QUIET)
    assert mark_of(state, PERPETUAL) == pytest.approx(60_300)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 20), st.floats(1e-3, 1e3)), min_size=1, max_size=6))
def test_no_book_moves_a_perpetual_beyond_the_stated_bound(pushes: list[tuple[int, float]]) -> None:
    story = voiced_opening(marks=False)
    top(story, "60000", "60000")
    story.tick(120)
    setup = replace(QUIET, settings=replace(QUIET.settings, sample_every=0))
    state, _ = played(story.events, setup)
    elapsed_ns = 0
    for seconds, share in pushes:
        price = str(round(60_000 * share, 2))
        top(story, price, price)
        story.tell(fill("anna", Side.BUY, "0.01", price))
        story.tick(seconds)
        state, _ = played(story.events[-3:], setup, state)
        elapsed_ns += seconds * NS_PER_SECOND
        bound = 60_000 * perpetual_push_frac(PERPETUALS, elapsed_ns)
        assert abs(mark_of(state, PERPETUAL) - 60_000) <= bound * (1 + 1e-12)


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("feed", Price(asset="BTC", index=None, marks={PERPETUAL: D(1)})),
        ("feed", Price(asset="BTC", index=None, marks={OPTION: D("0.5")})),
        ("aqua", BookTop(listing_id=PERPETUAL, impact_bid=D(1), impact_ask=D(1))),
        ("venue", BookTop(listing_id=OPTION, impact_bid=D(1), impact_ask=D(1))),
        ("venue", BookTop(listing_id=PERPETUAL, impact_bid=D(0), impact_ask=D(1))),
        ("other", Volatility(listing_id=OPTION, vol=D("0.5"))),
    ],
)
def test_a_mark_that_is_made_is_not_said(source: str, body: Price | BookTop | Volatility) -> None:
    story = voiced_opening(marks=False)
    before, _ = played(story.events, SETUP)
    story.tell(body, source=source)
    story.tick()
    after, told = played(story.events, SETUP)
    assert isinstance(told[0], EventRefused) or isinstance(told[-1], EventRefused)
    assert after.snapshot.listings == before.snapshot.listings


def surface(story: Story) -> None:
    """A smile of four strikes, quoted by the venue, held for two windows."""
    for name in (*STRIKES, CALL):
        story.tell(ListingAdded(listing=listing(name)))
    for name in (OPTION, CALL, *STRIKES):
        story.tell(Volatility(listing_id=name, vol=D("0.5")), source="venue")
    story.tick(120)


def test_an_options_mark_is_black_of_its_steady_vol_and_falls_with_the_strike() -> None:
    story = voiced_opening(marks=False)
    surface(story)
    state, _ = played(story.events, QUIET)
    puts = [mark_of(state, name) for name in (*STRIKES[:2], OPTION, STRIKES[2])]
    assert puts == sorted(puts)
    vol = state.snapshot.listings[OPTION].vol
    assert vol is not None
    assert vol.value == pytest.approx(0.5)
    # At the money, in coins: 2 N(s/2) - 1 with s = 0.5 sqrt(T): both sides cost the same.
    assert mark_of(state, OPTION) == pytest.approx(mark_of(state, CALL))
    say(story, "61000")
    story.tick()
    moved, _ = played(story.events, QUIET)
    assert mark_of(moved, OPTION) < mark_of(state, OPTION)
    assert replay_report(QUIET, moved, 0).incremental_equals_full
    assert state_hash(state_of(QUIET, snapshot_body(moved))) == state_hash(moved)


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 12), st.floats(0.01, 40)), min_size=1, max_size=4))
def test_no_quotes_move_a_vol_beyond_the_stated_bound(pushes: list[tuple[int, float]]) -> None:
    story = voiced_opening(marks=False)
    surface(story)
    setup = replace(QUIET, settings=replace(QUIET.settings, sample_every=0))
    state, _ = played(story.events, setup)
    begun, elapsed_ns = len(story.events), 0
    for seconds, vol in pushes:
        for name in (OPTION, CALL, *STRIKES):
            story.tell(Volatility(listing_id=name, vol=D(str(round(vol, 4)))), source="venue")
        story.tick(seconds)
        state, _ = played(story.events[begun:], setup, state)
        begun = len(story.events)
        elapsed_ns += seconds * NS_PER_SECOND
        found = state.snapshot.listings[OPTION].vol
        assert found is not None
        assert found.value <= 0.5 * (1 + vol_push_frac(OPTIONS, elapsed_ns)) * (1 + 1e-9)


def test_a_listing_that_leaves_takes_its_mark_along() -> None:
    story = voiced_opening(marks=False)
    top(story, "60300", "60300")
    story.tick()
    story.tell(ListingRemoved(listing_id=PERPETUAL))
    story.tick()
    state, _ = played(story.events, SETUP)
    assert PERPETUAL not in state.marks.tops
    assert PERPETUAL not in state.marks.perpetuals
    story.tick()
    state, _ = played(story.events, SETUP)
    assert PERPETUAL not in state.snapshot.listings
