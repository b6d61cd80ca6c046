"""What is allowed, on the state after the act; and what a refusal leaves open."""

from decimal import Decimal
from typing import Any

import pytest

from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.domain.account import Authority
from crossmargin.domain.holding import Side
from crossmargin.engine.effect import Decision, Effect, EventRefused
from crossmargin.engine.event import Body
from crossmargin.engine.event_control import Halted, HaltScope, PriceOverridden, Resumed
from crossmargin.engine.event_money import Deposit, Transfer, WithdrawalRequested
from crossmargin.engine.event_trade import (
    MassQuote,
    OrderCancelled,
    OrderPlaced,
    OrderReplaced,
    VenueSnapshot,
)
from crossmargin.engine.replay import what_if
from crossmargin.engine.state import EngineState
from crossmargin.engine.state_hash import state_hash
from crossmargin.rulebook.standing import Standing
from tests.engine.day import (
    PERPETUAL,
    USDC_UNITS,
    Story,
    fill,
    opened,
    opening,
    played,
    price,
    small_setup,
)


def order(account: str, side: Side, contracts: str, at: str = "60000", **more: Any) -> OrderPlaced:
    return OrderPlaced(
        account_id=account,
        order_id=more.pop("order_id", "o"),
        listing_id=PERPETUAL,
        side=side,
        contracts=Decimal(contracts),
        limit_price=Decimal(at),
        **more,
    )


def withdrawal(account: str, coins: int) -> WithdrawalRequested:
    return WithdrawalRequested(account_id=account, asset="USDC", amount_units=coins * USDC_UNITS)


def decided(story: Story, *bodies: Body) -> tuple[EngineState, list[Decision]]:
    for body in bodies:
        story.tell(body)
    story.tick()
    state, told = played(story.events)
    names = {x.event_id for x in story.events[-1 - len(bodies) :]}
    return state, [x for x in told if isinstance(x, Decision) and x.event_id in names]


def test_money_leaves_down_to_the_initial_requirement_and_not_a_cent_further() -> None:
    story = opening()
    story.tell(fill("anna", Side.BUY, "0.5", "60000"))
    # 0.5 x 60,000 x 10 % = 3,000 of 10,000.
    _, (decision,) = decided(story, withdrawal("anna", 7_000))
    assert (decision.allowed, decision.initial_buffer_after) == (True, "0")
    cent = WithdrawalRequested(account_id="anna", asset="USDC", amount_units=USDC_UNITS // 100)
    state, (decision,) = decided(story, cent)
    assert (decision.allowed, decision.limit) == (False, "initial_buffer")
    assert decision.market_sequence == state.snapshot.sequence
    assert decision.config_hash == state.rules.config_hash


@pytest.mark.parametrize("kind", ["withdrawal", "transfer"])
def test_no_sequence_of_allowed_moves_makes_an_account_unhealthy(kind: str) -> None:
    story = opening()
    story.tell(fill("anna", Side.BUY, "1", "60000"))
    for coins in (3_000, 900, 300, 90, 30, 9, 3, 1, 1, 1):
        if kind == "withdrawal":
            story.tell(withdrawal("anna", coins))
        else:
            units = coins * USDC_UNITS
            story.tell(
                Transfer(account_id="anna", to_account_id="bela", asset="USDC", amount_units=units)
            )
        story.tell(order("anna", Side.BUY, "0.01", order_id=f"o{coins}-{len(story.events)}"))
    story.tick()
    state, _ = played(story.events)
    own = state.accounts["anna"]
    assert own.figures is not None
    assert own.figures.levels[0].buffer is not None
    assert own.figures.levels[0].buffer >= 0


def test_paper_profit_never_leaves() -> None:
    story = opening()
    story.tell(fill("anna", Side.BUY, "1", "60000"))
    story.tell(price("70000"))
    # Equity 20,000, requirement 7,000, of which 10,000 is paper: 3,000 may go.
    _, decisions = decided(story, withdrawal("anna", 3_001), withdrawal("anna", 3_000))
    assert [x.limit for x in decisions] == ["paper_profit", None]


def test_an_order_is_judged_with_all_its_side_filled() -> None:
    story = opening()
    # 100,000 dollars of 10 % is 10,000.
    state, decisions = decided(
        story,
        order("anna", Side.BUY, "1.0", order_id="a"),
        order("anna", Side.BUY, "0.7", order_id="b"),
        order("anna", Side.SELL, "1.6", order_id="c"),
        order("anna", Side.BUY, "0.6", order_id="d"),
    )
    assert [x.limit for x in decisions] == [None, "initial_buffer", None, None]
    assert sorted(state.accounts["anna"].orders) == ["a", "c", "d"]


def test_under_initial_only_what_lowers_no_buffer_may_stand() -> None:
    story = opening()
    story.tell(fill("anna", Side.BUY, "1.6", "60000"))
    story.tell(price("58000"))
    state, decisions = decided(
        story,
        order("anna", Side.BUY, "0.1", "58000", order_id="more"),
        order("anna", Side.SELL, "3.3", "58000", order_id="turn"),
        order("anna", Side.SELL, "0.5", "58000", order_id="less", reduce_only=True),
    )
    own = state.accounts["anna"]
    assert own.held is not None
    assert own.held.standing is Standing.CALLED
    assert [x.limit for x in decisions] == ["initial_buffer", "initial_buffer", None]


def test_an_order_that_only_reduces_is_refused_when_it_would_do_more() -> None:
    story = opening()
    story.tell(fill("anna", Side.BUY, "0.5", "60000"))
    for number, (side, contracts) in enumerate([(Side.BUY, "0.1"), (Side.SELL, "0.6")]):
        story.tell(order("anna", side, contracts, order_id=f"o{number}", reduce_only=True))
    story.tick()
    _, told = played(story.events)
    assert [type(x) for x in told] == [EventRefused, EventRefused]


def test_a_refused_replacement_keeps_the_old_order_and_a_quote_is_taken_whole() -> None:
    story = opening()
    state, decisions = decided(
        story,
        order("anna", Side.BUY, "1"),
        OrderReplaced(
            account_id="anna", order_id="o", contracts=Decimal(5), limit_price=Decimal(60000)
        ),
        MassQuote(
            account_id="anna",
            listing_id=PERPETUAL,
            bid_contracts=Decimal("0.1"),
            bid_price=Decimal(59000),
            ask_contracts=Decimal(9),
            ask_price=Decimal(61000),
        ),
    )
    assert [x.allowed for x in decisions] == [True, False, False]
    assert [x.contracts for x in state.accounts["anna"].orders.values()] == [Decimal(1)]
    quote = MassQuote(
        account_id="anna",
        listing_id=PERPETUAL,
        bid_contracts=Decimal("0.1"),
        bid_price=Decimal(59000),
        ask_contracts=Decimal("0.2"),
        ask_price=Decimal(61000),
    )
    state, _ = decided(story, quote, quote, OrderCancelled(account_id="anna", order_id="o"))
    assert sorted(x.contracts for x in state.accounts["anna"].orders.values()) == [
        Decimal("0.1"),
        Decimal("0.2"),
    ]


def test_an_advised_account_is_told_and_goes_ahead() -> None:
    story = opening()
    story.tell(opened("carl", Authority.ADVISE))
    story.tick()
    story.tell(Deposit(account_id="carl", asset="USDC", amount_units=USDC_UNITS))
    state, (decision,) = decided(story, order("carl", Side.BUY, "1"))
    assert (decision.allowed, decision.enforced) == (False, False)
    assert "o" in state.accounts["carl"].orders


@pytest.mark.parametrize(
    ("scope", "name"),
    [(HaltScope.ALL, ""), (HaltScope.VENUE, "venue"), (HaltScope.LISTING, PERPETUAL)],
)
def test_a_halt_stops_new_risk_and_leaves_reducing_open(scope: HaltScope, name: str) -> None:
    story = opening()
    story.tell(fill("anna", Side.BUY, "0.5", "60000"))
    story.tick()
    story.tell(Halted(scope=scope, name=name, reason="a feed is down"))
    story.tick()
    _, decisions = decided(
        story,
        order("anna", Side.BUY, "0.1", order_id="more"),
        order("anna", Side.SELL, "0.1", order_id="less"),
        withdrawal("bela", 1),
    )
    allowed = scope is HaltScope.LISTING
    assert [x.limit for x in decisions] == ["halt", None, None if allowed else "halt"]
    story.tell(Resumed(scope=scope, name=name))
    story.tick()
    _, decisions = decided(story, order("anna", Side.BUY, "0.1", order_id="again"))
    assert decisions[0].allowed


def test_a_stale_price_stops_credit_but_no_deposit_no_reduction_and_liquidates_nobody() -> None:
    story = opening()
    story.tell(fill("anna", Side.BUY, "0.5", "60000"))
    story.tick()
    story.tick(31 * 60)
    state, decisions = decided(
        story,
        order("anna", Side.BUY, "0.1", order_id="more"),
        order("anna", Side.SELL, "0.1", order_id="less"),
        withdrawal("anna", 1),
        Deposit(account_id="anna", asset="USDC", amount_units=1),
    )
    assert [x.limit for x in decisions] == ["stale_price", None, "stale_price"]
    own = state.accounts["anna"]
    assert own.held is not None
    assert own.held.standing is Standing.HEALTHY


def test_a_venue_that_says_something_else_freezes_itself_until_it_agrees() -> None:
    story = opening()
    story.tell(fill("anna", Side.BUY, "0.5", "60000"))
    wrong = VenueSnapshot(account_id="anna", contracts={}, units={"USDC": 10_000 * USDC_UNITS})
    right = VenueSnapshot(
        account_id="anna",
        contracts={PERPETUAL: Decimal("0.5")},
        units={"USDC": 10_000 * USDC_UNITS},
    )
    state, (first, second) = decided(story, wrong, withdrawal("bela", 1), withdrawal("anna", 1))
    assert (first.limit, second.limit) == ("venue_mismatch", "venue_mismatch")
    assert state.accounts["anna"].positions[PERPETUAL].contracts == Decimal("0.5")
    _, (third,) = decided(story, right, withdrawal("bela", 1))
    assert third.allowed


def test_a_missing_event_of_a_venue_stops_credit_there_until_it_comes() -> None:
    story = opening()
    story.tell(Deposit(account_id="anna", asset="USDC", amount_units=1), source="venue")
    story.tell(Deposit(account_id="anna", asset="USDC", amount_units=1), source="venue")
    lost = story.events.pop()
    story.tell(Deposit(account_id="anna", asset="USDC", amount_units=1), source="venue")
    story.tick()
    _, (decision,) = decided(story, withdrawal("anna", 1))
    assert decision.limit == "venue_gap"
    story.events.append(lost)
    _, (decision,) = decided(story, withdrawal("anna", 2))
    assert decision.allowed


def _override(**change: Any) -> PriceOverridden:
    terms: dict[str, Any] = {
        "asset": "BTC",
        "index": Decimal(55000),
        "author": "olga",
        "approver": "piet",
        "reason": "the feed is wrong",
        "expires_ns": opening().now_ns + 10 * NS_PER_SECOND,
        **change,
    }
    return PriceOverridden(**terms)


def test_a_price_by_hand_needs_two_people_and_ends() -> None:
    for bad in (_override(approver="olga"), _override(expires_ns=1), _override(index=Decimal(0))):
        story = opening()
        story.tell(bad)
        story.tick()
        state, told = played(story.events)
        assert isinstance(told[-1], EventRefused)
    story = opening()
    story.tell(_override())
    story.tick()
    story.tell(price("61000"))
    story.tick()
    state, _ = played(story.events)
    assert state.snapshot.assets["BTC"].index is not None
    assert state.snapshot.assets["BTC"].index.value == 55000
    story.tick(10)
    _, (decision,) = decided(story, order("anna", Side.BUY, "1"))
    assert decision.limit == "stale_price", "nobody has said a price since the hand let go"
    story.tell(price("61000"))
    story.tick()
    state, _ = played(story.events)
    assert state.overrides == {}
    assert state.snapshot.assets["BTC"].index is not None
    assert state.snapshot.assets["BTC"].index.value == 61000


def test_what_if_is_what_then_happens_and_leaves_no_trace() -> None:
    story = opening()
    story.tell(fill("anna", Side.BUY, "0.5", "60000"))
    story.tick()
    setup = small_setup()
    state, _ = played(story.events)
    named = state_hash(state)
    bodies: list[Body] = [withdrawal("anna", 6_500), fill("anna", Side.SELL, "0.2", "61000")]
    imagined, told = what_if(setup, state, bodies)
    assert state_hash(state) == named
    story.tell(bodies[0])
    story.tell(bodies[1])
    story.tick()
    real, heard = played(story.events)
    assert imagined.accounts["anna"].figures == real.accounts["anna"].figures

    def allowances(effects: list[Effect]) -> list[tuple[bool, str | None]]:
        return [(x.allowed, x.initial_buffer_after) for x in effects if isinstance(x, Decision)]

    assert allowances(list(told)) == allowances(heard)
