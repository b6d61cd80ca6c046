"""A fill in a position: contracts and cost after it, and the money that moves."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import final

from crossmargin.base.exact import PRECISE
from crossmargin.domain.asset import Asset
from crossmargin.domain.holding import Position
from crossmargin.domain.instrument import Listing, Option, Spot, settle_asset
from crossmargin.ledger.entry import Code, Draft
from crossmargin.ledger.path import account_path, world_path


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """The position after a fill (None: nothing is left), what the fill added, and its drafts.

    `cost` is the change of the position's cost in coins of the settlement asset.
    """

    position: Position | None
    contracts: Decimal
    cost: Decimal
    drafts: tuple[Draft, ...]


def booked_fill(
    listing: Listing,
    assets: Mapping[str, Asset],
    account_id: str,
    held: Position | None,
    contracts: Decimal,
    price: Decimal,
) -> Booking:
    """Book signed `contracts` at `price`, in the listing's quotation.

    A spot trade exchanges coins. An option's premium is paid at once. A future or perpetual pays
    when contracts are closed: what is realised is rounded down to a unit, and the remainder stays
    in the cost of what is left, so that nothing is lost or made by rounding while it is open.
    """
    match listing.instrument:
        case Spot():
            drafts = _exchange(listing, assets, account_id, contracts, price)
            return Booking(position=None, contracts=contracts, cost=Decimal(0), drafts=drafts)
        case Option():
            return _premium(listing, assets, account_id, held, contracts, price)
        case _:
            return _futures(listing, assets, account_id, held, contracts, price)


def unbooked_fill(
    listing: Listing,
    assets: Mapping[str, Asset],
    account_id: str,
    held: Position | None,
    contracts: Decimal,
    cost: Decimal,
) -> Booking:
    """Take back what a fill had added to a position; at no contracts the cost left is realised."""
    position = _moved(listing, account_id, held, PRECISE.minus(contracts), PRECISE.minus(cost))
    if position.contracts or isinstance(listing.instrument, Option):
        left = position if position.contracts else None
        return Booking(position=left, contracts=-contracts, cost=-cost, drafts=())
    units = _units(assets, settle_asset(listing.instrument), -Fraction(position.cost_settle or 0))
    drafts = realised_drafts(listing, account_id, floor(units), Code.REALISED)
    return Booking(position=None, contracts=-contracts, cost=-cost, drafts=drafts)


def contract_value(listing: Listing, contracts: Decimal, price: Decimal) -> Decimal:
    """Coins of the settlement asset that signed contracts are worth at a price."""
    sized = PRECISE.multiply(contracts, listing.contract_size)
    inverse = not isinstance(listing.instrument, Spot | Option) and listing.instrument.inverse
    if inverse:
        return PRECISE.minus(PRECISE.divide(sized, price))
    return PRECISE.multiply(sized, price)


def realised_drafts(listing: Listing, account_id: str, units: int, code: Code) -> tuple[Draft, ...]:
    """Units that an account receives from outside (> 0), or pays (< 0), in the settlement asset."""
    asset = settle_asset(listing.instrument)
    own, world = account_path(account_id, asset), world_path(asset)
    if not units:
        return ()
    payer, receiver = (world, own) if units > 0 else (own, world)
    draft = Draft(debit=payer, credit=receiver, asset=asset, amount_units=abs(units), code=code)
    return (draft,)


def _futures(
    listing: Listing,
    assets: Mapping[str, Asset],
    account_id: str,
    held: Position | None,
    contracts: Decimal,
    price: Decimal,
) -> Booking:
    added = contract_value(listing, contracts, price)
    before = held.contracts if held is not None else Decimal(0)
    cost = held.cost_settle or Decimal(0) if held is not None else Decimal(0)
    settle = settle_asset(listing.instrument)
    units = 0
    if before * contracts < 0:
        closed = min(abs(contracts), abs(before))
        value = Fraction(added) * Fraction(closed) / abs(Fraction(contracts))
        paid = Fraction(cost) * Fraction(closed) / abs(Fraction(before))
        units = floor(_units(assets, settle, -value - paid))
    realised = PRECISE.scaleb(Decimal(units), -assets[settle].decimals)
    moved = PRECISE.add(added, realised)
    position = _moved(listing, account_id, held, contracts, moved)
    drafts = realised_drafts(listing, account_id, units, Code.REALISED)
    if not position.contracts:
        return Booking(position=None, contracts=contracts, cost=PRECISE.minus(cost), drafts=drafts)
    return Booking(position=position, contracts=contracts, cost=moved, drafts=drafts)


def _premium(
    listing: Listing,
    assets: Mapping[str, Asset],
    account_id: str,
    held: Position | None,
    contracts: Decimal,
    price: Decimal,
) -> Booking:
    added = contract_value(listing, contracts, price)
    units = floor(_units(assets, settle_asset(listing.instrument), -Fraction(added)))
    position = _moved(listing, account_id, held, contracts, added)
    drafts = realised_drafts(listing, account_id, units, Code.PREMIUM)
    left = position if position.contracts else None
    return Booking(position=left, contracts=contracts, cost=added, drafts=drafts)


def _exchange(
    listing: Listing,
    assets: Mapping[str, Asset],
    account_id: str,
    contracts: Decimal,
    price: Decimal,
) -> tuple[Draft, ...]:
    """Coins against coins: what is received is rounded down to a unit, what is paid up."""
    base, quote = listing.instrument.underlying, listing.instrument.quote
    quoted = Fraction(contracts) * Fraction(listing.contract_size)
    received_base = floor(_units(assets, base, quoted * Fraction(listing.multiplier)))
    received_quote = floor(_units(assets, quote, -quoted * Fraction(price)))
    drafts = []
    for asset, units in ((base, received_base), (quote, received_quote)):
        own, world = account_path(account_id, asset), world_path(asset)
        payer, receiver = (world, own) if units > 0 else (own, world)
        if units:
            drafts.append(
                Draft(
                    debit=payer,
                    credit=receiver,
                    asset=asset,
                    amount_units=abs(units),
                    code=Code.TRADE,
                )
            )
    return tuple(drafts)


def _moved(
    listing: Listing, account_id: str, held: Position | None, contracts: Decimal, cost: Decimal
) -> Position:
    before = held.contracts if held is not None else Decimal(0)
    paid = held.cost_settle or Decimal(0) if held is not None else Decimal(0)
    return Position(
        account_id=account_id,
        listing_id=listing.listing_id,
        contracts=PRECISE.add(before, contracts),
        cost_settle=PRECISE.add(paid, cost),
    )


def _units(assets: Mapping[str, Asset], asset: str, coins: Fraction) -> Fraction:
    scale: int = 10 ** assets[asset].decimals
    return coins * scale
