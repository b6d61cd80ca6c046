"""One seed: what happens at a venue, how its messages arrive, and what must hold throughout.

The simulator owns the clock, the order of arrival, the faults of feeds and the moment of a crash.
The same seed gives the same run on every machine. What went wrong is told with the seed and the
fewest events that still show it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeAlias

import numpy as np

from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.domain.holding import Side
from crossmargin.engine import event_control as control
from crossmargin.engine import event_money as money
from crossmargin.engine import event_trade as trade
from crossmargin.engine.effect import Alarm, AlarmKind, Decision, Effect, EventRefused
from crossmargin.engine.event import Body, Event
from crossmargin.engine.event_control import ClockTick
from crossmargin.engine.event_market import Price
from crossmargin.engine.setup import Setup
from crossmargin.engine.snapshot import snapshot_body, state_of
from crossmargin.engine.start import initial_state
from crossmargin.engine.state import EngineState
from crossmargin.engine.state_hash import state_hash
from crossmargin.engine.window import receive
from crossmargin.ledger.chain import verify_chain
from crossmargin.ledger.ledger import available, trial_balance
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.event import event_line, read_event
from tests.engine.day import (
    INVERSE,
    OPTION,
    PERPETUAL,
    USDC_UNITS,
    Story,
    opening,
    price,
    small_setup,
)

Rng: TypeAlias = np.random.Generator
NAMES = ("anna", "bela")
LISTINGS = (PERPETUAL, INVERSE, OPTION)
OWN_ACTS = (
    money.Deposit,
    money.Fee,
    money.Interest,
    money.WithdrawalRequested,
    trade.Fill,
    trade.OrderPlaced,
    trade.MassQuote,
)
"""What an account does alone: nobody else's figures may change by it."""


@dataclass(frozen=True)
class Plan:
    """Rounds of events, each closed by a tick; `arrival` is the order and number in which they
    come, with duplicates; `late` come an hour after their time; `crash` is where the process dies.
    """

    seed: int
    opening: tuple[Event, ...]
    rounds: tuple[tuple[Event, ...], ...]
    arrivals: tuple[tuple[Event, ...], ...]
    crash: int


def plan_of(seed: int, rounds_count: int = 4) -> Plan:
    """The plan of a seed."""
    rng = np.random.default_rng(seed)
    story = opening()
    first = tuple(story.events)
    rounds, arrivals = [], []
    index = 60_000.0
    for _ in range(rounds_count):
        index *= float(np.exp(rng.normal(0.0, 0.03)))
        begun = len(story.events)
        start_ns = story.now_ns
        for _ in range(int(rng.integers(2, 7))):
            at_ns = start_ns + 1 + int(rng.integers(0, 900_000_000))
            source = str(rng.choice(["venue", "bank", "oracle"]))
            body = _body(rng, source, index, story)
            story.tell(body, source=source, at_ns=at_ns)
        told = story.events[begun:]
        # Sources count in the order of their time, whatever the order in which they are told.
        told = _counted(told)
        story.events[begun:] = told
        if rng.random() < 0.1:
            lost = int(rng.integers(0, len(told)))
            told = [x for place, x in enumerate(told) if place != lost]
        story.tick(3.0 if rng.random() < 0.8 else 90.0)
        tick = story.events[-1]
        rounds.append((*told, tick))
        arrivals.append((*_arriving(rng, told), tick))
    total = sum(len(part) for part in rounds)
    return Plan(
        seed=seed,
        opening=first,
        rounds=tuple(rounds),
        arrivals=tuple(arrivals),
        crash=int(rng.integers(0, total)),
    )


def _counted(told: Sequence[Event]) -> list[Event]:
    by_source: dict[str, list[Event]] = {}
    for event in sorted(told, key=lambda x: (x.event_time_ns, x.event_id)):
        by_source.setdefault(event.source, []).append(event)
    numbered: list[Event] = []
    for own in by_source.values():
        numbers = sorted(x.source_sequence for x in own)
        numbered += [
            replace(event, source_sequence=number)
            for event, number in zip(own, numbers, strict=True)
        ]
    return numbered


def _arriving(rng: Rng, told: Sequence[Event]) -> list[Event]:
    """Shuffled, one in five twice."""
    again = [event for event in told if rng.random() < 0.2]
    all_of_them = [*told, *again]
    return [all_of_them[place] for place in rng.permutation(len(all_of_them))]


def _body(rng: Rng, source: str, index: float, story: Story) -> Body:
    name, other = (str(x) for x in rng.permutation(NAMES))
    if source == "oracle":
        return _price(rng, index)
    if source == "bank":
        return _bank_body(rng, name, other, story)
    listing_id = str(rng.choice(LISTINGS))
    side = Side.BUY if rng.random() < 0.5 else Side.SELL
    contracts = Decimal(int(rng.integers(1, 400))) / 1000
    at = Decimal(str(round(index * (1 + float(rng.normal(0, 0.002))), 1)))
    if listing_id == OPTION:
        at = Decimal("0.02")
    choice = int(rng.integers(0, 9))
    if choice == 0:
        return trade.Funding(
            listing_id=PERPETUAL, amount_per_contract=Decimal(int(rng.integers(-99, 99))) / 1024
        )
    if choice == 1:
        fills = [x.event_id for x in story.events if isinstance(x.body, trade.Fill)]
        return trade.TradeCancelled(original_id=str(rng.choice(fills or ["none"])))
    if choice == 2:
        return trade.MassQuote(
            account_id=name,
            listing_id=PERPETUAL,
            bid_contracts=contracts,
            bid_price=at,
            ask_contracts=contracts,
            ask_price=at + 10,
        )
    if choice == 3:
        return trade.OrderPlaced(
            account_id=name,
            order_id=f"o{len(story.events)}",
            listing_id=listing_id,
            side=side,
            contracts=contracts,
            limit_price=at,
        )
    return trade.Fill(
        account_id=name,
        listing_id=listing_id,
        side=side,
        contracts=contracts,
        price=at,
        fee=Decimal("0.1234567"),
        fee_asset="USDC",
    )


def _bank_body(rng: Rng, name: str, other: str, story: Story) -> Body:
    units = int(rng.integers(1, 3_000 * USDC_UNITS))
    match int(rng.integers(0, 8)):
        case 0 | 1:
            return money.WithdrawalRequested(account_id=name, asset="USDC", amount_units=units)
        case 2:
            return money.Transfer(
                account_id=name, to_account_id=other, asset="USDC", amount_units=units
            )
        case 3:
            return money.Interest(
                account_id=name, asset="USDC", amount=Decimal(int(rng.integers(-999, 999))) / 1024
            )
        case 4:
            return money.CollateralLocked(
                account_id=name, in_favour_of=other, asset="USDC", amount_units=units
            )
        case 5:
            asked = [
                x.event_id for x in story.events if isinstance(x.body, money.WithdrawalRequested)
            ]
            return money.WithdrawalSettled(
                request_id=str(rng.choice(asked or ["none"])), sent=bool(rng.random() < 0.5)
            )
        case 6:
            return control.ParameterChanged(
                recipe="tiny",
                parameter="price_range",
                value=Decimal(int(rng.integers(5, 30))) / 100,
                effective_ns=story.now_ns + 5 * NS_PER_SECOND,
            )
        case _:
            return money.Deposit(account_id=name, asset="USDC", amount_units=units)


def _price(rng: Rng, index: float) -> Price:
    """Mostly the price; sometimes what a broken feed says."""
    broken = int(rng.integers(0, 12))
    if broken == 0:
        return Price(asset="BTC", index=Decimal(0), marks={})
    if broken == 1:
        return Price(asset="BTC", index=Decimal("NaN"), marks={})
    if broken == 2:
        return Price(asset="BTC", index=Decimal("-60000"), marks={PERPETUAL: Decimal("1e300")})
    return price(str(round(index, 2)))


def failure_of(seed: int) -> str | None:
    """What a seed finds wrong, or None."""
    plan = plan_of(seed)
    wrong = _wrong(plan)
    if wrong is None:
        return None
    return f"seed {seed}: {wrong}; shrunk to {shrunk(plan)}"


def _wrong(plan: Plan) -> str | None:
    setup, quick = small_setup(1), small_setup(0)
    together = small_setup(0, together_least=1)
    state, _ = _all(setup, initial_state(setup), plan.opening)
    hashes: list[str] = []
    for part in plan.rounds:
        for event in part:
            before = state
            state, told = receive(setup, state, event)
            wrong = _broken_rule(before, state, event, told)
            if wrong is not None:
                return f"{wrong} at {event.event_id}"
        hashes.append(state_hash(state))
    # Another order of arrival, and whoever a price touches margined together.
    other, _ = _all(together, initial_state(together), plan.opening)
    for number, part in enumerate(plan.arrivals):
        other, _ = _all(together, other, part)
        if state_hash(other) != hashes[number]:
            return f"round {number} arrived in another order and gave another state"
    return _crashed(quick, plan, hashes[-1])


def _crashed(setup: Setup, plan: Plan, expected: str) -> str | None:
    """A process that dies: its newest snapshot and the lines after it are read, and it goes on."""
    registry = bundled_registry()
    events = [*plan.opening, *(event for part in plan.rounds for event in part)]
    writable = [x for x in events if not _unwritable(x)]
    at = len(plan.opening) + plan.crash
    lines = [event_line(event, registry) for event in writable[:at]]
    heard = [read_event(line, registry) for line in lines]
    cut = max(0, len(heard) - plan.seed % 9)
    kept, _ = _all(setup, initial_state(setup), heard[:cut])
    restarted, _ = _all(setup, state_of(setup, snapshot_body(kept)), heard[cut:])
    # Whoever sent the last events does not know whether they were heard, and sends them again.
    restarted, _ = _all(setup, restarted, [*writable[max(0, at - 3) : at], *writable[at:]])
    whole, _ = _all(setup, initial_state(setup), writable)
    if state_hash(restarted) != state_hash(whole):
        return f"a crash after event {at} gave another state"
    same = len(writable) == len(events)
    return "a replay gave another state" if same and state_hash(whole) != expected else None


def _unwritable(event: Event) -> bool:
    """A line of JSON holds no NaN: the door refuses it before the engine does."""
    body = event.body
    if not isinstance(body, Price):
        return False
    values = [*body.marks.values(), *([] if body.index is None else [body.index])]
    return any(not x.is_finite() or abs(x) > 10**24 for x in values)


def _broken_rule(
    before: EngineState, after: EngineState, event: Event, told: Sequence[Effect]
) -> str | None:
    if any(trial_balance(after.ledger).values()):
        return "the trial balance is not zero"
    if any(isinstance(x, Alarm) and x.kind is AlarmKind.INCREMENT_DIFFERS for x in told):
        return "an incremental figure is not the full one"
    if after.clock_ns < before.clock_ns or after.closed_ns < before.closed_ns:
        return "time went back"
    for name, own in after.accounts.items():
        for asset in after.ledger.account_assets(name):
            reserved = own.withdrawing_units.get(asset, 0)
            locked = sum(
                x.amount_units
                for x in after.locks.values()
                if (x.account_id, x.asset) == (name, asset)
            )
            held = after.ledger.held(f"account/{name}/{asset}")
            if held.pending_debit_units != reserved + locked:
                return f"{name}'s reserved {asset} is not what is on its way"
            if available(after.ledger, name, asset) != held.posted_units - reserved - locked:
                return f"{name}'s free {asset} is not what is owned less what is reserved"
    if isinstance(event.body, ClockTick):
        failure = verify_chain(after.ledger.entries(), head_hash=after.ledger.head_hash)
        if failure is not None:
            return str(failure)
        return _unallowed(after, told) or _foreign_change(before, after, event, told)
    return None


def _unallowed(after: EngineState, told: Sequence[Effect]) -> str | None:
    """An enforced refusal leaves nothing behind, and an allowance had a buffer."""
    for effect in told:
        if not isinstance(effect, Decision) or effect.limit is None:
            continue
        if effect.event_id in after.withdrawals:
            return f"{effect.event_id} was refused and is reserved"
        if any(entry.event_id == effect.event_id for entry in after.ledger.entries()):
            return f"{effect.event_id} was refused and is booked"
    return None


def _foreign_change(
    before: EngineState, after: EngineState, tick: Event, told: Sequence[Effect]
) -> str | None:
    """Figures that changed without a price, a parameter, funding or an act of the account."""
    ready = [x for x in before.pending if x.event_time_ns <= after.closed_ns]
    refused = {x.event_id for x in told if isinstance(x, EventRefused)}
    applied = [x for x in ready if x.event_id not in refused]
    if not all(isinstance(x.body, OWN_ACTS) for x in applied) or before.rules is not after.rules:
        return None
    if after.snapshot is not before.snapshot:
        return None
    acting = {getattr(x.body, "account_id", "") for x in applied}
    for name, own in after.accounts.items():
        if name not in acting and own.figures != before.accounts[name].figures:
            return f"{name} did nothing and has other figures after {tick.event_id}"
    return None


def shrunk(plan: Plan, wrong: Callable[[Plan], str | None] = _wrong) -> list[str]:
    """Ids of the fewest events, found by leaving out one after the other, that still go wrong."""
    found = plan
    for name in [x.event_id for part in plan.rounds for x in part if x.source != "clock"]:
        less = replace(
            found,
            rounds=tuple(_without(found.rounds, name)),
            arrivals=tuple(_without(found.arrivals, name)),
        )
        if wrong(less) is not None:
            found = less
    return [x.event_id for part in found.rounds for x in part if x.source != "clock"]


def _without(parts: Sequence[Sequence[Event]], name: str) -> Iterator[tuple[Event, ...]]:
    for part in parts:
        yield tuple(event for event in part if event.event_id != name)


def _all(
    setup: Setup, state: EngineState, events: Sequence[Event]
) -> tuple[EngineState, list[Effect]]:
    told: list[Effect] = []
    for event in events:
        state, effects = receive(setup, state, event)
        told += effects
    return state, told
