"""Circuit breakers: each trips on its metric, stops what it says, and lets go as it says."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.domain.holding import Side
from crossmargin.engine.breaker import (
    Breaker,
    BreakerAction,
    BreakerState,
    Metric,
)
from crossmargin.engine.breaking import _sampled, metric_of
from crossmargin.engine.effect import Alarm, AlarmKind, Decision, Effect, EventRefused
from crossmargin.engine.event_control import Halted, HaltScope, Resumed
from crossmargin.engine.event_market import ListingAdded, Price
from crossmargin.engine.event_money import Deposit, Transfer
from crossmargin.engine.replay import replay_report
from crossmargin.engine.setup import Setup
from tests.engine.day import (
    USDC_UNITS,
    Story,
    fill,
    listing,
    opening,
    played,
    price,
    small_setup,
)
from tests.engine.test_decisions import order, withdrawal
from tests.engine.voices import policy

BOTH = (BreakerAction.NO_NEW_RISK, BreakerAction.NO_WITHDRAWALS)
ETHER = "venue:ETH/USDC:USDC"


def breaker(**more: Any) -> Breaker:
    words: dict[str, Any] = {
        "name": "fast-bitcoin",
        "metric": Metric.PRICE_MOVE,
        "asset": "BTC",
        "window_ns": 64 * NS_PER_SECOND,
        "bound": 0.1,
        "actions": BOTH,
        "calm_ns": 30 * NS_PER_SECOND,
    }
    return Breaker(**{**words, **more})


def with_breaker(*own: Breaker, sample_every: int = 1) -> Setup:
    return replace(small_setup(sample_every), breakers=own)


def trips(effects: list[Effect]) -> list[tuple[AlarmKind, str]]:
    kinds = (AlarmKind.BREAKER_TRIPPED, AlarmKind.BREAKER_RELEASED)
    return [(x.kind, x.where) for x in effects if isinstance(x, Alarm) and x.kind in kinds]


def limits(effects: list[Effect]) -> list[str | None]:
    return [x.limit for x in effects if isinstance(x, Decision)]


def crashed(*more: Any, to: str = "52000") -> Story:
    """Anna is long half a bitcoin; bitcoin falls by more than a tenth within seconds."""
    story = opening()
    story.tell(fill("anna", Side.BUY, "0.5", "60000"))
    story.tick()
    story.tell(price("57000"))
    story.tick()
    story.tell(price(to))
    story.tick()
    for body in more:
        story.tell(body)
    story.tick()
    return story


def test_a_fast_price_stops_new_risk_and_withdrawals_and_nothing_else() -> None:
    story = crashed(
        order("anna", Side.BUY, "0.01", "52000", order_id="more"),
        order("anna", Side.SELL, "0.1", "52000", order_id="less"),
        withdrawal("anna", 1),
        Deposit(account_id="anna", asset="USDC", amount_units=1),
    )
    state, effects = played(story.events, with_breaker(breaker()))
    assert limits(effects) == ["breaker:fast-bitcoin", None, "breaker:fast-bitcoin"]
    assert trips(effects) == [(AlarmKind.BREAKER_TRIPPED, "fast-bitcoin")]
    alarm = next(x for x in effects if isinstance(x, Alarm))
    assert alarm.message == (
        "price_move of BTC is 0.153846 within 64 s, bound 0.1: no_new_risk, no_withdrawals"
    )
    assert replay_report(with_breaker(breaker()), state, 0).incremental_equals_full
    _, effects = played(story.events, small_setup())
    assert limits(effects) == [None, None, None], "without the breaker all of it goes through"


def test_a_breaker_of_one_asset_leaves_others_alone() -> None:
    story = crashed(
        ListingAdded(listing=listing(ETHER)),
        Price(asset="ETH", index=Decimal(2_000), marks={ETHER: Decimal(2_000)}),
    )
    on_ether = replace(order("bela", Side.BUY, "0.5", "2000", order_id="ether"), listing_id=ETHER)
    story.tell(on_ether)
    story.tell(withdrawal("bela", 1))
    story.tell(order("bela", Side.BUY, "0.01", "52000"))
    story.tick()
    _, effects = played(story.events, with_breaker(breaker()))
    assert limits(effects) == [None, None, "breaker:fast-bitcoin"]


def test_a_breaker_lets_go_after_its_calm_and_not_before() -> None:
    story = crashed()
    for expected in (1, 1, 2):
        story.tick(40)
        _, effects = played(story.events, with_breaker(breaker()))
        assert len(trips(effects)) == expected
    assert trips(effects)[-1] == (AlarmKind.BREAKER_RELEASED, "fast-bitcoin")
    story.tell(order("anna", Side.BUY, "0.01", "52000"))
    story.tick()
    _, effects = played(story.events, with_breaker(breaker()))
    assert limits(effects) == [None]


def test_a_breaker_without_calm_holds_until_the_operator_lets_it_go() -> None:
    setup = with_breaker(breaker(calm_ns=None))
    story = crashed()
    story.tick(10_000)
    resume = Resumed(scope=HaltScope.BREAKER, name="fast-bitcoin")
    story.tell(price("52000"))
    story.tell(Price(asset="USDC", index=Decimal(1), marks={}))
    story.tell(order("anna", Side.BUY, "0.01", "52000", order_id="early"))
    story.tick()
    story.tell(resume)
    story.tell(order("anna", Side.BUY, "0.01", "52000", order_id="after"))
    story.tick()
    _, effects = played(story.events, setup)
    assert limits(effects) == ["breaker:fast-bitcoin", None]
    story.tell(resume)
    story.tell(Halted(scope=HaltScope.BREAKER, name="fast-bitcoin", reason="for fun"))
    story.tick()
    _, effects = played(story.events, setup)
    assert [isinstance(x, EventRefused) for x in effects[-2:]] == [True, True]


def test_too_much_money_leaving_stops_what_leaves_and_not_what_comes() -> None:
    own = breaker(
        name="outflow",
        metric=Metric.WITHDRAWN,
        asset=None,
        bound=1_000.0,
        actions=(BreakerAction.NO_WITHDRAWALS,),
    )
    story = opening()
    for coins in (600, 20_000, 300):
        story.tell(withdrawal("anna", coins))
    units = 200 * USDC_UNITS
    story.tell(Transfer(account_id="bela", to_account_id="anna", asset="USDC", amount_units=units))
    story.tell(withdrawal("bela", 1))
    story.tell(order("bela", Side.BUY, "0.01"))
    story.tick()
    state, effects = played(story.events, with_breaker(own))
    # 600 and 300 are gone, 20,000 was refused, 200 more goes above the bound: then it is closed.
    assert limits(effects) == [None, "funds", None, None, "breaker:outflow", None]
    assert metric_of(own, state.breakers["outflow"]) == pytest.approx(1_100)


def test_many_liquidations_stop_new_risk() -> None:
    own = breaker(
        name="cascade",
        metric=Metric.LIQUIDATIONS,
        asset=None,
        bound=1.0,
        actions=(BreakerAction.NO_NEW_RISK,),
    )
    story = opening()
    story.tell(fill("anna", Side.BUY, "1", "60000"))
    story.tell(fill("bela", Side.BUY, "0.9", "60000"))
    story.tick()
    story.tell(price("53000"))
    story.tick()
    _, effects = played(story.events, with_breaker(own))
    assert trips(effects) == [], "one account is no cascade"
    story.tell(price("51000"))
    story.tick()
    _, effects = played(story.events, with_breaker(own))
    assert trips(effects) == [(AlarmKind.BREAKER_TRIPPED, "cascade")]


def test_assets_without_a_price_trip_a_breaker() -> None:
    own = breaker(name="blind", metric=Metric.DOUBTS, asset=None, bound=0.0)
    setup = with_breaker(own)
    rules = replace(setup.prices, policies={"SOL": policy("SOL", band_low=0.01)})
    setup = replace(setup, prices=rules)
    story = opening()
    for name in ("aqua", "blue", "cyan"):
        story.tell(Price(asset="SOL", index=Decimal(150), marks={}), source=name)
    story.tick()
    _, effects = played(story.events, setup)
    assert [kind for kind, _ in trips(effects)] == [AlarmKind.BREAKER_TRIPPED], "one alone at first"
    story.tick(200)
    _, effects = played(story.events, setup)
    assert len(trips(effects)) == 1, "the sources have been silent"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"window_ns": 1}, "window"),
        ({"bound": float("nan")}, "bound"),
        ({"bound": -1.0}, "bound"),
        ({"calm_ns": -1}, "calm"),
        ({"actions": ()}, "actions"),
        ({"asset": None}, "asset"),
        ({"metric": Metric.DOUBTS}, "asset"),
    ],
)
def test_a_breaker_that_makes_no_sense_is_refused_with_the_field(
    change: dict[str, Any], field: str
) -> None:
    with pytest.raises(InputRefused) as refused:
        breaker(**change)
    assert {x.where for x in refused.value.failures} == {f"breakers.fast-bitcoin.{field}"}
    with pytest.raises(InputRefused, match="two breakers"):
        with_breaker(breaker(), breaker())


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 20), st.floats(1.0, 100.0)), min_size=1, max_size=30))
def test_a_metric_never_misses_what_its_window_holds_and_forgets_what_is_older(
    steps: list[tuple[int, float]],
) -> None:
    """Beside it the same from all that was seen, without parts of a window."""
    own = breaker()
    kept, now_ns, seen = BreakerState(), 10**18, []
    for seconds, index in steps:
        now_ns += seconds * NS_PER_SECOND
        seen.append((now_ns, index))
        kept = _sampled(own, kept, index, now_ns)
        part_ns = own.window_ns // 32
        # Each index holds until the next one is said.
        until = [*(at for at, _ in seen[1:]), now_ns]
        held = [(at, x) for at, (_, x) in zip(until, seen, strict=True)]
        inside = [x for at, x in held if at > now_ns - own.window_ns]
        around = [x for at, x in held if at > now_ns - own.window_ns - 2 * part_ns]
        found = metric_of(own, kept)
        assert max(inside) / min(inside) - 1 <= found <= max(around) / min(around) - 1
    assert len(kept.samples) <= 34
