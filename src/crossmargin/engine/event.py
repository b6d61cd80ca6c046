"""An event: who said it, its place at that source, when it happened, and what."""

from dataclasses import dataclass
from typing import TypeAlias, final

from crossmargin.base.canonical import content_hash
from crossmargin.engine.event_control import (
    AccountOpened,
    CallAcknowledged,
    CallDisputed,
    ClockTick,
    DisputeResolved,
    Halted,
    ParameterChanged,
    PriceOverridden,
    Resumed,
)
from crossmargin.engine.event_market import (
    BackingStated,
    BookTop,
    ListingAdded,
    ListingRemoved,
    Price,
    TotalsStated,
    Volatility,
)
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
from crossmargin.engine.event_trade import (
    Fill,
    Funding,
    MassQuote,
    OrderCancelled,
    OrderPlaced,
    OrderReplaced,
    Redenominated,
    Settled,
    TradeCancelled,
    VenueSnapshot,
)

MoneyBody: TypeAlias = (
    Deposit
    | DepositAnnounced
    | DepositSettled
    | WithdrawalRequested
    | WithdrawalSettled
    | Transfer
    | Fee
    | Interest
    | CollateralLocked
    | CollateralReleased
    | CollateralSeized
)
TradeBody: TypeAlias = (
    OrderPlaced
    | OrderCancelled
    | OrderReplaced
    | MassQuote
    | Fill
    | TradeCancelled
    | Funding
    | Settled
    | Redenominated
    | VenueSnapshot
)
CallBody: TypeAlias = CallAcknowledged | CallDisputed | DisputeResolved
MarketBody: TypeAlias = (
    Price | BookTop | BackingStated | Volatility | ListingAdded | ListingRemoved | TotalsStated
)
ControlBody: TypeAlias = (
    AccountOpened | ParameterChanged | PriceOverridden | Halted | Resumed | ClockTick
)
Body: TypeAlias = MoneyBody | TradeBody | MarketBody | CallBody | ControlBody


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Nanoseconds UTC. `event_id` is unique over all sources; `source_sequence` counts by one."""

    event_id: str
    source: str
    source_sequence: int
    event_time_ns: int
    body: Body


def canonical_order(event: Event) -> tuple[int, str, int, str]:
    """Where an event stands among others, whatever the order in which they arrived."""
    return (event.event_time_ns, event.source, event.source_sequence, event.event_id)


def event_hash(event: Event) -> str:
    """SHA-256 over all that an event says: the same id with another hash is another event."""
    return content_hash([type(event.body).__name__, event])
