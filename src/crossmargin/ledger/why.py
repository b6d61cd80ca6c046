"""Why an account's equity changed between two moments: causes that add up to it exactly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import Final, final

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.ledger.entry import Code, EntryState
from crossmargin.ledger.ledger import Ledger, as_of, balance
from crossmargin.ledger.path import PathKind, path_parts


@final
class Cause(StrEnum):
    """What changes equity, in the order in which it is shown."""

    DEPOSITS = "deposits"
    WITHDRAWALS = "withdrawals"
    TRANSFERS = "transfers"
    REALISED = "realised"
    UNREALISED = "unrealised"
    FUNDING = "funding"
    FEES = "fees"
    INTEREST = "interest"
    PRICE = "price"
    HAIRCUT = "haircut"


CAUSE_OF_CODE: Final[Mapping[Code, Cause]] = {
    Code.DEPOSIT: Cause.DEPOSITS,
    Code.WITHDRAWAL: Cause.WITHDRAWALS,
    Code.TRANSFER: Cause.TRANSFERS,
    Code.SEIZURE: Cause.TRANSFERS,
    Code.REDENOMINATION: Cause.TRANSFERS,
    Code.TRADE: Cause.REALISED,
    Code.REALISED: Cause.REALISED,
    Code.PREMIUM: Cause.REALISED,
    Code.SETTLEMENT: Cause.REALISED,
    Code.FUNDING: Cause.FUNDING,
    Code.FEE: Cause.FEES,
    Code.INTEREST: Cause.INTEREST,
}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """What an account's holdings were worth after the entry `sequence`, in the reporting unit.

    `price`: of one unit (the smallest) of an asset. `haircut_frac`: the part of an owned amount
    that gives no credit, 0 to 1; absent = 0; a debt is never cut. `unrealised`: gain +, of open
    positions.
    """

    sequence: int
    as_of_ns: int
    price: Mapping[str, Fraction]
    haircut_frac: Mapping[str, Fraction]
    unrealised: Fraction


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EquityChange:
    """Reporting units: equity before and after, and its causes (gain +), which add up to it."""

    account_id: str
    sequence_before: int
    sequence_after: int
    equity_before: Fraction
    equity_after: Fraction
    causes: Mapping[Cause, Fraction]


def equity_change(ledger: Ledger, account_id: str, valuations: Sequence[Valuation]) -> EquityChange:
    """Why the equity of an account changed from the first valuation to the last.

    Money that moved between two valuations counts at the price of the later one, and what was held
    before carries the change of price: the more valuations, the finer the division. The causes add
    up exactly. `InputRefused` for fewer than two valuations, sequences that fall or lie beyond the
    ledger, an asset without a price, or a haircut outside 0 to 1.
    """
    if len(valuations) < 2:
        message = "a change lies between two valuations or more"
        raise InputRefused([Failure(Reason.MISSING_DATA, "valuations", message)])
    _refuse_odd(ledger, account_id, valuations)
    causes = dict.fromkeys(Cause, Fraction(0))
    for before, after in pairwise(valuations):
        _add_causes(causes, ledger, account_id, before, after)
    change = EquityChange(
        account_id=account_id,
        sequence_before=valuations[0].sequence,
        sequence_after=valuations[-1].sequence,
        equity_before=equity_of(ledger, account_id, valuations[0]),
        equity_after=equity_of(ledger, account_id, valuations[-1]),
        causes=causes,
    )
    assert sum(causes.values()) == change.equity_after - change.equity_before
    return change


def equity_of(ledger: Ledger, account_id: str, valuation: Valuation) -> Fraction:
    """Reporting units: owned money after haircuts, less debts, and unrealised profit and loss."""
    earlier = as_of(ledger, valuation.sequence)
    total = valuation.unrealised
    for asset in earlier.account_assets(account_id):
        units = balance(earlier, account_id, asset)
        total += units * valuation.price[asset] - _cut(units, asset, valuation)
    return total


def _add_causes(
    causes: dict[Cause, Fraction],
    ledger: Ledger,
    account_id: str,
    before: Valuation,
    after: Valuation,
) -> None:
    earlier, later = as_of(ledger, before.sequence), as_of(ledger, after.sequence)
    for entry in later.entries(before.sequence):
        if entry.state is not EntryState.POSTED:
            continue
        for path, sign in ((entry.debit, -1), (entry.credit, 1)):
            parts = path_parts(path)
            if parts is not None and (parts.kind, parts.owner) == (PathKind.ACCOUNT, account_id):
                value = entry.amount_units * after.price[entry.asset]
                causes[CAUSE_OF_CODE[entry.code]] += sign * value
    for asset in earlier.account_assets(account_id):
        units = balance(earlier, account_id, asset)
        causes[Cause.PRICE] += units * (after.price[asset] - before.price[asset])
        causes[Cause.HAIRCUT] += _cut(units, asset, before)
    for asset in later.account_assets(account_id):
        causes[Cause.HAIRCUT] -= _cut(balance(later, account_id, asset), asset, after)
    causes[Cause.UNREALISED] += after.unrealised - before.unrealised


def _cut(units: int, asset: str, valuation: Valuation) -> Fraction:
    """Reporting units that an owned amount gives no credit for; a debt is never cut."""
    return max(units, 0) * valuation.price[asset] * valuation.haircut_frac.get(asset, Fraction(0))


def _refuse_odd(ledger: Ledger, account_id: str, valuations: Sequence[Valuation]) -> None:
    failures: list[Failure] = []
    for place, valuation in enumerate(valuations):
        where = f"valuations[{place}]"
        earliest = valuations[place - 1].sequence if place else 0
        if not earliest <= valuation.sequence <= ledger.count:
            message = f"{valuation.sequence} is not between {earliest} and {ledger.count}"
            failures.append(Failure(Reason.OUT_OF_BOUNDS, f"{where}.sequence", message))
            continue
        failures += [
            Failure(Reason.MISSING_DATA, f"{where}.price.{asset}", "the account holds it")
            for asset in as_of(ledger, valuation.sequence).account_assets(account_id)
            if asset not in valuation.price
        ]
        failures += [
            Failure(Reason.OUT_OF_BOUNDS, f"{where}.haircut_frac.{asset}", "between 0 and 1")
            for asset, frac in valuation.haircut_frac.items()
            if not 0 <= frac <= 1
        ]
    if failures:
        raise InputRefused(failures)
