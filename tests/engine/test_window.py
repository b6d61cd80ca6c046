from dataclasses import replace
from decimal import Decimal

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.domain.holding import Side
from crossmargin.engine.effect import EventLate, EventRefused, EventRepeated
from crossmargin.engine.event_control import ClockTick
from crossmargin.engine.event_money import Deposit
from crossmargin.engine.state_hash import state_hash
from crossmargin.ledger.ledger import balance
from tests.engine.day import USDC_UNITS, Story, fill, opening, played, price


def _busy() -> Story:
    story = opening()
    start = story.now_ns
    for number, (name, side) in enumerate(
        [("anna", Side.BUY), ("bela", Side.SELL), ("anna", Side.SELL), ("bela", Side.BUY)]
    ):
        at_ns = start + (number + 1) * NS_PER_SECOND // 8
        story.tell(fill(name, side, f"0.{number + 1}", str(60000 + number)), at_ns=at_ns)
        story.tell(price(str(60100 - 70 * number)), source="oracle", at_ns=at_ns)
    return story


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_any_order_of_arrival_inside_the_window_gives_one_state(seed: int) -> None:
    story = _busy()
    first = len(opening().events)
    waiting = story.events[first:]
    story.tick()
    shuffled = [waiting[i] for i in np.random.default_rng(seed).permutation(len(waiting))]
    in_time, _ = played(story.events)
    other, _ = played([*story.events[:first], *shuffled, story.events[-1]])
    assert state_hash(other) == state_hash(in_time)


def test_nothing_takes_effect_before_a_tick_closes_its_window() -> None:
    story = opening()
    story.tell(Deposit(account_id="anna", asset="USDC", amount_units=USDC_UNITS))
    state, _ = played(story.events)
    assert balance(state.ledger, "anna", "USDC") == 10_000 * USDC_UNITS
    story.tick(1.0)
    state, _ = played(story.events)
    assert balance(state.ledger, "anna", "USDC") == 10_000 * USDC_UNITS
    story.tick(1.0)
    state, _ = played(story.events)
    assert balance(state.ledger, "anna", "USDC") == 10_001 * USDC_UNITS


def test_what_arrives_after_its_window_is_a_correction_at_the_present_place() -> None:
    story = opening()
    story.tick(60)
    late_at = story.now_ns - 30 * NS_PER_SECOND
    name = story.tell(
        Deposit(account_id="anna", asset="USDC", amount_units=USDC_UNITS), at_ns=late_at
    )
    state, told = played(story.events)
    assert told[-1] == EventLate(event_id=name, late_ns=28 * NS_PER_SECOND)
    assert balance(state.ledger, "anna", "USDC") == 10_001 * USDC_UNITS


def test_the_same_event_twice_has_one_effect_waiting_or_applied() -> None:
    story = opening()
    story.tell(Deposit(account_id="anna", asset="USDC", amount_units=USDC_UNITS))
    once = [*story.events]
    again = once[-1]
    story.tick()
    tick = story.events[-1]
    state, told = played([*once, again, tick, again])
    assert [x for x in told if isinstance(x, EventRepeated)] == [
        EventRepeated(event_id=again.event_id)
    ] * 2
    assert state_hash(state) == state_hash(played(story.events)[0])


def test_the_same_id_with_another_body_is_refused_and_changes_nothing() -> None:
    story = opening()
    story.tell(Deposit(account_id="anna", asset="USDC", amount_units=USDC_UNITS))
    story.tick()
    event = story.events[-2]
    other = replace(event, body=Deposit(account_id="bela", asset="USDC", amount_units=1))
    state, told = played([*story.events, other])
    assert isinstance(told[-1], EventRefused)
    assert state_hash(state) == state_hash(played(story.events)[0])


def test_time_never_goes_back_and_nothing_comes_from_the_far_future() -> None:
    story = opening()
    back = replace(
        story.events[0], event_id="back", event_time_ns=story.now_ns - 1, body=ClockTick()
    )
    ahead = replace(
        story.events[-2], event_id="ahead", event_time_ns=story.now_ns + 601 * NS_PER_SECOND
    )
    before, _ = played(story.events)
    state, told = played([*story.events, back, ahead])
    assert [type(x) for x in told[-2:]] == [EventRefused, EventRefused]
    assert state_hash(state) == state_hash(before)


def test_without_a_first_tick_every_event_is_refused() -> None:
    story = Story()
    story.tell(price("60000"))
    state, told = played(story.events)
    assert isinstance(told[0], EventRefused)
    assert state.sequence == 0
    assert Decimal(0) == len(state.pending)
