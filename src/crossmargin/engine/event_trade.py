"""Events of trading: orders, quotes, fills, and what happens to positions afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import final

from crossmargin.domain.holding import OrderKind, Side


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPlaced:
    """A new order, checked before it is accepted."""

    account_id: str
    order_id: str
    listing_id: str
    side: Side
    contracts: Decimal
    limit_price: Decimal | None = None
    kind: OrderKind = OrderKind.LIMIT
    reduce_only: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled:
    """An open order is gone."""

    account_id: str
    order_id: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReplaced:
    """New size and price of an open order, checked like a new one; a refusal keeps the old one."""

    account_id: str
    order_id: str
    contracts: Decimal
    limit_price: Decimal | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MassQuote:
    """Both sides of a quote at once, in place of the account's earlier quote in the listing.

    A side of 0 contracts is withdrawn. The pair is accepted or refused whole.
    """

    account_id: str
    listing_id: str
    bid_contracts: Decimal
    bid_price: Decimal
    ask_contracts: Decimal
    ask_price: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """A trade that happened at a venue: it is a fact, so it is never refused for want of margin.

    `price` in the listing's quotation, `fee` in coins of `fee_asset` (>= 0).
    """

    account_id: str
    listing_id: str
    side: Side
    contracts: Decimal
    price: Decimal
    order_id: str | None = None
    fee: Decimal = Decimal(0)
    fee_asset: str | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TradeCancelled:
    """The venue cancelled a trade: `original_id` is the id of the fill that it corrects."""

    original_id: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Funding:
    """Coins of the settlement asset that one long contract pays (negative: receives)."""

    listing_id: str
    amount_per_contract: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A listing is settled or expires at a price: positions become money, orders are gone."""

    listing_id: str
    price: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Redenominated:
    """One old contract of a listing becomes `ratio` new ones, each worth 1/ratio as much."""

    listing_id: str
    ratio: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class VenueSnapshot:
    """What a venue says an account holds: contracts by listing and units by asset.

    A difference freezes new credit at that venue until a snapshot agrees; nothing is overwritten.
    """

    account_id: str
    contracts: Mapping[str, Decimal]
    units: Mapping[str, int]
