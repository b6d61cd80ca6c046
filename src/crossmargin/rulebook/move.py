"""What an account may ask for or what may happen to it: a closed union of moves."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias, final

from crossmargin.domain.holding import OrderKind, Side


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderMove:
    """A new order: positive contracts. `limit_price`, in the listing's quotation, is the worst
    price at which it may fill; a market order needs one too, its protection price.
    """

    account_id: str
    listing_id: str
    side: Side
    contracts: Decimal
    limit_price: Decimal
    kind: OrderKind = OrderKind.LIMIT


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FillMove:
    """A fill: signed contracts at a price in the listing's quotation, and a fee in coins of the
    settlement asset, at least 0.
    """

    account_id: str
    listing_id: str
    contracts: Decimal
    price: Decimal
    fee: Decimal = Decimal(0)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawalMove:
    """Coins of an asset leave, more than 0."""

    account_id: str
    asset: str
    coins: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TransferMove:
    """Coins of an asset go from one account of the book to another, more than 0."""

    account_id: str
    to_account_id: str
    asset: str
    coins: Decimal


Move: TypeAlias = OrderMove | FillMove | WithdrawalMove | TransferMove
