"""What can be held: a closed union of instruments, and the listing of one at a venue."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias, final


@final
class Right(StrEnum):
    """The right of an option's holder."""

    CALL = "call"
    PUT = "put"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """An asset against a quote currency. With `leverage` other than 1 it is a leveraged token.

    A leveraged token moves `leverage` times its underlying within one move and never below -100 %.
    """

    underlying: str
    quote: str
    leverage: Decimal = Decimal(1)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Perpetual:
    """A future without expiry. Inverse: quoted in `quote`, settled in the coin."""

    underlying: str
    quote: str
    settle: str
    inverse: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Future:
    """A dated future. Inverse: quoted in `quote`, settled in the coin."""

    underlying: str
    quote: str
    settle: str
    inverse: bool
    expiry_ns: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A European option. Coin-settled (`inverse`): premium and payoff in the coin, strike in
    `quote`.
    """

    underlying: str
    quote: str
    settle: str
    inverse: bool
    expiry_ns: int
    strike: Decimal
    right: Right


Instrument: TypeAlias = Spot | Perpetual | Future | Option


@final
class SettlementStyle(StrEnum):
    """When a profit becomes cash."""

    ON_CLOSE = "on_close"
    DAILY = "daily"
    FUNDING = "funding"
    POOL_LIMITED = "pool_limited"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One instrument at one venue, with that venue's contract terms.

    `contract_size` is in units of the quoted underlying for a linear contract and in quote currency
    for an inverse future or perpetual (coins of the underlying for a coin-settled option).
    `multiplier` is how many coins of `underlying` one quoted unit is: 1,000 for 1000PEPE.
    `economic_id` is the ccxt unified symbol.
    """

    venue: str
    native_symbol: str
    economic_id: str
    instrument: Instrument
    contract_size: Decimal
    contract_step: Decimal = Decimal("0.00000001")
    contracts_min: Decimal = Decimal(0)
    multiplier: Decimal = Decimal(1)
    index_id: str | None = None
    settlement_rule: str = "mark"

    @property
    def listing_id(self) -> str:
        """`venue:unified symbol`, unique in a book."""
        return f"{self.venue}:{self.economic_id}"


def settle_asset(instrument: Instrument) -> str:
    """The asset in which the instrument's profit arises."""
    return instrument.quote if isinstance(instrument, Spot) else instrument.settle


def expiry_of(instrument: Instrument) -> int | None:
    """Expiry in nanoseconds UTC, None for what does not expire."""
    return instrument.expiry_ns if isinstance(instrument, Future | Option) else None
