"""Prices, listings and parameters: who is touched, and that nobody else is."""

from decimal import Decimal

import numpy as np
import pytest

from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.domain.holding import Side
from crossmargin.engine.effect import Alarm, AlarmKind, EventRefused
from crossmargin.engine.event_control import ParameterChanged
from crossmargin.engine.event_market import ListingAdded, ListingRemoved, Price, Volatility
from crossmargin.engine.event_money import Deposit
from crossmargin.engine.event_trade import Settled
from crossmargin.engine.replay import replay_report, replayed
from crossmargin.engine.setup import Settings, setup_hash
from crossmargin.engine.valued import repriced, valued_market
from tests.engine.day import (
    BTC_UNITS,
    OPTION,
    PERPETUAL,
    fill,
    listing,
    opening,
    played,
    price,
    small_setup,
)

ETHER = "venue:ETH/USDC:USDC"


def test_what_is_priced_again_is_what_pricing_everything_gives_bit_for_bit() -> None:
    story = opening()
    story.tell(ListingAdded(listing=listing(ETHER)))
    story.tell(
        Price(asset="ETH", index=Decimal(2000), marks={ETHER: Decimal(2001)}), source="oracle"
    )
    story.tell(Volatility(listing_id=OPTION, vol=Decimal("0.5")), source="oracle")
    story.tell(Deposit(account_id="anna", asset="BTC", amount_units=BTC_UNITS))
    story.tell(fill("anna", Side.BUY, "1", "0.02", OPTION))
    story.tick()
    setup = small_setup()
    state, _ = played(story.events)
    family = state.valued.run(state.rules.recipes["tiny"])
    family.scan("grid")
    story.tell(Price(asset="ETH", index=Decimal(1900), marks={ETHER: Decimal(1890)}))
    story.tick()
    moved, _ = played(story.events)
    again = repriced(setup, state.valued, moved.snapshot, moved.listings, frozenset({"ETH"}))
    whole = valued_market(setup, moved.snapshot, moved.listings, state.valued.universe.assets)
    recipe = moved.rules.recipes["tiny"]
    for name in ("value", "change", "missing"):
        ours = getattr(again.run(recipe).scan("grid"), name)
        full = getattr(whole.run(recipe).scan("grid"), name)
        assert np.array_equal(ours, full, equal_nan=name != "missing")
    (key,) = again.priced.priced
    old = state.valued.priced.priced[key]
    kept = state.valued.universe.listing_ids.index(OPTION)
    assert np.array_equal(again.priced.priced[key].change[kept], old.change[kept])


def test_a_price_leaves_the_figures_of_others_the_very_same_objects() -> None:
    story = opening()
    story.tell(ListingAdded(listing=listing(ETHER)))
    story.tell(Price(asset="ETH", index=Decimal(2000), marks={ETHER: Decimal(2000)}))
    story.tick()
    story.tell(fill("anna", Side.BUY, "0.5", "60000"))
    story.tell(fill("bela", Side.BUY, "2", "2000", ETHER))
    story.tick()
    before, _ = played(story.events, small_setup(0))
    story.tell(Price(asset="ETH", index=Decimal(1900), marks={ETHER: Decimal(1900)}))
    story.tick()
    tail = story.events[-2:]
    after, _ = played(tail, small_setup(0), before)
    assert after.accounts["anna"].figures is before.accounts["anna"].figures
    assert after.accounts["bela"].figures != before.accounts["bela"].figures


def test_a_parameter_is_announced_and_in_force_from_its_hour_for_everybody_at_once() -> None:
    story = opening()
    story.tell(fill("anna", Side.BUY, "1", "60000"))
    story.tick()
    due_ns = story.now_ns + 60 * NS_PER_SECOND
    change = ParameterChanged(
        recipe="tiny", parameter="price_range", value=Decimal("0.15"), effective_ns=due_ns
    )
    story.tell(change)
    story.tick()
    announced, told = played(story.events)
    assert [x.kind for x in told if isinstance(x, Alarm)] == [AlarmKind.PARAMETER_ANNOUNCED]
    assert announced.rules.staged == (change,)
    story.tick(60)
    state, told = played(story.events)
    assert AlarmKind.PARAMETER_APPLIED in {x.kind for x in told if isinstance(x, Alarm)}
    figures = state.accounts["anna"].figures
    assert figures is not None
    assert figures.levels[0].requirement == 9_000
    assert state.rules.config_hash != announced.rules.config_hash


@pytest.mark.parametrize(
    ("recipe", "parameter", "value", "late_s"),
    [
        ("none", "price_range", "0.1", 60),
        ("tiny", "none", "0.1", 60),
        ("tiny", "price_range", "5", 60),
        ("tiny", "price_range", "0.1", -60),
    ],
)
def test_a_parameter_that_may_not_be_so_is_refused_when_it_is_announced(
    recipe: str, parameter: str, value: str, late_s: int
) -> None:
    story = opening()
    effective_ns = story.now_ns + late_s * NS_PER_SECOND
    story.tell(
        ParameterChanged(
            recipe=recipe, parameter=parameter, value=Decimal(value), effective_ns=effective_ns
        )
    )
    story.tick()
    state, told = played(story.events)
    assert isinstance(told[-1], EventRefused)
    assert state.rules.staged == ()


def test_a_listing_leaves_only_when_nobody_has_it() -> None:
    story = opening()
    story.tell(fill("anna", Side.BUY, "1", "60000"))
    story.tell(ListingRemoved(listing_id=PERPETUAL))
    story.tick()
    state, told = played(story.events)
    assert isinstance(told[-1], EventRefused)
    assert PERPETUAL in state.listings
    story.tell(Settled(listing_id=PERPETUAL, price=Decimal(61000)))
    story.tell(ListingRemoved(listing_id=PERPETUAL))
    story.tick()
    state, _ = played(story.events)
    assert PERPETUAL not in state.listings
    figures = state.accounts["anna"].figures
    assert figures is not None
    assert (figures.levels[0].equity, figures.levels[0].requirement) == (11_000, 0)


def test_a_replay_gives_the_same_hash_and_a_whole_report() -> None:
    story = opening()
    story.tell(fill("anna", Side.BUY, "1", "60000"))
    story.tell(price("59000"))
    story.tick()
    setup = small_setup()
    once, _ = replayed(setup, story.events)
    half, _ = replayed(setup, story.events[:7])
    twice, _ = replayed(setup, story.events[7:], half)
    report = replay_report(setup, once, len(story.events))
    assert report == replay_report(setup, twice, len(story.events))
    assert report.trial_balance_zero
    assert report.incremental_equals_full
    assert report.chain_failure is None


def test_how_often_the_engine_checks_itself_is_no_part_of_its_configuration() -> None:
    assert setup_hash(small_setup(0)) == setup_hash(small_setup(1))
    assert Settings().window_ns == 2 * NS_PER_SECOND
