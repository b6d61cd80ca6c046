"""Money on its way lowers a call and nothing else, and not for ever."""

from dataclasses import replace
from decimal import Decimal

from crossmargin.action.call import MarginCall
from crossmargin.domain.holding import Side
from crossmargin.engine.calls import open_calls
from crossmargin.engine.effect import Decision, EventRefused
from crossmargin.engine.event_money import (
    Deposit,
    DepositAnnounced,
    DepositSettled,
    WithdrawalRequested,
)
from crossmargin.engine.replay import replay_report
from crossmargin.engine.setup import CallPolicy
from crossmargin.ledger.ledger import available
from tests.engine.day import USDC_UNITS, Story, fill, opening, played, price, small_setup

ON_ITS_WAY = DepositAnnounced(account_id="anna", asset="USDC", amount_units=1_000 * USDC_UNITS)


def long() -> Story:
    """Anna is long 1.6 bitcoin at 60,000 with 10,000 dollars; 58,000 leaves her 2,480 short."""
    story = opening()
    story.tell(fill("anna", Side.BUY, "1.6", "60000"))
    story.tick()
    return story


def fallen(story: Story) -> tuple[MarginCall, ...]:
    story.tell(price("58000"))
    story.tick()
    return open_calls(played(story.events)[0], "anna")


def test_what_was_announced_before_a_call_lowers_it_and_meets_none_when_it_comes() -> None:
    story = long()
    name = story.tell(ON_ITS_WAY)
    (call,) = fallen(story)
    assert (call.shortfall, call.in_transit, call.amount) == (2_480, 1_000, 1_480)
    story.tell(DepositSettled(announced_id=name, arrived=True))
    story.tick()
    state, _ = played(story.events)
    (call,) = open_calls(state, "anna")
    assert (call.received, call.amount) == (0, 1_480)
    story.tell(Deposit(account_id="anna", asset="USDC", amount_units=1_480 * USDC_UNITS))
    story.tick()
    state, _ = played(story.events)
    assert open_calls(state, "anna") == ()
    assert replay_report(small_setup(), state, len(story.events)).trial_balance_zero


def test_what_never_comes_is_called_after_all() -> None:
    story = long()
    name = story.tell(ON_ITS_WAY)
    fallen(story)
    story.tell(DepositSettled(announced_id=name, arrived=False))
    story.tick()
    state, _ = played(story.events)
    first, second = open_calls(state, "anna")
    assert (first.amount, second.amount, second.in_transit) == (1_480, 1_000, 0)
    assert state.arrivals == {}


def test_what_is_announced_while_a_call_is_open_is_meant_for_it() -> None:
    story = long()
    fallen(story)
    name = story.tell(ON_ITS_WAY)
    story.tell(price("57000"))
    story.tick()
    first, second = open_calls(played(story.events)[0], "anna")
    assert (first.amount, second.amount, second.in_transit) == (2_480, 1_440, 0)
    story.tell(DepositSettled(announced_id=name, arrived=True))
    story.tick()
    first, second = open_calls(played(story.events)[0], "anna")
    assert (first.received, second.received) == (1_000, 0)


def test_an_announcement_that_nothing_follows_keeps_no_call_away() -> None:
    setup = replace(small_setup(), calls=CallPolicy(transit_ns=10**9))
    story = long()
    story.tell(ON_ITS_WAY)
    story.tick()
    story.tell(price("58000"))
    story.tick()
    (call,) = open_calls(played(story.events, setup)[0], "anna")
    assert (call.in_transit, call.amount) == (0, 2_480)


def test_nothing_on_its_way_is_equity_or_can_leave() -> None:
    story = opening()
    before, _ = played(story.events)
    story.tell(ON_ITS_WAY)
    story.tell(
        WithdrawalRequested(account_id="anna", asset="USDC", amount_units=10_001 * USDC_UNITS)
    )
    story.tick()
    state, told = played(story.events)
    assert available(state.ledger, "anna", "USDC") == 10_000 * USDC_UNITS
    assert state.accounts["anna"].figures == before.accounts["anna"].figures
    (decision,) = [each for each in told if isinstance(each, Decision)]
    assert not decision.allowed


def test_an_outcome_of_what_nobody_announced_is_refused_by_its_name() -> None:
    story = opening()
    name = story.tell(ON_ITS_WAY)
    for arrived in (True, False):
        story.tell(DepositSettled(announced_id=name, arrived=arrived))
    story.tick()
    state, told = played(story.events)
    (refusal,) = [each for each in told if isinstance(each, EventRefused)]
    assert refusal.failures[0].where == "announced_id"
    figures = state.accounts["anna"].figures
    assert figures is not None
    assert figures.levels[0].equity == Decimal(11_000)
