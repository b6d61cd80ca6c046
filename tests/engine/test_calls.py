"""Calls in the engine: raised by a second one, met by what arrives, timed by the clock."""

from crossmargin.domain.holding import Side
from crossmargin.engine.calls import open_calls
from crossmargin.engine.effect import CallChanged
from crossmargin.engine.event_control import CallDisputed
from crossmargin.engine.event_money import Deposit
from tests.engine.day import USDC_UNITS, Story, fill, opening, played, price

HOUR_S = 3_600


def fallen(*indexes: str) -> Story:
    """Anna is long 1.6 bitcoin at 60,000 with 10,000 dollars, and the index falls."""
    story = opening()
    story.tell(fill("anna", Side.BUY, "1.6", "60000"))
    for index in indexes:
        story.tell(price(index))
        story.tick()
    return story


def test_a_growing_shortfall_is_called_by_a_second_call() -> None:
    state, told = played(fallen("58000", "57000").events)
    first, second = open_calls(state, "anna")
    # 10 % of 1.6 x 58,000 is 9,280 against 6,800; at 57,000 it is 9,120 against 5,200.
    assert (first.amount, second.amount) == (2_480, 1_440)
    assert (second.supplements, second.called_already) == (first.call_id, 2_480)
    assert second.deadline_ns == first.deadline_ns + (second.issued_ns - first.issued_ns)
    notes = [x.note for x in told if isinstance(x, CallChanged)]
    assert notes == ["below initial", "3920 is short, 2480 is called already"]


def test_a_fall_by_less_than_the_minimum_transfer_calls_nothing_more() -> None:
    state, _ = played(fallen("58000", "57950").events)
    assert len(open_calls(state, "anna")) == 1


def test_what_arrives_meets_the_first_deadline_first_and_a_cure_ends_all() -> None:
    story = fallen("58000", "57000")
    story.tell(Deposit(account_id="anna", asset="USDC", amount_units=2_480 * USDC_UNITS))
    story.tick()
    state, _ = played(story.events)
    (left,) = open_calls(state, "anna")
    assert left.supplements is not None
    assert left.received == 0
    story.tell(price("60000"))
    story.tick()
    state, _ = played(story.events)
    assert open_calls(state, "anna") == ()
    assert {call.state.value for call in state.calls.values()} == {"met"}


def test_a_dispute_of_the_first_call_does_not_stop_the_second() -> None:
    story = fallen("58000")
    state, _ = played(story.events)
    (first,) = open_calls(state, "anna")
    story.tell(CallDisputed(call_id=first.call_id, amount=first.amount, reason="the mark"))
    story.tick()
    story.tell(price("57000"))
    story.tick()
    state, _ = played(story.events)
    disputed, second = open_calls(state, "anna")
    assert (disputed.due, second.due) == (0, 1_440)
    story.tick(HOUR_S + 1)
    state, _ = played(story.events)
    assert state.calls[second.call_id].state.value == "expired"
    assert state.accounts["anna"].call_expired
