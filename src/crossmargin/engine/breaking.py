"""Circuit breakers in the engine: what they see of each event, when they trip and let go."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from crossmargin.action.ladder import severity
from crossmargin.base.exact import PRECISE
from crossmargin.engine.breaker import (
    BUCKETS,
    Breaker,
    BreakerAction,
    BreakerState,
    Metric,
    Sample,
)
from crossmargin.engine.change import decided_ns
from crossmargin.engine.doubt import concerned_assets, stance_of
from crossmargin.engine.effect import Alarm, AlarmKind, Decision, Effect, StandingChanged
from crossmargin.engine.event import Event
from crossmargin.engine.event_money import Transfer, WithdrawalRequested
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import AccountState, EngineState
from crossmargin.market.oracle import PriceState
from crossmargin.rulebook.standing import Standing

UNTOUCHED = BreakerState()


def with_breakers(
    setup: Setup, state: EngineState, event: Event, effects: Iterable[Effect]
) -> tuple[EngineState, tuple[Effect, ...]]:
    """The state with what breakers saw of an applied event, and which of them trip or let go."""
    if not setup.breakers:
        return state, ()
    told = tuple(effects)
    now_ns = decided_ns(state, event)
    alarms: list[Effect] = []
    breakers = dict(state.breakers)
    for own in setup.breakers:
        before = breakers.get(own.name, UNTOUCHED)
        seen = _seen(setup, state, event, told, own)
        after = _sampled(own, before, seen, now_ns)
        metric = metric_of(own, after)
        after = _judged(own, after, metric, now_ns)
        if (before.tripped_ns is None) is not (after.tripped_ns is None):
            alarms.append(_alarm(event, own, metric, tripped=after.tripped_ns is not None))
        breakers[own.name] = after
    return replace(state, breakers=breakers), tuple(alarms)


def released(state: EngineState, name: str) -> EngineState:
    """The state with one breaker let go; it begins to measure anew."""
    return replace(state, breakers={**state.breakers, name: UNTOUCHED})


def holding(
    setup: Setup,
    state: EngineState,
    own: AccountState,
    action: BreakerAction,
    listing_ids: Iterable[str] = (),
) -> Breaker | None:
    """The first breaker that stops such an act of an account now, in the order of the setup."""
    for breaker in setup.breakers:
        kept = state.breakers.get(breaker.name, UNTOUCHED)
        if kept.tripped_ns is None or action not in breaker.actions:
            continue
        if breaker.asset is None:
            return breaker
        if listing_ids:
            underlying = {state.listings[name].instrument.underlying for name in listing_ids}
            if breaker.asset in underlying:
                return breaker
        elif breaker.asset in concerned_assets(state, [own]):
            return breaker
    return None


def metric_of(own: Breaker, kept: BreakerState) -> float:
    """The metric over the window, 0 while nothing was seen."""
    if not kept.samples:
        return 0.0
    high = max(sample.high for sample in kept.samples)
    match own.metric:
        case Metric.PRICE_MOVE:
            return high / min(sample.low for sample in kept.samples) - 1.0
        case Metric.DOUBTS:
            return high
        case Metric.WITHDRAWN | Metric.LIQUIDATIONS:
            return sum(sample.high for sample in kept.samples)


def _seen(
    setup: Setup, state: EngineState, event: Event, told: tuple[Effect, ...], own: Breaker
) -> float | None:
    """What a breaker sees of one event: a level, or an amount to add; None for nothing."""
    match own.metric:
        case Metric.PRICE_MOVE:
            quote = state.snapshot.assets.get(own.asset or "")
            return None if quote is None or quote.index is None else quote.index.value
        case Metric.DOUBTS:
            found = (x.fused for x in state.prices.values() if x.fused is not None)
            return float(sum(x.state is not PriceState.FRESH for x in found))
        case Metric.WITHDRAWN:
            return _taken_out(setup, state, event, told)
        case Metric.LIQUIDATIONS:
            fallen = [
                x
                for x in told
                if isinstance(x, StandingChanged)
                and _liquidates(x.after)
                and not _liquidates(x.before)
            ]
            return float(len(fallen))


def _taken_out(setup: Setup, state: EngineState, event: Event, told: tuple[Effect, ...]) -> float:
    """Dollars that an act took out, at the most that a coin may be worth; 0 without any price."""
    body = event.body
    if not isinstance(body, WithdrawalRequested | Transfer):
        return 0.0
    if any(isinstance(x, Decision) and x.enforced and not x.allowed for x in told):
        return 0.0
    price = stance_of(setup, state, body.asset).debt
    coins = PRECISE.scaleb(Decimal(body.amount_units), -setup.assets[body.asset].decimals)
    return 0.0 if price is None else float(coins) * price


def _liquidates(standing: Standing) -> bool:
    if standing is Standing.UNAVAILABLE:
        return False
    return severity(standing) >= severity(Standing.LIQUIDATING)


def _sampled(own: Breaker, kept: BreakerState, seen: float | None, now_ns: int) -> BreakerState:
    """What was seen, in its part of the window; parts that are too old are gone."""
    width_ns = own.window_ns // BUCKETS
    start_ns = now_ns - now_ns % width_ns
    samples = [x for x in kept.samples if x.start_ns > now_ns - own.window_ns - width_ns]
    adds = own.metric in (Metric.WITHDRAWN, Metric.LIQUIDATIONS)
    if seen is None or (adds and not seen):
        return replace(kept, samples=tuple(samples))
    low = high = seen
    if not adds and kept.level is not None:
        low, high = min(low, kept.level), max(high, kept.level)
    if samples and samples[-1].start_ns == start_ns:
        last = samples.pop()
        low, high = min(low, last.low), last.high + seen if adds else max(high, last.high)
    samples.append(Sample(start_ns=start_ns, low=low, high=high))
    return replace(kept, samples=tuple(samples), level=seen)


def _judged(own: Breaker, kept: BreakerState, metric: float, now_ns: int) -> BreakerState:
    if metric > own.bound:
        since_ns = now_ns if kept.tripped_ns is None else kept.tripped_ns
        return replace(kept, tripped_ns=since_ns, calm_since_ns=None)
    if kept.tripped_ns is None:
        return kept
    calm_ns = now_ns if kept.calm_since_ns is None else kept.calm_since_ns
    if own.calm_ns is not None and now_ns - calm_ns >= own.calm_ns:
        return replace(kept, tripped_ns=None, calm_since_ns=None)
    return replace(kept, calm_since_ns=calm_ns)


def _alarm(event: Event, own: Breaker, metric: float, *, tripped: bool) -> Alarm:
    of = "" if own.asset is None else f" of {own.asset}"
    seconds = own.window_ns / 1e9
    words = f"{own.metric.value}{of} is {metric:.6g} within {seconds:g} s, bound {own.bound:g}"
    stopped = ", ".join(action.value for action in own.actions)
    kind = AlarmKind.BREAKER_TRIPPED if tripped else AlarmKind.BREAKER_RELEASED
    message = f"{words}: {stopped}" if tripped else words
    return Alarm(event_id=event.event_id, kind=kind, where=own.name, message=message)
