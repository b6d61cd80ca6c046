"""Several sources inside the engine: one price, who may say it, and what a doubt stops."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.domain.holding import Side
from crossmargin.engine.effect import (
    Alarm,
    AlarmKind,
    CallChanged,
    Decision,
    Effect,
    EventRefused,
    StandingChanged,
)
from crossmargin.engine.event_control import PriceOverridden
from crossmargin.engine.event_market import BackingStated, Price
from crossmargin.engine.event_money import Deposit, WithdrawalRequested
from crossmargin.engine.replay import replay_report
from crossmargin.engine.setup import Setup
from crossmargin.engine.snapshot import snapshot_body, state_of
from crossmargin.engine.state import EngineState
from crossmargin.engine.state_hash import state_hash
from crossmargin.market.oracle import BackingRule, PriceState
from crossmargin.rulebook.standing import Standing
from tests.engine.day import BTC_UNITS, PERPETUAL, Story, fill, played, small_setup
from tests.engine.test_decisions import order, withdrawal
from tests.engine.voices import NAMES, marked, policy, say, voiced_opening, voiced_setup

D = Decimal


def told_in(story: Story, setup: Setup | None = None) -> tuple[EngineState, list[Effect]]:
    return played(story.events, setup or voiced_setup())


def standing(state: EngineState, name: str = "anna") -> Standing:
    held = state.accounts[name].held
    assert held is not None
    return held.standing


def last_limit(effects: list[Effect]) -> str | None:
    return [x for x in effects if isinstance(x, Decision)][-1].limit


def kinds(effects: list[Effect]) -> list[AlarmKind]:
    return [x.kind for x in effects if isinstance(x, Alarm)]


def test_the_index_is_the_median_of_what_the_sources_say() -> None:
    story = voiced_opening()
    say(story, {"aqua": "60100", "blue": "60300", "cyan": "60200", "dark": "60400"})
    story.tick()
    state, _ = told_in(story)
    quote = state.snapshot.assets["BTC"]
    assert quote.index is not None
    assert quote.low is not None
    assert quote.high is not None
    assert quote.index.value == 60_250
    assert quote.low.value < quote.index.value < quote.high.value
    assert quote.index.source.text == "median of 4 sources: aqua, blue, cyan, dark"


LIES = ("tenth", "tenfold", "frozen", "nan", "negative", "future", "silent", "zero", "infinite")


def _day(lie: str | None, honest: tuple[int, ...], liar: int) -> Story:
    """Acts and prices of a short day on which one of four sources may lie in one way."""
    story = voiced_opening()
    story.tell(Deposit(account_id="anna", asset="BTC", amount_units=BTC_UNITS // 10))
    story.tell(fill("anna", Side.BUY, "1.2", "60000"))
    story.tell(fill("bela", Side.SELL, "0.8", "60000"))
    story.tick()
    for number, index in enumerate(honest):
        for place, name in enumerate(NAMES):
            said, at_ns = D(index), story.now_ns + 1
            if place == liar:
                if lie is None:
                    continue
                said, at_ns = _lie(lie, index, at_ns)
                if lie == "silent":
                    continue
            story.tell(Price(asset="BTC", index=said, marks={}), source=name, at_ns=at_ns)
        marked(story, str(index))
        story.tell(order("anna", Side.BUY, "0.05", str(index), order_id=f"a{number}"))
        story.tell(withdrawal("bela", 700))
        story.tick(15)
    return story


def _lie(lie: str, index: int, at_ns: int) -> tuple[Decimal, int]:
    match lie:
        case "tenth":
            return D(index) / 10, at_ns
        case "tenfold":
            return D(index) * 10, at_ns
        case "frozen":
            return D(60_000), at_ns
        case "nan":
            return D("NaN"), at_ns
        case "negative":
            return D(-index), at_ns
        case "future":
            return D(index) * 2, at_ns + 500 * NS_PER_SECOND
        case "infinite":
            return D("Infinity"), at_ns
        case _:
            return D(0), at_ns


def _outcomes(story: Story) -> list[tuple[object, ...]]:
    """Decisions, standings and calls, without the names of events and prices."""
    _, effects = told_in(story, voiced_setup(0))
    found: list[tuple[object, ...]] = []
    for x in effects:
        if isinstance(x, Decision):
            found.append((x.account_id, x.allowed, x.limit, x.initial_buffer_after))
        elif isinstance(x, StandingChanged):
            found.append((x.account_id, x.before, x.after, x.buffers))
        elif isinstance(x, CallChanged):
            found.append((x.call.account_id, x.note, x.call.amount))
    return found


@settings(max_examples=15, deadline=None)
@given(
    lie=st.sampled_from(LIES),
    liar=st.integers(0, 3),
    steps=st.lists(st.integers(-900, 900), min_size=2, max_size=3),
)
def test_one_dishonest_source_changes_no_decision(lie: str, liar: int, steps: list[int]) -> None:
    honest, index = [], 60_000
    for step in steps:
        index += step
        honest.append(index)
    if lie == "frozen" and any(abs(x - 60_000) <= 0.021 * x for x in honest):
        # Within the filter a frozen source is a voice like another, and cannot be told from one.
        honest = [x - 6_000 for x in honest]
    path = tuple(honest)
    assert _outcomes(_day(lie, path, liar)) == _outcomes(_day(None, path, liar))


def test_a_source_that_lies_is_named() -> None:
    story = voiced_opening()
    say(story, {"aqua": "60000", "blue": "60000", "cyan": "60000", "dark": "600000"})
    story.tick()
    state, effects = told_in(story)
    alarms = [x for x in effects if isinstance(x, Alarm) and x.kind is AlarmKind.PRICE_SOURCE]
    assert alarms[-1].message == "left out: dark (deviant)"
    assert state.prices["BTC"].left_out == (("dark", "deviant"),)


def test_without_a_quorum_one_asset_is_in_doubt_with_a_timer_and_a_named_fallback() -> None:
    story = voiced_opening()
    story.tick(40)
    state, effects = told_in(story)
    found = state.prices["BTC"].fused
    assert found is not None
    assert (found.state, found.index) == (PriceState.INTERVAL, 60_000)
    assert AlarmKind.PRICE_IN_DOUBT in kinds(effects)
    story.tick(600)
    state, effects = told_in(story)
    found = state.prices["BTC"].fused
    assert found is not None
    assert (found.state, found.fallback) == (PriceState.FALLBACK, "last good price")
    assert "priced by last good price" in [x.message for x in effects if isinstance(x, Alarm)]
    say(story, "59000")
    story.tick()
    state, effects = told_in(story)
    assert kinds(effects)[-1] is AlarmKind.PRICE_FRESH
    assert state.snapshot.assets["BTC"].index.value == 59_000  # type: ignore[union-attr]


def test_a_doubt_about_one_asset_leaves_others_their_credit() -> None:
    story = voiced_opening()
    story.tell(Deposit(account_id="anna", asset="BTC", amount_units=BTC_UNITS))
    story.tick()
    story.tick(40)
    story.tell(withdrawal("anna", 10_000))
    story.tick()
    _, effects = told_in(story)
    assert last_limit(effects) is None, "the dollars are not in doubt"
    story.tell(WithdrawalRequested(account_id="anna", asset="BTC", amount_units=BTC_UNITS))
    story.tick()
    _, effects = told_in(story)
    assert last_limit(effects) is None, "nothing is owed"


def test_what_is_in_doubt_backs_no_new_risk_and_takes_no_reduction_away() -> None:
    story = voiced_opening()
    story.tell(Deposit(account_id="anna", asset="BTC", amount_units=BTC_UNITS))
    story.tell(fill("anna", Side.BUY, "0.5", "60000"))
    story.tick()
    story.tick(40)
    limits = []
    for body in (
        withdrawal("anna", 5_000),
        order("anna", Side.BUY, "1", order_id="more"),
        order("anna", Side.SELL, "0.2", order_id="less"),
        Deposit(account_id="anna", asset="USDC", amount_units=1),
    ):
        story.tell(body)
        story.tick()
        _, effects = told_in(story)
        limits.append(last_limit(effects))
    assert limits == ["price_in_doubt", "price_in_doubt", None, None]


def test_a_doubt_liquidates_only_who_fails_at_the_best_end_too() -> None:
    """The mark says that anna has lost; at the top of bitcoin's interval she has not."""
    story = voiced_opening()
    story.tell(fill("anna", Side.BUY, "1", "60000"))
    story.tell(Deposit(account_id="bela", asset="BTC", amount_units=1))
    story.tell(fill("bela", Side.BUY, "0.001", "60000"))
    story.tick()
    story.tick(40)
    marked(story, "52000")
    story.tick()
    state, _ = told_in(story)
    assert standing(state) is Standing.REDUCE_ONLY
    sure = story.events.copy()
    say(story, "52000")
    story.tick(61)
    say(story, "52000")
    story.tick(3)
    state, _ = told_in(story)
    assert standing(state) is Standing.LIQUIDATING
    # Who owes more than the best end gives is liquidated in spite of the doubt.
    story.events = sure
    marked(story, "30000")
    story.tick()
    state, _ = told_in(story)
    assert standing(state) is Standing.BANKRUPT


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("stranger", Price(asset="BTC", index=D(60_000), marks={})),
        ("feed", Price(asset="BTC", index=D(60_000), marks={})),
        ("aqua", Price(asset="USDC", index=D(1), marks={})),
        ("aqua", Price(asset="BTC", index=D(60_000), marks={PERPETUAL: D(60_000)})),
        ("feed", BackingStated(asset="BTC", backed_frac=D(1), proven_ns=1, redeemable=True)),
    ],
)
def test_who_may_not_say_a_price_is_not_heard(source: str, body: Price) -> None:
    story = voiced_opening()
    before, _ = told_in(story)
    story.tell(body, source=source)
    story.tick()
    after, effects = told_in(story)
    assert any(isinstance(x, EventRefused) for x in effects)
    assert after.snapshot.assets == before.snapshot.assets


def test_a_setup_that_says_nothing_of_prices_has_none() -> None:
    story = voiced_opening()
    bare = replace(small_setup(), prices=replace(voiced_setup().prices, policies={}, trusted=()))
    state, effects = told_in(story, bare)
    assert state.snapshot.assets == {}
    assert sum(isinstance(x, EventRefused) for x in effects) == 6


def test_a_decision_keeps_what_each_source_said() -> None:
    story = voiced_opening()
    say(story, {"aqua": "60010", "blue": "60000", "cyan": "59990", "dark": "6000"})
    story.tell(order("anna", Side.BUY, "0.1"))
    story.tick()
    _, effects = told_in(story)
    vector = next(x for x in effects if isinstance(x, Decision)).prices
    by_asset = {own.asset: own for own in vector.prices}
    assert [(source, price) for source, price, _ in by_asset["BTC"].said] == [
        ("aqua", 60_010),
        ("blue", 60_000),
        ("cyan", 59_990),
    ]
    assert by_asset["USDC"].said[0][:2] == ("feed", 1.0)
    assert [(own.listing_id, own.mark) for own in vector.marks] == [(PERPETUAL, 60_000)]


def test_the_order_of_arrival_inside_the_window_and_a_replay_change_nothing() -> None:
    story = voiced_opening()
    story.tell(fill("anna", Side.BUY, "1", "60000"))
    for second, index in enumerate(("60100", "60200", "59000")):
        say(story, index, at_ns=story.now_ns + 1 + second * 1000)
    told = story.events[-12:]
    story.tick()
    state, _ = told_in(story)
    other, _ = played([*story.events[:-13], *reversed(told), story.events[-1]], voiced_setup())
    assert state_hash(other) == state_hash(state)
    report = replay_report(voiced_setup(), state, len(story.events))
    assert report.incremental_equals_full
    assert state_hash(state_of(voiced_setup(), snapshot_body(state))) == state_hash(state)


def test_a_price_set_by_hand_holds_against_the_sources_and_ends() -> None:
    story = voiced_opening()
    story.tell(
        PriceOverridden(
            asset="BTC",
            index=D(55_000),
            author="olga",
            approver="paul",
            reason="all venues are down",
            expires_ns=story.now_ns + 20 * NS_PER_SECOND,
        )
    )
    story.tick()
    say(story, "60500")
    story.tick()
    state, _ = told_in(story)
    assert state.snapshot.assets["BTC"].index.value == 55_000  # type: ignore[union-attr]
    story.tick(20)
    state, _ = told_in(story)
    assert state.snapshot.assets["BTC"].index.value == 60_500  # type: ignore[union-attr]


def test_a_wrapped_coin_is_credited_as_far_as_it_is_backed() -> None:
    rule = BackingRule(
        base="BTC", ratio=1.0, gap_frac=0.05, backed_frac_min=0.99, proof_stale_ns=10**15
    )
    wrapped = policy("WBTC", backing=rule, fallback=None)
    setup = voiced_setup()
    policies = {**setup.prices.policies, "WBTC": wrapped}
    setup = replace(setup, prices=replace(setup.prices, policies=policies))
    units = 10 ** setup.assets["WBTC"].decimals
    story = voiced_opening()
    say(story, "59990", "WBTC")
    story.tell(Deposit(account_id="anna", asset="WBTC", amount_units=units))
    story.tell(fill("anna", Side.BUY, "1", "60000"))
    story.tick()
    story.tell(withdrawal("anna", 9_000))
    story.tick()
    _, effects = told_in(story, setup)
    assert last_limit(effects) == "initial_buffer", "nothing is known of what backs it"
    proof = BackingStated(asset="WBTC", backed_frac=D(1), proven_ns=story.now_ns, redeemable=True)
    story.tell(proof)
    say(story, "60000")
    say(story, "59990", "WBTC")
    story.tell(withdrawal("anna", 9_000))
    story.tick()
    _, effects = told_in(story, setup)
    assert last_limit(effects) is None
