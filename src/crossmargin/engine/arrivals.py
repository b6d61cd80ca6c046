"""Money on its way to an account: announced, then arrived or not, and nobody's until then."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import final

from crossmargin.action.call import OPEN
from crossmargin.action.call_terms import Acceptable, counted
from crossmargin.base.exact import PRECISE, decimal_text
from crossmargin.base.failure import Reason
from crossmargin.engine.change import (
    Change,
    checked_units,
    decided_ns,
    known_account,
    refused,
    with_entries,
)
from crossmargin.engine.event import Event
from crossmargin.engine.event_money import Deposit, DepositAnnounced, DepositSettled
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import Arrival, EngineState
from crossmargin.ledger.entry import Code, Draft, EntryState
from crossmargin.ledger.path import account_path, world_path


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Coins that came to an account and count for the calls that it has to meet."""

    account_id: str
    asset: str
    coins: Decimal


def announced(setup: Setup, state: EngineState, event: Event, body: DepositAnnounced) -> Change:
    """A pending entry: neither equity nor anything that may be spent, moved or pledged.

    What is announced while a call is open is meant for it and counts when it arrives; what is
    announced before lowers the next call.
    """
    checked_units(setup, body.asset, body.amount_units)
    known_account(state, body.account_id)
    draft = deposit_draft(body.account_id, body.asset, body.amount_units, EntryState.PENDING)
    after = with_entries(state, event, [draft])
    called = any(x.account_id == body.account_id and x.state in OPEN for x in state.calls.values())
    arrival = Arrival(
        account_id=body.account_id,
        asset=body.asset,
        amount_units=body.amount_units,
        entry_sequence=after.ledger.count,
        announced_ns=decided_ns(state, event),
        meets_calls=called,
    )
    after = replace(after, arrivals={**after.arrivals, event.event_id: arrival})
    return Change(state=after, touched=frozenset([body.account_id]))


def settled(state: EngineState, event: Event, body: DepositSettled) -> Change:
    """What was announced is there, or will not come. `InputRefused` for an unknown announcement."""
    arrival = state.arrivals.get(body.announced_id)
    if arrival is None:
        message = f"no deposit is announced under {body.announced_id!r}"
        refused(Reason.MISSING_DATA, "announced_id", message)
    outcome = EntryState.POSTED if body.arrived else EntryState.VOIDED
    draft = deposit_draft(
        arrival.account_id, arrival.asset, arrival.amount_units, outcome, arrival.entry_sequence
    )
    after = with_entries(state, event, [draft])
    kept = {name: x for name, x in state.arrivals.items() if name != body.announced_id}
    return Change(state=replace(after, arrivals=kept), touched=frozenset([arrival.account_id]))


def deposit_draft(
    account_id: str, asset: str, amount_units: int, state: EntryState, names: int | None = None
) -> Draft:
    """Whole units from outside to an account; `names` is the pending entry that is settled."""
    return Draft(
        debit=world_path(asset),
        credit=account_path(account_id, asset),
        asset=asset,
        amount_units=amount_units,
        code=Code.DEPOSIT,
        state=state,
        names=names,
    )


def delivery_of(setup: Setup, before: EngineState, event: Event) -> Delivery | None:
    """What an event delivers, by the state before it; None for one that delivers nothing."""
    match event.body:
        case Deposit(account_id=account_id, asset=asset, amount_units=units):
            pass
        case DepositSettled(announced_id=name, arrived=True):
            arrival = before.arrivals.get(name)
            if arrival is None or not arrival.meets_calls:
                return None
            account_id, asset, units = arrival.account_id, arrival.asset, arrival.amount_units
        case _:
            return None
    if asset not in setup.assets:
        return None
    coins = PRECISE.scaleb(Decimal(units), -setup.assets[asset].decimals)
    return Delivery(account_id=account_id, asset=asset, coins=coins)


def in_transit(
    setup: Setup,
    state: EngineState,
    account_id: str,
    acceptable: Iterable[Acceptable],
    now_ns: int,
) -> Decimal:
    """What money on its way counts for in a call, in the call's currency, >= 0.

    At the call's own prices and haircuts, and no longer than `transit_ns` after it was announced:
    an announcement that nothing follows does not keep a call away.
    """
    by_asset = {each.asset: each for each in acceptable}
    total = Fraction(0)
    for arrival in state.arrivals.values():
        own = by_asset.get(arrival.asset)
        waited_ns = now_ns - arrival.announced_ns
        if arrival.account_id != account_id or arrival.meets_calls or own is None:
            continue
        if waited_ns <= setup.calls.transit_ns:
            coins = PRECISE.scaleb(Decimal(arrival.amount_units), -own.decimals)
            total += counted(own, coins)
    return Decimal(decimal_text(total))
