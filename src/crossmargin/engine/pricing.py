"""Several sources to one price inside the engine: what each said is kept, and looked at together.

Looked at when a source speaks, when what an asset rests on has moved, and at each tick at which a
message grows old, a price is in doubt or an average still moves.
"""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from math import isfinite

from crossmargin.base.failure import Reason
from crossmargin.engine.change import Change, decided_ns, refused
from crossmargin.engine.effect import Alarm, AlarmKind, Effect
from crossmargin.engine.event import Event
from crossmargin.engine.price_state import AssetPrices, Said
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import EngineState
from crossmargin.market.oracle import BackingReport, Fused, OraclePolicy, PriceState, fused
from crossmargin.market.price_vector import with_fused
from crossmargin.market.price_vote import SourcePrice

NOTHING_SAID = AssetPrices()
SETTLED_FRAC = 1e-12
"""An average this near to its price has nothing left to move."""


def heard(state: EngineState, policy: OraclePolicy, event: Event, price: Decimal) -> EngineState:
    """The state with one more message kept, whatever it says: nonsense is a voice too.

    `InputRefused` for a source that the policy does not name.
    """
    if event.source not in {own.name for own in policy.sources}:
        message = f"{event.source} is no source of {policy.asset}"
        refused(Reason.UNSUPPORTED, "source", message)
    known = state.prices.get(policy.asset, NOTHING_SAID)
    fresh = Said(source=event.source, price=price, event_time_ns=event.event_time_ns)
    return _with_prices(state, policy.asset, replace(known, said=_newest(known.said, fresh)))


def looked_at(
    setup: Setup,
    state: EngineState,
    event: Event,
    assets: Iterable[str],
    freed: Iterable[str] = (),
) -> tuple[Change, frozenset[str]]:
    """The state with the prices of some assets made again, and those whose price differs now.

    The snapshot has the new prices; nothing is valued yet. An asset that one of `assets` backs is
    looked at too. A price set by hand stays until it ends: then the asset is among `freed`.
    """
    policies = setup.prices.policies
    assets = {*assets, *freed}
    wanted = {name for name in assets if name in policies}
    wanted |= {
        name
        for name, policy in policies.items()
        if policy.backing is not None and policy.backing.base in assets
    }
    effects: list[Effect] = []
    found: dict[str, Fused] = {}
    now_ns = decided_ns(state, event)
    # A base before what rests on it: nothing rests on what rests on it in turn.
    for name in sorted(wanted, key=lambda code: (policies[code].backing is not None, code)):
        before = state.prices.get(name, NOTHING_SAID)
        after = _fused(state, policies[name], before, now_ns)
        effects += _alarms(event, before, after)
        state = _with_prices(state, name, after)
        if after.fused is not None and (name in freed or _differs(before.fused, after.fused)):
            found[name] = after.fused
    free = {name: own for name, own in found.items() if name not in state.overrides}
    snapshot = with_fused(state.snapshot, free)
    state = replace(state, snapshot=snapshot)
    return Change(state=state, effects=tuple(effects)), frozenset(free)


def due_assets(setup: Setup, state: EngineState, now_ns: int) -> frozenset[str]:
    """Assets that time alone may price otherwise at `now_ns`."""
    return frozenset(
        name
        for name, policy in setup.prices.policies.items()
        if _is_due(policy, state.prices.get(name, NOTHING_SAID), now_ns)
    )


def _is_due(policy: OraclePolicy, own: AssetPrices, now_ns: int) -> bool:
    found = own.fused
    if found is None:
        return False
    if found.state is not PriceState.FRESH or policy.backing is not None:
        return True
    if found.index is None or found.twap is None:
        return True
    if abs(found.twap - found.index) > SETTLED_FRAC * found.index:
        return True
    return any(
        said.event_time_ns + policy.stale_ns < now_ns
        for said in own.said
        if said.source not in found.missing
    )


def _newest(known: tuple[Said, ...], fresh: Said) -> tuple[Said, ...]:
    """The messages with another one. At most two are kept of a source: enough to contradict."""
    own = [said for said in known if said.source == fresh.source]
    others = [said for said in known if said.source != fresh.source]
    latest_ns = max((said.event_time_ns for said in own), default=fresh.event_time_ns)
    if fresh.event_time_ns > latest_ns:
        own = [fresh]
    elif fresh.event_time_ns == latest_ns and _text(fresh) not in {_text(x) for x in own}:
        own = [*own, fresh][:2]
    return tuple(sorted([*others, *own], key=lambda x: (x.source, _text(x))))


def _text(said: Said) -> str:
    return str(said.price)


def _fused(
    state: EngineState, policy: OraclePolicy, before: AssetPrices, now_ns: int
) -> AssetPrices:
    messages = tuple(
        SourcePrice(
            source=said.source,
            asset=policy.asset,
            price=float(said.price),
            event_time_ns=said.event_time_ns,
            authenticated=True,
        )
        for said in before.said
    )
    found = fused(policy, messages, before.fused, now_ns, _backing(state, policy, before))
    left_out = tuple((x.said.source, x.reason.value) for x in found.excluded)
    # What was left out may be no number at all; the messages themselves are kept as they came.
    return replace(before, fused=replace(found, excluded=()), left_out=left_out)


def _backing(state: EngineState, policy: OraclePolicy, own: AssetPrices) -> BackingReport | None:
    if policy.backing is None or own.backing is None:
        return None
    base = state.prices.get(policy.backing.base, NOTHING_SAID).fused
    fresh = base is not None and base.state is PriceState.FRESH
    return BackingReport(
        base_price=base.index if base is not None and fresh else None,
        backed_frac=own.backing.backed_frac,
        proven_ns=own.backing.proven_ns,
        redeemable=own.backing.redeemable,
    )


def _differs(before: Fused | None, after: Fused) -> bool:
    """Whether anything that the market shows of an asset is another figure."""
    if before is None:
        return True
    return _shown(before) != _shown(after)


def _shown(found: Fused) -> tuple[object, ...]:
    used = tuple(own.source for own in found.used)
    bounds = (found.low, found.high, found.twap, found.confidence)
    return (found.state, found.index, *bounds, found.doubt, found.fallback, used)


def _alarms(event: Event, before: AssetPrices, after: AssetPrices) -> tuple[Effect, ...]:
    """What a person should know: a price in doubt or fresh again, a source lost or wrong."""
    now, then = after.fused, before.fused
    if now is None:
        return ()
    alarms: list[Effect] = []
    if then is None or then.state is not now.state:
        fresh = now.state is PriceState.FRESH
        kind = AlarmKind.PRICE_FRESH if fresh else AlarmKind.PRICE_IN_DOUBT
        alarms.append(Alarm(event_id=event.event_id, kind=kind, where=now.asset, message=_why(now)))
    lost = now.missing if then is None else tuple(x for x in now.missing if x not in then.missing)
    if then is not None and lost:
        message = f"not heard: {', '.join(lost)}"
        alarms.append(_source_alarm(event, now.asset, message))
    wrong = [x for x in after.left_out if x not in before.left_out]
    if wrong:
        message = f"left out: {', '.join(f'{source} ({reason})' for source, reason in wrong)}"
        alarms.append(_source_alarm(event, now.asset, message))
    return tuple(alarms)


def _source_alarm(event: Event, asset: str, message: str) -> Alarm:
    kind = AlarmKind.PRICE_SOURCE
    return Alarm(event_id=event.event_id, kind=kind, where=asset, message=message)


def _why(found: Fused) -> str:
    match found.state:
        case PriceState.FRESH:
            return f"{len(found.used)} sources agree"
        case PriceState.FALLBACK:
            return f"priced by {found.fallback}"
        case PriceState.INTERVAL:
            doubt = "" if found.doubt is None else found.doubt.value.replace("_", " ")
            return f"{doubt}: between {_number(found.low)} and {_number(found.high)}"
        case PriceState.NONE:
            return "no price is known"


def _number(value: float) -> str:
    return f"{value:.10g}" if isfinite(value) else "none"


def _with_prices(state: EngineState, asset: str, own: AssetPrices) -> EngineState:
    return replace(state, prices={**state.prices, asset: own})
