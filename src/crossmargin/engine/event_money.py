"""Events that move owned money. Amounts are whole units of the asset unless said otherwise."""

from dataclasses import dataclass
from decimal import Decimal
from typing import final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """Money arrived for an account."""

    account_id: str
    asset: str
    amount_units: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DepositAnnounced:
    """Money is on its way to an account; it counts for calls alone until it has arrived."""

    account_id: str
    asset: str
    amount_units: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DepositSettled:
    """The outcome of what was announced: `arrived` posts it, otherwise it is voided."""

    announced_id: str
    arrived: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalRequested:
    """An account asks to take money out; checked on the state after the move, then reserved."""

    account_id: str
    asset: str
    amount_units: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalSettled:
    """The outcome of a reserved withdrawal: `sent` posts it, otherwise it is voided."""

    request_id: str
    sent: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """An account asks to move money to another account; checked like a withdrawal."""

    account_id: str
    to_account_id: str
    asset: str
    amount_units: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """A charge in coins (exact, > 0), rounded up to a unit for the payer."""

    account_id: str
    asset: str
    amount: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """Interest in coins (exact): above 0 the account receives it, below 0 it pays."""

    account_id: str
    asset: str
    amount: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CollateralLocked:
    """Money reserved in favour of another account: still collateral, no longer withdrawable."""

    account_id: str
    in_favour_of: str
    asset: str
    amount_units: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CollateralReleased:
    """A lock is let go. `lock_id` is the id of the event that locked."""

    lock_id: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CollateralSeized:
    """A lock is called upon: its whole amount goes to the account it was locked in favour of."""

    lock_id: str
