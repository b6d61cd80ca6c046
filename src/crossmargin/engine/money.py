"""Deposits, withdrawals, transfers, fees, interest and locks: from event to ledger entries."""

from dataclasses import replace
from fractions import Fraction
from typing import assert_never

from crossmargin.base.failure import Reason
from crossmargin.engine import arrivals
from crossmargin.engine.change import (
    Change,
    checked_units,
    known_account,
    known_units,
    refused,
    with_account,
    with_entries,
)
from crossmargin.engine.check import money_decision
from crossmargin.engine.event import Event, MoneyBody
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
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import EngineState, Reserved
from crossmargin.ledger.entry import Code, Draft, EntryState
from crossmargin.ledger.ledger import available
from crossmargin.ledger.path import account_path, fees_path, world_path
from crossmargin.ledger.rounding import charge_drafts


def money_change(setup: Setup, state: EngineState, event: Event, body: MoneyBody) -> Change:
    """The state after an event that moves money. `InputRefused` when it cannot be booked."""
    match body:
        case Deposit():
            return _deposited(setup, state, event, body)
        case DepositAnnounced():
            return arrivals.announced(setup, state, event, body)
        case DepositSettled():
            return arrivals.settled(state, event, body)
        case WithdrawalRequested():
            return _requested(setup, state, event, body)
        case WithdrawalSettled():
            return _settled(state, event, body)
        case Transfer():
            return _transferred(setup, state, event, body)
        case Fee() | Interest():
            return _charged(setup, state, event, body)
        case CollateralLocked():
            return _locked(setup, state, event, body)
        case CollateralReleased():
            return _unlocked(state, event, body.lock_id, EntryState.VOIDED)
        case CollateralSeized():
            return _unlocked(state, event, body.lock_id, EntryState.POSTED)
        case _:
            assert_never(body)


def _deposited(setup: Setup, state: EngineState, event: Event, body: Deposit) -> Change:
    checked_units(setup, body.asset, body.amount_units)
    known_account(state, body.account_id)
    units = body.amount_units
    draft = arrivals.deposit_draft(body.account_id, body.asset, units, EntryState.POSTED)
    after = with_entries(state, event, [draft])
    return Change(state=after, touched=frozenset([body.account_id]))


def _requested(setup: Setup, state: EngineState, event: Event, body: WithdrawalRequested) -> Change:
    checked_units(setup, body.asset, body.amount_units)
    own = known_account(state, body.account_id)
    draft = Draft(
        debit=account_path(body.account_id, body.asset),
        credit=world_path(body.asset),
        asset=body.asset,
        amount_units=body.amount_units,
        code=Code.WITHDRAWAL,
        state=EntryState.PENDING,
    )
    after = with_entries(state, event, [draft])
    leaving = own.withdrawing_units.get(body.asset, 0) + body.amount_units
    reserved = Reserved(
        account_id=body.account_id,
        asset=body.asset,
        amount_units=body.amount_units,
        entry_sequence=after.ledger.count,
    )
    after = with_account(
        replace(after, withdrawals={**after.withdrawals, event.event_id: reserved}),
        replace(own, withdrawing_units={**own.withdrawing_units, body.asset: leaving}),
    )
    return _if_allowed(setup, state, after, event, body)


def _transferred(setup: Setup, state: EngineState, event: Event, body: Transfer) -> Change:
    checked_units(setup, body.asset, body.amount_units)
    known_account(state, body.account_id)
    known_account(state, body.to_account_id)
    draft = Draft(
        debit=account_path(body.account_id, body.asset),
        credit=account_path(body.to_account_id, body.asset),
        asset=body.asset,
        amount_units=body.amount_units,
        code=Code.TRANSFER,
    )
    after = with_entries(state, event, [draft])
    change = _if_allowed(setup, state, after, event, body)
    return replace(change, touched=change.touched | {body.to_account_id})


def _if_allowed(
    setup: Setup,
    state: EngineState,
    after: EngineState,
    event: Event,
    body: WithdrawalRequested | Transfer,
) -> Change:
    decision = money_decision(
        setup,
        state,
        event.event_id,
        body.account_id,
        body.asset,
        body.amount_units,
        available(state.ledger, body.account_id, body.asset),
        body.to_account_id if isinstance(body, Transfer) else None,
    )
    if not decision.allowed and decision.enforced:
        return Change(state=state, effects=(decision,))
    return Change(state=after, touched=frozenset([body.account_id]), effects=(decision,))


def _settled(state: EngineState, event: Event, body: WithdrawalSettled) -> Change:
    reserved = state.withdrawals.get(body.request_id)
    if reserved is None:
        message = f"no withdrawal is open under {body.request_id!r}"
        refused(Reason.MISSING_DATA, "request_id", message)
    own = known_account(state, reserved.account_id)
    draft = Draft(
        debit=account_path(reserved.account_id, reserved.asset),
        credit=world_path(reserved.asset),
        asset=reserved.asset,
        amount_units=reserved.amount_units,
        code=Code.WITHDRAWAL,
        state=EntryState.POSTED if body.sent else EntryState.VOIDED,
        names=reserved.entry_sequence,
    )
    after = with_entries(state, event, [draft])
    leaving = own.withdrawing_units[reserved.asset] - reserved.amount_units
    kept = {k: v for k, v in own.withdrawing_units.items() if k != reserved.asset}
    after = replace(
        after,
        withdrawals={k: v for k, v in state.withdrawals.items() if k != body.request_id},
    )
    own = replace(own, withdrawing_units={**kept, reserved.asset: leaving} if leaving else kept)
    return Change(state=with_account(after, own), touched=frozenset([reserved.account_id]))


def _charged(setup: Setup, state: EngineState, event: Event, body: Fee | Interest) -> Change:
    known_account(state, body.account_id)
    units = known_units(setup, body.asset, body.amount)
    own = account_path(body.account_id, body.asset)
    if isinstance(body, Fee):
        if units <= 0:
            refused(Reason.OUT_OF_BOUNDS, "amount", f"{body.amount} is not above zero")
        drafts = charge_drafts(own, fees_path(body.asset), body.asset, units, Code.FEE)
    else:
        drafts = interest_drafts(own, body.asset, units, Code.INTEREST)
    after = with_entries(state, event, drafts)
    return Change(state=after, touched=frozenset([body.account_id]))


def interest_drafts(own: str, asset: str, units: Fraction, code: Code) -> tuple[Draft, ...]:
    """Drafts of units (exact) that a ledger account receives (> 0) from outside, or pays (< 0)."""
    world = world_path(asset)
    payer, receiver = (world, own) if units > 0 else (own, world)
    return charge_drafts(payer, receiver, asset, abs(units), code)


def _locked(setup: Setup, state: EngineState, event: Event, body: CollateralLocked) -> Change:
    checked_units(setup, body.asset, body.amount_units)
    known_account(state, body.account_id)
    known_account(state, body.in_favour_of)
    free_units = available(state.ledger, body.account_id, body.asset)
    if free_units < body.amount_units:
        message = f"{free_units} units are free, not {body.amount_units}"
        refused(Reason.OUT_OF_BOUNDS, "amount", message)
    draft = Draft(
        debit=account_path(body.account_id, body.asset),
        credit=account_path(body.in_favour_of, body.asset),
        asset=body.asset,
        amount_units=body.amount_units,
        code=Code.SEIZURE,
        state=EntryState.PENDING,
    )
    after = with_entries(state, event, [draft])
    lock = Reserved(
        account_id=body.account_id,
        asset=body.asset,
        amount_units=body.amount_units,
        entry_sequence=after.ledger.count,
    )
    after = replace(after, locks={**after.locks, event.event_id: lock})
    return Change(state=after, touched=frozenset([body.account_id]))


def _unlocked(state: EngineState, event: Event, lock_id: str, outcome: EntryState) -> Change:
    lock = state.locks.get(lock_id)
    if lock is None:
        refused(Reason.MISSING_DATA, "lock_id", f"no lock is open under {lock_id!r}")
    pending = state.ledger.entry(lock.entry_sequence)
    draft = Draft(
        debit=pending.debit,
        credit=pending.credit,
        asset=lock.asset,
        amount_units=lock.amount_units,
        code=Code.SEIZURE,
        state=outcome,
        names=lock.entry_sequence,
    )
    after = with_entries(state, event, [draft])
    after = replace(after, locks={k: v for k, v in state.locks.items() if k != lock_id})
    other = pending.credit.removeprefix("account/").removesuffix(f"/{lock.asset}")
    return Change(state=after, touched=frozenset([lock.account_id, other]))
