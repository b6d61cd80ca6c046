"""Margin calls: issued where the initial buffer is negative, and what comes of them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import assert_never

from crossmargin.action.call import (
    OPEN,
    CallState,
    MarginCall,
    acknowledged,
    cured,
    disputed,
    issued,
    passed,
    resolved,
)
from crossmargin.action.call_delivery import shared_out
from crossmargin.action.call_terms import Acceptable, CallTerms
from crossmargin.base.failure import Reason
from crossmargin.engine.arrivals import Delivery, in_transit
from crossmargin.engine.change import Change, decided_ns, refused, with_account
from crossmargin.engine.effect import CallChanged, Effect
from crossmargin.engine.event import CallBody, Event
from crossmargin.engine.event_control import CallAcknowledged, CallDisputed, DisputeResolved
from crossmargin.engine.remargin import initial_level, measure_of
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import EngineState, Figures
from crossmargin.engine.vector import prices_used


def answered(setup: Setup, state: EngineState, event: Event, body: CallBody) -> Change:
    """The state after an account answered a call. `InputRefused` when it may not."""
    call = state.calls.get(body.call_id)
    if call is None:
        refused(Reason.MISSING_DATA, "call", f"no call is known as {body.call_id!r}")
    now_ns = max(event.event_time_ns, call.steps[-1].at_ns)
    match body:
        case CallAcknowledged():
            after = acknowledged(call, now_ns)
        case CallDisputed():
            after = disputed(call, body.amount, body.reason, now_ns)
        case DisputeResolved():
            after = resolved(call, body.upheld, now_ns)
        case _:
            assert_never(body)
    return _with_call(setup, Change(state=state), event, call, after)


def called(
    setup: Setup,
    state: EngineState,
    event: Event,
    touched: Iterable[str],
    delivery: Delivery | None = None,
) -> tuple[EngineState, tuple[Effect, ...]]:
    """Calls of the touched accounts: money that arrived counts, time passes, a cure ends a call.

    An account whose initial buffer is negative gets a call; while one is open, a supplementary one
    for what is short beyond it. No flag of the account is asked.
    """
    change = Change(state=state)
    for account_id in sorted(touched):
        change = _of_account(setup, change, event, account_id, delivery)
    return change.state, change.effects


def _of_account(
    setup: Setup, change: Change, event: Event, account_id: str, delivery: Delivery | None
) -> Change:
    figures = change.state.accounts[account_id].figures
    if figures is None:
        return change
    before = open_calls(change.state, account_id)
    last_ns = max((call.steps[-1].at_ns for call in before), default=0)
    now_ns = max(decided_ns(change.state, event), last_ns)
    after: Sequence[MarginCall] = before
    if delivery is not None and delivery.account_id == account_id and before:
        after = shared_out(before, delivery.asset, delivery.coins, now_ns)
    for old, paid in zip(before, after, strict=True):
        healed = cured(paid, measure_of(figures), now_ns) if paid.state in OPEN else paid
        call = passed(healed, now_ns)
        change = _with_call(setup, change, event, old, call)
        if call.state is CallState.EXPIRED:
            change = _with_expired(change, account_id, expired=True)
    return _issued(setup, change, event, account_id, figures)


def open_calls(state: EngineState, account_id: str) -> tuple[MarginCall, ...]:
    """Calls that an account has to meet, from the first to the last."""
    own = (x for x in state.calls.values() if x.account_id == account_id and x.state in OPEN)
    return tuple(sorted(own, key=lambda call: (call.issued_ns, call.call_id)))


def _with_expired(change: Change, account_id: str, *, expired: bool) -> Change:
    """Who let a call pass is not called again for the same shortfall: the ladder goes on."""
    own = change.state.accounts[account_id]
    if own.call_expired is expired:
        return change
    own = replace(own, call_expired=expired)
    return replace(change, state=with_account(change.state, own))


def _issued(
    setup: Setup, change: Change, event: Event, account_id: str, figures: Figures
) -> Change:
    level = initial_level(change.state.rules.recipes[figures.recipe])
    buffer = next(own.buffer for own in figures.levels if own.name == level)
    account = change.state.accounts[account_id]
    if buffer is not None and buffer >= 0 and account.call_expired:
        return _with_expired(change, account_id, expired=False)
    if buffer is None or buffer >= 0 or account.call_expired:
        return change
    terms = _terms(setup, change.state, level, figures.reporting)
    now_ns = decided_ns(change.state, event)
    call = issued(
        f"{event.event_id}/{account_id}",
        account_id,
        terms,
        measure_of(figures),
        now_ns,
        in_transit=in_transit(setup, change.state, account_id, terms.acceptable, now_ns),
        open_calls=open_calls(change.state, account_id),
    )
    return change if call is None else _with_call(setup, change, event, None, call)


def _terms(setup: Setup, state: EngineState, level: str, currency: str) -> CallTerms:
    policy = setup.calls
    return CallTerms(
        call_level=level,
        cure_level=level,
        currency=currency,
        threshold=policy.threshold,
        minimum_transfer=policy.minimum_transfer,
        rounding=policy.rounding,
        notice_ns=policy.notice_ns,
        dispute_ns=policy.dispute_ns,
        lock_up_ns=policy.lock_up_ns,
        cut_off_ns=policy.cut_off_ns,
        acceptable=tuple(_acceptable(setup, state, currency)),
    )


def _acceptable(setup: Setup, state: EngineState, currency: str) -> Iterable[Acceptable]:
    """Assets that meet a call, each at the lowest price that is known of it; none without one."""
    quotes = state.snapshot.assets
    dollar = 1.0
    if currency != "USD":
        known = quotes.get(currency)
        if known is None or known.index is None:
            return
        dollar = known.index.value
    for asset, haircut_frac in sorted(setup.calls.haircut_frac.items()):
        quote = quotes.get(asset)
        quoted = None if quote is None else quote.low or quote.index
        if quoted is not None:
            yield Acceptable(
                asset=asset,
                price=Decimal(repr(quoted.value / dollar)),
                haircut_frac=haircut_frac,
                decimals=setup.assets[asset].decimals,
            )


def _with_call(
    setup: Setup, change: Change, event: Event, before: MarginCall | None, after: MarginCall
) -> Change:
    """The change with a call in its new form, one effect per step that it took."""
    if after is before:
        return change
    known = 0 if before is None else len(before.steps)
    prices = prices_used(setup, change.state, change.state.accounts[after.account_id])
    effects = tuple(
        CallChanged(event_id=event.event_id, call=after, note=step.note, prices=prices)
        for step in after.steps[known:]
    )
    state = replace(change.state, calls={**change.state.calls, after.call_id: after})
    return replace(change, state=state, effects=(*change.effects, *effects))
