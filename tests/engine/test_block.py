"""Whoever a price touches may be margined together: nothing that is told or known depends on it."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.domain.holding import Side
from crossmargin.engine import block
from crossmargin.engine.block import Block
from crossmargin.engine.event_control import ParameterChanged
from crossmargin.engine.event_market import ListingAdded, ListingRemoved, Price
from crossmargin.engine.event_money import Deposit, Interest
from crossmargin.engine.event_trade import Funding
from crossmargin.engine.snapshot import snapshot_body, state_of
from crossmargin.engine.state import EngineState
from crossmargin.engine.state_hash import state_hash
from tests.engine.day import (
    INVERSE,
    PERPETUAL,
    USDC_UNITS,
    Story,
    fill,
    listing,
    opened,
    opening,
    played,
    price,
    small_setup,
)

ALONE, TOGETHER = small_setup(0, together_least=10**9), small_setup(0, together_least=2)
LATER = ("venue:BTC/USDC:USDC-261225", "venue:BTC/USDC:USDC-260925", "venue:BTC/USDC")
STEPS = st.lists(
    st.tuples(st.sampled_from("ppppffdiioalrwt"), st.integers(0, 60)), min_size=3, max_size=14
)


def _story(steps: list[tuple[str, int]]) -> Story:
    story = opening()
    names = ["anna", "bela"]
    for number in range(4):
        names.append(f"carl-{number}")
        story.tell(opened(names[-1]))
        story.tell(Deposit(account_id=names[-1], asset="USDC", amount_units=9_000 * USDC_UNITS))
    for place, name in enumerate(names):
        where = INVERSE if place % 3 == 2 else PERPETUAL
        story.tell(fill(name, Side.BUY, f"0.{place + 1}", "60000", where))
    story.tick()
    for what, size in steps:
        _tell(story, names, what, size)
        story.tick()
    return story


def _tell(story: Story, names: list[str], what: str, size: int) -> None:
    name = names[size % len(names)]
    match what:
        case "p":
            story.tell(price(str(60_000 - 350 * (size - 25))))
        case "d":
            story.tell(Deposit(account_id=name, asset="BTC", amount_units=1_000 * size + 1))
        case "i":
            # Less than what is shown: an account may hold something else and show the same.
            amount = Decimal(size - 30) / 10_240
            story.tell(Interest(account_id=name, asset="USDC", amount=amount))
        case "f":
            side = Side.BUY if size % 2 else Side.SELL
            story.tell(fill(name, side, f"0.{size + 1}", "59000"))
        case "o":
            names.append(f"dora-{len(names)}")
            story.tell(opened(names[-1]))
        case "a":
            story.tell(Price(asset="USDC", index=Decimal(1) - Decimal(size) / 1000, marks={}))
        case "l":
            story.tell(ListingAdded(listing=listing(LATER[size % 3])))
        case "r":
            story.tell(ListingRemoved(listing_id=LATER[size % 3]))
        case "w":
            value = Decimal(size + 1) / 100
            story.tell(
                ParameterChanged(
                    recipe="tiny",
                    parameter="price_range",
                    value=value,
                    effective_ns=story.now_ns + 1,
                )
            )
        case _:
            story.tell(Funding(listing_id=PERPETUAL, amount_per_contract=Decimal(size)))


def _blocks(state: EngineState) -> list[Block]:
    return [own for own in state.accounts.overlays if isinstance(own, Block)]


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_margined_together_or_one_by_one_everything_is_the_same(
    steps: list[tuple[str, int]],
) -> None:
    events = _story(steps).events
    alone, told = played(events, ALONE)
    together, told_again = played(events, TOGETHER)
    assert _blocks(alone) == []
    assert told_again == told
    assert state_hash(together) == state_hash(alone)
    assert snapshot_body(together) == snapshot_body(alone)


def test_only_who_may_stand_elsewhere_is_written_after_a_price() -> None:
    story = _story([("p", 25)])
    state, _ = played(story.events, TOGETHER)
    before = dict(state.accounts.under_items())
    story.tell(price("59990"))
    story.tick()
    after, _ = played(story.events[-2:], TOGETHER, state)
    written = {name for name, own in after.accounts.under_items() if own is not before[name]}
    assert written == set()
    assert all(own.figures != before[name].figures for name, own in after.accounts.items())
    assert sum(len(own.names - own.newer) for own in _blocks(after)) == len(before)


def test_many_small_blocks_become_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block, "BLOCKS_MOST", 1)
    steps = [("p", 20), ("f", 0), ("f", 1), ("f", 2), ("p", 22), ("f", 3), ("f", 4), ("p", 24)]
    story = _story(steps)
    together, told = played(story.events, TOGETHER)
    assert len(_blocks(together)) <= 2
    assert (state_hash(together), told) == (
        state_hash(played(story.events, ALONE)[0]),
        played(story.events, ALONE)[1],
    )


def test_a_restart_forgets_blocks_and_nothing_else() -> None:
    story = _story([("p", 20), ("f", 1)])
    state, _ = played(story.events, TOGETHER)
    again = state_of(TOGETHER, snapshot_body(state))
    assert _blocks(state)
    assert _blocks(again) == []
    story.tell(price("58000"))
    story.tick()
    went_on, told = played(story.events[-2:], TOGETHER, state)
    restarted, told_again = played(story.events[-2:], TOGETHER, again)
    assert told_again == told
    assert state_hash(restarted) == state_hash(went_on)
