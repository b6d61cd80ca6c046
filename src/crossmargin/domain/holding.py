"""What an account has: positions, balances, loans, orders, and what its venue reported."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import final

from crossmargin.domain.instrument import SettlementStyle


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Signed contracts of one listing in one account; long is positive.

    `cost_settle` is the settlement currency paid for the whole position, signed like the contracts
    (for an inverse contract -contracts x size / entry, so that averages are harmonic): unrealised =
    value - cost, where the value of an inverse contract is -contracts x size / mark. None when the
    entry is unknown. `funding_accrued` is in settlement currency, a gain positive.
    """

    account_id: str
    listing_id: str
    contracts: Decimal
    cost_settle: Decimal | None = None
    settlement_style: SettlementStyle = SettlementStyle.ON_CLOSE
    funding_accrued: Decimal = Decimal(0)


@final
class BalanceState(StrEnum):
    """Whether a balance can be used now."""

    FREE = "free"
    LOCKED = "locked"
    PLEDGED = "pledged"
    IN_TRANSIT = "in_transit"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a balance is kept. Each part has its own cap and its own way to be lost."""

    venue: str
    chain: str | None = None
    bridge: str | None = None
    custodian: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """A whole number of an asset's smallest units; negative is a debt."""

    account_id: str
    asset: str
    amount_units: int
    location: Location
    state: BalanceState = BalanceState.FREE


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """Borrowed `amount_units` of an asset: owed in full, never haircut, beside interest already
    accrued.
    """

    loan_id: str
    account_id: str
    asset: str
    amount_units: int
    interest_units: int = 0
    rate_per_year: Decimal = Decimal(0)
    lender: str | None = None


@final
class Side(StrEnum):
    """Side of an order."""

    BUY = "buy"
    SELL = "sell"


@final
class OrderKind(StrEnum):
    """How an order executes."""

    LIMIT = "limit"
    MARKET = "market"
    AUCTION = "auction"
    QUOTE = "quote"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An open order: positive contracts, and a limit price where it has one."""

    order_id: str
    account_id: str
    listing_id: str
    side: Side
    contracts: Decimal
    limit_price: Decimal | None = None
    kind: OrderKind = OrderKind.LIMIT
    reduce_only: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class VenueReport:
    """The venue's own figures for an account. Shown beside ours, never used as an input.

    Figures are keyed by our word (`equity`, `initial`, `maintenance`, `utilisation`, ...), each in
    `currency`; `liquidation_prices` by listing. `tolerance_frac` is what counts as agreement.
    """

    account_id: str
    currency: str
    source: str
    figures: Mapping[str, Decimal] = field(default_factory=dict)
    liquidation_prices: Mapping[str, Decimal] = field(default_factory=dict)
    tolerance_frac: Decimal = Decimal("0.005")
