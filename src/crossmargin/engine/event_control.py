"""Events of the operator and of time."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import final

from crossmargin.domain.account import Account


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOpened:
    """An account from now on. Nothing here or elsewhere exempts it from any check."""

    account: Account


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterChanged:
    """A recipe's parameter from `effective_ns` on: announced at once, applied at a clock tick."""

    recipe: str
    parameter: str
    value: Decimal
    effective_ns: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PriceOverridden:
    """An index set by hand until `expires_ns`, by an author and a second person who approved it."""

    asset: str
    index: Decimal
    author: str
    approver: str
    reason: str
    expires_ns: int


@final
class HaltScope(StrEnum):
    """What a halt stops, or a resumption lets go: a breaker trips by itself."""

    ALL = "all"
    VENUE = "venue"
    LISTING = "listing"
    BREAKER = "breaker"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Halted:
    """New risk and withdrawals stop in a scope (`name` of the venue or listing)."""

    scope: HaltScope
    name: str
    reason: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """A halt ends."""

    scope: HaltScope
    name: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CallAcknowledged:
    """The account has seen a margin call."""

    call_id: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CallDisputed:
    """The account disputes a part of a call; the rest stays due."""

    call_id: str
    amount: Decimal
    reason: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DisputeResolved:
    """A dispute is settled: `upheld` of the disputed part is owed."""

    call_id: str
    upheld: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ClockTick:
    """Time is now the event's time: it closes the window and applies what waited for its hour."""
