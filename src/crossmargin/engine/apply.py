"""One event in its canonical place: the state after it, every touched account margined again."""

from dataclasses import replace
from hashlib import sha256
from typing import assert_never

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.engine.arrivals import delivery_of
from crossmargin.engine.breaking import with_breakers
from crossmargin.engine.calls import answered, called
from crossmargin.engine.change import Change
from crossmargin.engine.control import control_change
from crossmargin.engine.effect import (
    Alarm,
    AlarmKind,
    Effect,
    EventRefused,
)
from crossmargin.engine.event import Event, event_hash
from crossmargin.engine.event_control import (
    AccountOpened,
    CallAcknowledged,
    CallDisputed,
    ClockTick,
    DisputeResolved,
    Halted,
    ParameterChanged,
    PriceOverridden,
    Resumed,
)
from crossmargin.engine.event_market import (
    BackingStated,
    BookTop,
    ListingAdded,
    ListingRemoved,
    Price,
    TotalsStated,
    Volatility,
)
from crossmargin.engine.event_money import (
    CollateralLocked,
    CollateralReleased,
    CollateralSeized,
    Deposit,
    DepositAnnounced,
    DepositSettled,
    Fee,
    Interest,
    Transfer,
    WithdrawalRequested,
    WithdrawalSettled,
)
from crossmargin.engine.event_trade import (
    Fill,
    Funding,
    MassQuote,
    OrderCancelled,
    OrderPlaced,
    OrderReplaced,
    Redenominated,
    Settled,
    TradeCancelled,
    VenueSnapshot,
)
from crossmargin.engine.markets import market_change, revalued
from crossmargin.engine.money import money_change
from crossmargin.engine.orders import order_change
from crossmargin.engine.progress import progressed
from crossmargin.engine.remargin import figures_of
from crossmargin.engine.setup import Setup
from crossmargin.engine.standings import placed
from crossmargin.engine.state import AccountState, EngineState
from crossmargin.engine.trades import trade_change


def apply(
    setup: Setup, state: EngineState, event: Event, said: str | None = None
) -> tuple[EngineState, tuple[Effect, ...]]:
    """The state after an event and what it brings about. Whole or not at all. `said` is the event's
    hash, where it is known already.

    An event that cannot be booked or margined is refused and changes nothing but the count of
    events. Who calls this has put the event in its place: see `receive`.
    """
    chained = _chained(state.applied_hash, said or event_hash(event))
    counted = replace(state, sequence=state.sequence + 1, applied_hash=chained)
    counted, told = progressed(counted, event)
    try:
        change = _changed(setup, counted, event)
        change = _with_held_assets(setup, counted, change)
        same = _holds_the_same(counted, change.state)
        after, standings, looked = placed(setup, change.state, event, change.touched, same=same)
        after, calls = called(setup, after, event, looked, delivery_of(setup, counted, event))
    except (InputRefused, ArithmeticError) as refusal:
        return counted, (*told, EventRefused(event_id=event.event_id, failures=_why(refusal)))
    effects = (*told, *change.effects, *standings, *calls)
    after, broken = with_breakers(setup, after, event, effects)
    effects += broken
    every = setup.settings.sample_every
    if every and after.sequence % every == 0:
        effects += increment_alarms(setup, after, event)
    return after, effects


def increment_alarms(setup: Setup, state: EngineState, event: Event) -> tuple[Effect, ...]:
    """An alarm for each account whose figures are not those of a full recomputation."""
    everybody = [name for name, _ in state.accounts.under_items()]
    whole = revalued(setup, state, state.snapshot)
    found = figures_of(setup, whole, everybody)
    return tuple(
        Alarm(
            event_id=event.event_id,
            kind=AlarmKind.INCREMENT_DIFFERS,
            where=name,
            message="a full recomputation gives other figures",
        )
        for name in everybody
        if state.accounts[name].figures != found[name]
    )


def _changed(setup: Setup, state: EngineState, event: Event) -> Change:
    body = event.body
    match body:
        case (
            Deposit()
            | DepositAnnounced()
            | DepositSettled()
            | WithdrawalRequested()
            | WithdrawalSettled()
            | Transfer()
            | Fee()
            | Interest()
            | CollateralLocked()
            | CollateralReleased()
            | CollateralSeized()
        ):
            return money_change(setup, state, event, body)
        case OrderPlaced() | OrderCancelled() | OrderReplaced() | MassQuote():
            return order_change(setup, state, event, body)
        case Fill() | TradeCancelled() | Funding() | Settled() | Redenominated() | VenueSnapshot():
            change = trade_change(setup, state, event, body)
            if isinstance(body, Redenominated):
                after = revalued(setup, change.state, change.state.snapshot)
                change = replace(change, state=after)
            return change
        case (
            Price()
            | BookTop()
            | BackingStated()
            | Volatility()
            | ListingAdded()
            | ListingRemoved()
            | TotalsStated()
        ):
            return market_change(setup, state, event, body)
        case CallAcknowledged() | CallDisputed() | DisputeResolved():
            return answered(setup, state, event, body)
        case (
            AccountOpened()
            | ParameterChanged()
            | PriceOverridden()
            | Halted()
            | Resumed()
            | ClockTick()
        ):
            return control_change(setup, state, event, body)
        case _:
            assert_never(body)


def _with_held_assets(setup: Setup, before: EngineState, change: Change) -> Change:
    """Who holds what is entered; an asset that nobody held before joins the valued market."""
    state = change.state
    if _holds_the_same(before, state):
        return change
    holders = state.holders
    for account_id in change.touched:
        fresh = _held_since(state, before.accounts.get(account_id), state.accounts[account_id])
        holders = holders.with_account(account_id, fresh)
    state = replace(state, holders=holders)
    known = set(state.valued.universe.assets)
    if any(name not in known for name in holders.assets()):
        state = revalued(setup, state, state.snapshot)
    return replace(change, state=state)


def _holds_the_same(before: EngineState, state: EngineState) -> bool:
    """Whether nobody holds, owes or has on order anything else than before."""
    return state.accounts is before.accounts and state.ledger is before.ledger


def _held_since(state: EngineState, before: AccountState | None, own: AccountState) -> set[str]:
    """Assets of an account, and the listings that it holds or has on order and did not before."""
    fresh = set(state.ledger.account_assets(own.account.account_id))
    if before is None:
        return fresh | own.positions.keys() | {x.listing_id for x in own.orders.values()}
    if own.positions is not before.positions:
        fresh |= own.positions.keys() - before.positions.keys()
    if own.orders is not before.orders:
        fresh |= {x.listing_id for key, x in own.orders.items() if before.orders.get(key) is not x}
    return fresh


def _chained(applied_hash: str, said: str) -> str:
    return sha256(f"{applied_hash}{said}".encode()).hexdigest()


def _why(refusal: InputRefused | ArithmeticError) -> tuple[Failure, ...]:
    if isinstance(refusal, InputRefused):
        return refusal.failures
    message = str(refusal) or type(refusal).__name__
    return (Failure(Reason.OVERFLOW, "figures", message),)
