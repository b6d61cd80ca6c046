"""Parts of what happened elsewhere, one at a time; the replays with losses are beside this."""

from dataclasses import replace
from decimal import Decimal

import pytest

from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.domain.holding import Side
from crossmargin.engine.effect import Decision, EventRefused
from crossmargin.engine.event_control import CallDisputed
from crossmargin.engine.event_market import Price
from crossmargin.engine.event_money import Deposit
from crossmargin.engine.setup import Setup
from crossmargin.rulebook.standing import Standing
from tests.engine.day import (
    BTC_UNITS,
    PERPETUAL,
    Story,
    fill,
    opening,
    played,
    price,
    small_setup,
)
from tests.engine.test_decisions import decided, order, withdrawal


def _last_decision(story: Story, setup: Setup) -> Decision:
    _, told = played(story.events, setup)
    return [x for x in told if isinstance(x, Decision)][-1]


@pytest.mark.parametrize("on", [True, False])
def test_a_frozen_feed_gives_no_new_credit(on: bool) -> None:
    """Terra, May 2022: a feed stood at its floor while the market was a tenth of it.

    Off: a staleness limit that never ends.
    """
    setup = small_setup()
    if not on:
        setup = replace(setup, settings=replace(setup.settings, stale_ns=10**18))
    story = opening()
    story.tell(Deposit(account_id="anna", asset="BTC", amount_units=BTC_UNITS))
    story.tell(fill("anna", Side.BUY, "0.5", "60000"))
    story.tick()
    story.tick(3_600)
    story.tell(Price(asset="USDC", index=Decimal(1), marks={}))
    story.tick()
    story.tell(withdrawal("anna", 9_000))
    story.tick()
    decision = _last_decision(story, setup)
    assert decision.allowed is not on
    assert decision.limit == ("stale_price" if on else None)


def test_calls_are_not_switched_off_by_a_halt_or_a_dispute() -> None:
    """LME, March 2022: prices were suspended and calls with them. Here a call goes its way."""
    story = opening()
    story.tell(fill("anna", Side.BUY, "1.6", "60000"))
    story.tell(price("58000"))
    story.tick()
    state, _ = played(story.events)
    (name,) = state.calls
    amount = state.calls[name].amount
    story.tell(CallDisputed(call_id=name, amount=amount, reason="the price is wrong"))
    story.tick()
    story.tick(2 * 3_600 + 1)
    state, _ = played(story.events)
    held = state.accounts["anna"].held
    assert held is not None
    assert held.standing is Standing.CALLED, "a dispute changes no standing"
    assert state.calls[name].state.value == "expired"
    assert state.accounts["anna"].call_expired
    story.tell(price("57900"))
    story.tick()
    assert list(played(story.events)[0].calls) == [name], "one shortfall is called once"


def test_dust_of_a_coin_without_a_price_takes_credit_from_nobody() -> None:
    """It makes its holder's figures unavailable; an act is judged as if it were not there."""
    story = opening()
    story.tell(Deposit(account_id="anna", asset="SOL", amount_units=1))
    story.tick()
    state, (first, second) = decided(
        story, order("anna", Side.BUY, "0.1"), order("bela", Side.BUY, "0.1")
    )
    assert (first.limit, second.limit) == (None, None)
    held = state.accounts["anna"].held
    assert held is not None
    assert held.standing is Standing.UNAVAILABLE


def test_dust_shields_nobody_who_is_to_be_liquidated() -> None:
    """Neither a standing reached before the dust came, nor one after, is taken back by it."""
    story = opening()
    story.tell(fill("anna", Side.BUY, "1", "60000"))
    story.tell(price("52000"), source="oracle")
    story.tick()
    before = played(story.events)[0].accounts["anna"].held
    assert before is not None
    assert before.standing is Standing.LIQUIDATING
    story.tell(Deposit(account_id="anna", asset="SOL", amount_units=1))
    story.tick()
    after = played(story.events)[0].accounts["anna"].held
    assert after is not None
    assert after.standing is Standing.LIQUIDATING


def test_dust_that_was_there_before_shields_nobody_from_a_fall() -> None:
    story = opening()
    story.tell(fill("anna", Side.BUY, "1", "60000"))
    story.tell(Deposit(account_id="anna", asset="SOL", amount_units=1))
    story.tick()
    before = played(story.events)[0].accounts["anna"].held
    assert before is not None
    assert before.standing is Standing.UNAVAILABLE
    story.tell(price("52000"), source="oracle")
    story.tick()
    after = played(story.events)[0].accounts["anna"].held
    assert after is not None
    assert after.standing is Standing.LIQUIDATING


@pytest.mark.parametrize("index", ["0", "-60000", "1e-19", "1e16"])
def test_a_price_that_is_none_changes_nothing(index: str) -> None:
    story = opening()
    story.tell(fill("anna", Side.BUY, "1", "60000"))
    story.tick()
    before, _ = played(story.events)
    story.tell(Price(asset="BTC", index=Decimal(index), marks={PERPETUAL: Decimal(index)}))
    story.tick()
    after, told = played(story.events)
    assert isinstance(told[-1], EventRefused)
    assert after.accounts["anna"].figures == before.accounts["anna"].figures
    assert after.snapshot.sequence == before.snapshot.sequence


def test_a_better_standing_needs_room_and_time() -> None:
    story = opening()
    story.tell(fill("anna", Side.BUY, "1.6", "60000"))
    story.tell(price("58000"))
    story.tick()
    story.tell(price("60000"))
    story.tick()
    early = played(story.events)[0].accounts["anna"].held
    assert early is not None
    assert early.standing is Standing.CALLED
    story.tick(61)
    late = played(story.events)[0].accounts["anna"].held
    assert late is not None
    assert late.standing in (Standing.WARNED, Standing.HEALTHY)
    assert late.since_ns == story.now_ns
    assert story.now_ns - early.since_ns >= 60 * NS_PER_SECOND
