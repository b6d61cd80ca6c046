import json
import zlib
from dataclasses import fields, replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused, Reason
from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.domain.holding import Side
from crossmargin.engine import event_control as control
from crossmargin.engine import event_money as money
from crossmargin.engine.breaker import BreakerState, Sample
from crossmargin.engine.effect import EventRefused
from crossmargin.engine.event import Event
from crossmargin.engine.event_market import Price
from crossmargin.engine.event_trade import VenueSnapshot
from crossmargin.engine.price_state import AssetPrices, MarkState, Said
from crossmargin.engine.replay import replay_report, replayed
from crossmargin.engine.setup import Settings, Setup
from crossmargin.engine.snapshot import snapshot_body, state_of
from crossmargin.engine.start import initial_state
from crossmargin.engine.state import EngineState, Rules
from crossmargin.engine.state_form import CANONICAL, DERIVED, EXACT, RulesKept
from crossmargin.engine.state_hash import state_hash
from crossmargin.engine.table import Table
from tests.engine.day import OPTION, PERPETUAL, fill, opening, played, price, small_setup
from tests.simulation.simulator import plan_of

SETUP = small_setup(0)


def _day(seed: int) -> list[Event]:
    plan = plan_of(seed)
    return [*plan.opening, *(event for part in plan.arrivals for event in part)]


def _state(seed: int = 5) -> EngineState:
    return replayed(SETUP, _day(seed))[0]


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), part=st.floats(0, 1))
def test_a_state_that_was_read_goes_on_as_the_one_that_was_written(seed: int, part: float) -> None:
    events = _day(seed)
    cut = round(part * len(events))
    state, _ = replayed(SETUP, events[:cut])
    body = snapshot_body(state)
    read = state_of(SETUP, body)
    assert snapshot_body(read) == body
    assert state_hash(read) == state_hash(state)
    after, effects = replayed(SETUP, events[cut:], state)
    again, effects_again = replayed(SETUP, events[cut:], read)
    assert effects_again == effects
    assert snapshot_body(again) == snapshot_body(after)
    assert replay_report(SETUP, again, 0) == replay_report(SETUP, after, 0)


def test_every_field_of_the_state_is_kept_or_follows_from_what_is() -> None:
    names = {field.name for field in fields(EngineState)}
    assert names == set(EXACT) | set(DERIVED)
    assert set(EXACT) == set(CANONICAL)
    # A field that no snapshot keeps must follow from the others: only the valued market does.
    assert DERIVED == ("valued",)
    assert {x.name for x in fields(Rules)} == {x.name for x in fields(RulesKept)} | {"recipes"}


def _full_state() -> EngineState:
    """Something in every field: a call, a lock, what comes and goes, what waits and what lacks."""
    story = opening()
    story.tell(fill("anna", Side.BUY, "1.1", "60000"))
    story.tell(price("56000"))
    own = {"asset": "USDC", "amount_units": 5}
    story.tell(money.DepositAnnounced(account_id="bela", **own))
    story.tell(money.WithdrawalRequested(account_id="bela", **own))
    story.tell(money.CollateralLocked(account_id="bela", in_favour_of="anna", **own))
    story.tell(control.Halted(scope=control.HaltScope.VENUE, name="far", reason="closed"))
    story.tell(VenueSnapshot(account_id="bela", contracts={PERPETUAL: Decimal(1)}, units={}))
    story.tell(
        control.PriceOverridden(
            asset="ETH",
            index=Decimal(2_000),
            author="carl",
            approver="dora",
            reason="its feed is silent",
            expires_ns=story.now_ns + 3_600 * NS_PER_SECOND,
        )
    )
    later_ns = story.now_ns + 3_600 * NS_PER_SECOND
    story.tell(
        control.ParameterChanged(
            recipe="tiny", parameter="price_range", value=Decimal("0.2"), effective_ns=later_ns
        )
    )
    story.tick()
    story.tell(Price(asset="BTC", index=Decimal(57_001), marks={}))
    state, effects = played(story.events, SETUP)
    assert not [x for x in effects if isinstance(x, EventRefused)]
    said = Said(source="aqua", price=Decimal("150.5"), event_time_ns=story.now_ns)
    return replace(
        state,
        prices={"SOL": AssetPrices(said=(said,))},
        marks=MarkState(quoted_vols={OPTION: 0.5}),
        breakers={"calm": BreakerState(samples=(Sample(start_ns=1, low=1.0, high=2.0),))},
    )


@pytest.mark.parametrize("name", list(EXACT))
def test_every_field_that_is_kept_is_in_the_snapshot_and_in_the_hash(name: str) -> None:
    full, empty = _full_state(), initial_state(SETUP)
    other = replace(full, **{name: getattr(empty, name)})
    assert EXACT[name].write(getattr(full, name)) != EXACT[name].write(getattr(empty, name))
    assert state_hash(other) != state_hash(full)
    assert snapshot_body(other) != snapshot_body(full)
    assert snapshot_body(state_of(SETUP, snapshot_body(full))) == snapshot_body(full)


def test_every_entry_of_the_ledger_is_the_same_again() -> None:
    state = _state()
    read = state_of(SETUP, snapshot_body(state))
    assert list(read.ledger.entries()) == list(state.ledger.entries())
    assert read.ledger.paths() == state.ledger.paths()


def test_no_changed_byte_gives_another_state() -> None:
    state = _state()
    body = snapshot_body(state)
    named = state_hash(state)
    refusals = []
    for place in range(0, len(body), 41):
        changed = bytearray(body)
        changed[place] ^= 0x15
        try:
            assert state_hash(state_of(SETUP, bytes(changed))) == named
        except InputRefused as refusal:
            refusals.append(refusal)
    assert len(refusals) > 50
    wheres = {failure.where for refusal in refusals for failure in refusal.failures}
    assert all(where.startswith("snapshot") for where in wheres)


@pytest.mark.parametrize("part", [0.0, 0.01, 0.5, 0.999])
def test_a_torn_snapshot_is_refused(part: float) -> None:
    body = snapshot_body(_state())
    with pytest.raises(InputRefused, match=r"snapshot\[7\]"):
        state_of(SETUP, body[: int(len(body) * part)], "snapshot[7]")


def test_a_snapshot_of_another_version_is_refused_by_name() -> None:
    line, _, rest = snapshot_body(_state()).partition(b"\n")
    head = json.loads(line)
    for change in ({"schema": "crossmargin/state/0"}, {"shape": "0" * 64}):
        other = json.dumps({**head, **change}).encode() + b"\n" + rest
        with pytest.raises(InputRefused) as refusal:
            state_of(SETUP, other)
        assert refusal.value.failures[0].reason is Reason.UNSUPPORTED


def test_a_snapshot_under_another_setup_is_refused() -> None:
    other = replace(SETUP, settings=Settings(window_ns=5))
    with pytest.raises(InputRefused, match="other recipes, assets or settings"):
        state_of(other, snapshot_body(_state()))


@pytest.mark.parametrize("entry", [0, -1])
def test_a_ledger_entry_that_is_not_the_one_of_its_place_is_found(entry: int) -> None:
    line, _, packed = snapshot_body(_state()).partition(b"\n")
    text, _, entries = zlib.decompress(packed).decode().partition("\n")
    rows = json.loads(entries)
    rows[entry][5] += 1
    forged = f"{text}\n{json.dumps(rows, separators=(',', ':'))}"
    with pytest.raises(InputRefused, match="ledger"):
        state_of(SETUP, line + b"\n" + zlib.compress(forged.encode()))


def test_an_empty_state_is_a_state() -> None:
    setup: Setup = small_setup(0)
    body = snapshot_body(initial_state(setup))
    assert state_hash(state_of(setup, body)) == state_hash(initial_state(setup))


def test_a_table_made_at_once_is_the_table_made_one_by_one() -> None:
    items = [(f"key-{number % 700}", Decimal(number)) for number in range(1_000)]
    table: Table[Decimal] = Table()
    for key, value in items:
        table = table.put(key, value)
    whole = Table.of(items)
    assert list(whole.items()) == list(table.items())
    assert len(whole) == len(table) == 700
    assert len(Table.of([])) == 0
