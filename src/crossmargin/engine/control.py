"""Accounts, parameters, prices set by hand, halts, and the clock."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import assert_never

from crossmargin.base.failure import Reason
from crossmargin.base.instant import instant_text
from crossmargin.engine.breaking import released
from crossmargin.engine.change import Change, decided_ns, refused, with_account
from crossmargin.engine.effect import Alarm, AlarmKind, Effect, ParameterPreviewed
from crossmargin.engine.event import ControlBody, Event
from crossmargin.engine.event_control import (
    AccountOpened,
    ClockTick,
    Halted,
    HaltScope,
    ParameterChanged,
    PriceOverridden,
    Resumed,
)
from crossmargin.engine.markets import (
    PRICE_HIGH,
    PRICE_LOW,
    repriced_market,
    revalued,
    with_index,
)
from crossmargin.engine.marking import unsettled
from crossmargin.engine.preview import consequences
from crossmargin.engine.pricing import due_assets, looked_at
from crossmargin.engine.rules import rules_of, with_changes
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import AccountState, EngineState


def control_change(setup: Setup, state: EngineState, event: Event, body: ControlBody) -> Change:
    """The state after an act of the operator, or after time has passed."""
    match body:
        case AccountOpened():
            return _opened(setup, state, event, body)
        case ParameterChanged():
            return _announced(setup, state, event, body)
        case PriceOverridden():
            return _overridden(setup, state, event, body)
        case Halted():
            if body.scope is HaltScope.BREAKER:
                refused(Reason.CONTRADICTION, "scope", "a breaker trips by itself")
            halts = {**state.halts, (body.scope, body.name): body.reason}
            alarm = _alarm(event, AlarmKind.HALTED, f"{body.scope} {body.name}", body.reason)
            return Change(state=replace(state, halts=halts), effects=(alarm,))
        case Resumed():
            return _resumed(state, event, body)
        case ClockTick():
            return _ticked(setup, state, event)
        case _:
            assert_never(body)


def _opened(setup: Setup, state: EngineState, event: Event, body: AccountOpened) -> Change:
    account = body.account
    if account.account_id in state.accounts:
        refused(Reason.DUPLICATE, "account", f"{account.account_id} is open already")
    if account.recipe is not None and account.recipe not in setup.recipes:
        refused(Reason.UNKNOWN_RECIPE, "recipe", f"no recipe is called {account.recipe!r}")
    if account.parent_id is not None and account.parent_id not in state.accounts:
        refused(Reason.UNKNOWN_ACCOUNT, "parent", f"no account is called {account.parent_id!r}")
    own = AccountState(account=account)
    return Change(state=with_account(state, own), touched=frozenset([account.account_id]))


def _announced(setup: Setup, state: EngineState, event: Event, body: ParameterChanged) -> Change:
    """A change is checked against the recipe's bounds now, with what it would do together with all
    that is announced for no later; it takes effect at a later tick.
    """
    if body.recipe not in setup.recipes:
        refused(Reason.UNKNOWN_RECIPE, "recipe", f"no recipe is called {body.recipe!r}")
    earliest_ns = decided_ns(state, event) + setup.settings.parameter_notice_ns
    if body.effective_ns < earliest_ns:
        message = f"a parameter changes no earlier than {instant_text(earliest_ns)}"
        refused(Reason.OUT_OF_BOUNDS, "effective", message)
    staged = (*state.rules.staged, body)
    due = [x for x in staged if x.effective_ns <= body.effective_ns]
    found = consequences(setup, state, event, with_changes(state.rules.changes, due))
    message = f"{body.parameter} becomes {body.value}"
    alarm = _alarm(event, AlarmKind.PARAMETER_ANNOUNCED, body.recipe, message)
    preview = ParameterPreviewed(
        event_id=event.event_id,
        recipe=body.recipe,
        parameter=body.parameter,
        value=body.value,
        effective_ns=body.effective_ns,
        consequences=found,
        market_sequence=state.snapshot.sequence,
    )
    state = replace(state, rules=replace(state.rules, staged=staged))
    return Change(state=state, effects=(alarm, preview))


def _overridden(setup: Setup, state: EngineState, event: Event, body: PriceOverridden) -> Change:
    if body.author == body.approver:
        refused(Reason.CONTRADICTION, "approver", "a second person approves, not the author")
    if body.expires_ns <= event.event_time_ns:
        refused(Reason.EXPIRED, "expires", "it would have expired already")
    if body.asset not in setup.assets:
        refused(Reason.UNKNOWN_ASSET, "asset", f"no asset is called {body.asset!r}")
    if not (body.index.is_finite() and PRICE_LOW <= body.index <= PRICE_HIGH):
        refused(Reason.OUT_OF_BOUNDS, "index", f"{body.index} is no price")
    text = f"set by {body.author}, approved by {body.approver}: {body.reason}"
    change = with_index(setup, state, event, body.asset, body.index, text)
    overrides = {**state.overrides, body.asset: body}
    alarm = _alarm(event, AlarmKind.OVERRIDE_APPLIED, body.asset, text)
    return replace(change, state=replace(change.state, overrides=overrides), effects=(alarm,))


def _resumed(state: EngineState, event: Event, body: Resumed) -> Change:
    if body.scope is HaltScope.BREAKER:
        kept = state.breakers.get(body.name)
        if kept is None or kept.tripped_ns is None:
            refused(Reason.MISSING_DATA, "name", f"no breaker {body.name!r} has tripped")
        alarm = _alarm(event, AlarmKind.BREAKER_RELEASED, body.name, "let go by the operator")
        return Change(state=released(state, body.name), effects=(alarm,))
    if (body.scope, body.name) not in state.halts:
        refused(Reason.MISSING_DATA, "name", f"nothing is halted: {body.scope} {body.name}")
    halts = {key: why for key, why in state.halts.items() if key != (body.scope, body.name)}
    alarm = _alarm(event, AlarmKind.RESUMED, f"{body.scope} {body.name}", "the halt ends")
    return Change(state=replace(state, halts=halts), effects=(alarm,))


def _ticked(setup: Setup, state: EngineState, event: Event) -> Change:
    now_ns = event.event_time_ns
    state, effects, touched = _due_parameters(setup, state, event)
    freed: list[str] = []
    for asset, override in sorted(state.overrides.items()):
        if override.expires_ns <= now_ns:
            state = replace(state, overrides=_other(state.overrides, asset))
            message = "the price is no longer set by hand; it stays until its source speaks again"
            effects += (_alarm(event, AlarmKind.OVERRIDE_EXPIRED, asset, message),)
            times = {k: v for k, v in state.price_time_ns.items() if k != asset}
            state = replace(state, price_time_ns=times)
            freed.append(asset)
    change = _prices_at(setup, state, event, freed)
    state, effects = change.state, (*effects, *change.effects)
    touched |= state.watched | change.touched
    if now_ns - state.snapshot.as_of_ns >= setup.settings.revaluation_ns:
        snapshot = replace(state.snapshot, as_of_ns=now_ns)
        state = revalued(setup, state, snapshot)
        touched |= frozenset(
            name for name, own in state.accounts.under_items() if own.positions or own.orders
        )
    return Change(state=replace(state, clock_ns=now_ns), touched=touched, effects=effects)


def _prices_at(setup: Setup, state: EngineState, event: Event, freed: Sequence[str]) -> Change:
    """Prices and marks that time alone moves: messages grow old, doubts last, averages fill."""
    due = due_assets(setup, state, event.event_time_ns)
    change, moved = looked_at(setup, state, event, due, freed)
    marked = {
        state.listings[name].instrument.underlying
        for name in unsettled(setup.prices, state.marks)
        if name in state.listings
    }
    moved |= marked
    if not moved:
        return change
    repriced = repriced_market(setup, change.state, event, moved)
    return replace(repriced, effects=change.effects)


def _due_parameters(
    setup: Setup, state: EngineState, event: Event
) -> tuple[EngineState, tuple[Effect, ...], frozenset[str]]:
    """Staged changes whose hour has come, all at once between two events."""
    due = [body for body in state.rules.staged if body.effective_ns <= event.event_time_ns]
    if not due:
        return state, (), frozenset()
    changes = with_changes(state.rules.changes, due)
    waiting = tuple(body for body in state.rules.staged if body not in due)
    rules = replace(rules_of(setup, changes), staged=waiting)
    effects = tuple(
        _alarm(event, AlarmKind.PARAMETER_APPLIED, body.recipe, f"{body.parameter} is {body.value}")
        for body in due
    )
    changed = {body.recipe for body in due}
    touched = frozenset(
        name
        for name, own in state.accounts.under_items()
        if (own.account.recipe or setup.default_recipe) in changed
    )
    return replace(state, rules=rules), effects, touched


def _other(overrides: Mapping[str, PriceOverridden], asset: str) -> dict[str, PriceOverridden]:
    return {name: own for name, own in overrides.items() if name != asset}


def _alarm(event: Event, kind: AlarmKind, where: str, message: str) -> Alarm:
    return Alarm(event_id=event.event_id, kind=kind, where=where, message=message)
