"""A book while it is being read: what is sound so far, and everything that is wrong."""

from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, final

from crossmargin.base.exact import PRECISE
from crossmargin.base.failure import Failure, Reason
from crossmargin.base.instant import NS_PER_DAY, instant_text
from crossmargin.domain.account import Account
from crossmargin.domain.asset import Asset, AssetRegistry
from crossmargin.domain.holding import Balance, Loan, Order, Position, VenueReport
from crossmargin.domain.instrument import Future, Listing, Option, Perpetual, Spot, expiry_of
from crossmargin.domain.symbol import ResolvedSymbol, resolve_symbol
from crossmargin.wire.assets import ContractTerm, term_of
from crossmargin.wire.native import native_of_instrument

COST_PLACES = Decimal("1E-24")
COST_LIMIT = Decimal(10) ** 24


@final
@dataclass(slots=True, kw_only=True)
class Draft:
    """What has been read of a book. `failures` collects every fault with its path."""

    as_of_ns: int
    registry: AssetRegistry
    terms: tuple[ContractTerm, ...]
    failures: list[Failure] = field(default_factory=list)
    overrides: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    listings: dict[str, Listing] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    assets: dict[str, Asset] = field(default_factory=dict)
    positions: list[Position] = field(default_factory=list)
    balances: list[Balance] = field(default_factory=list)
    loans: list[Loan] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    reports: dict[str, VenueReport] = field(default_factory=dict)
    _resolved: dict[tuple[str, str], Listing] = field(default_factory=dict)
    _claimed: set[tuple[str, str]] = field(default_factory=set)

    def refuse(self, reason: Reason, where: str, message: str) -> None:
        """Note one fault."""
        self.failures.append(Failure(reason, where, message))

    def claim(self, kind: str, name: str, where: str) -> None:
        """Take an id that stands once in a book, or note that it is taken."""
        if (kind, name) in self._claimed:
            self.refuse(Reason.DUPLICATE, where, f"{kind} {name} stands twice")
        self._claimed.add((kind, name))

    def held_listing(self, venue: str, symbol: str, where: str) -> Listing | None:
        """The listing of something that is held: it must exist and not have expired."""
        listing = self.listing(venue, symbol, where)
        if listing is None:
            return None
        expiry_ns = expiry_of(listing.instrument)
        if expiry_ns is not None and expiry_ns <= self.as_of_ns:
            self.refuse(
                Reason.EXPIRED,
                where,
                f"{listing.listing_id} expired at {instant_text(expiry_ns)}, "
                f"not after {instant_text(self.as_of_ns)}",
            )
            return None
        return listing

    def listing(self, venue: str, symbol: str, where: str) -> Listing | None:
        """The listing of a unified symbol at a venue, or None with the fault noted."""
        known = self._resolved.get((venue, symbol))
        if known is not None:
            return known
        resolved = resolve_symbol(symbol, self.registry, where)
        if isinstance(resolved, Failure):
            self.failures.append(resolved)
            return None
        listing = self.listings.get(f"{venue}:{resolved.economic_id}")
        if listing is None:
            listing = self._new_listing(venue, resolved, where)
        if listing is None:
            return None
        self.listings[listing.listing_id] = listing
        self._resolved[venue, symbol] = listing
        instrument = listing.instrument
        for code in (instrument.underlying, instrument.quote):
            self._use_asset(self.registry.asset(code))
        return listing

    def asset(self, name: str, where: str) -> tuple[Asset, Decimal] | None:
        """The asset of a code or alias and its coins per unit, or None with the fault noted."""
        known = self.registry.resolve(name)
        if known is None:
            self.refuse(Reason.UNKNOWN_ASSET, where, f"{name} is neither an asset nor an alias")
            return None
        self._use_asset(known[0])
        return known

    def units(self, asset: Asset, coins: Decimal, where: str) -> int | None:
        """Coins -> whole smallest units, or None with the fault noted when they are not whole."""
        units = coins.scaleb(asset.decimals, PRECISE)
        if units == units.to_integral_value():
            return int(units)
        self.refuse(
            Reason.OUT_OF_BOUNDS, where, f"{asset.code} has {asset.decimals} digits after the point"
        )
        return None

    def _new_listing(self, venue: str, resolved: ResolvedSymbol, where: str) -> Listing | None:
        instrument = resolved.instrument
        given = self.overrides.get((venue, resolved.economic_id), {})
        if "expiry" in given:
            dated = _with_expiry(instrument, given["expiry"])
            if dated is None:
                self.refuse(
                    Reason.CONTRADICTION,
                    where,
                    f"{resolved.economic_id} does not expire on {instant_text(given['expiry'])}",
                )
                return None
            instrument = dated
        term = term_of(venue, instrument, self.terms)
        size = given.get("contract_size", term.contract_size if term else None)
        if isinstance(instrument, Spot):
            size = given.get("contract_size", Decimal(1))
        if size is None:
            self.refuse(
                Reason.MISSING_FIELD,
                where,
                f"contract_size of {resolved.economic_id} at {venue} is not known: "
                "give it under listings",
            )
            return None
        listing = Listing(
            venue=venue,
            native_symbol=given.get(
                "native_symbol", native_of_instrument(venue, instrument, resolved.multiplier)
            ),
            economic_id=resolved.economic_id,
            instrument=instrument,
            contract_size=size,
            contracts_min=given.get("contracts_min", Decimal(0)),
            multiplier=resolved.multiplier,
            index_id=given.get("index"),
            settlement_rule=given.get("settlement_rule", "mark"),
        )
        step = given.get("contract_step", term.contract_step if term else None)
        return listing if step is None else replace(listing, contract_step=step)

    def _use_asset(self, asset: Asset) -> None:
        if asset.code in self.assets:
            return
        self.assets[asset.code] = asset
        for code in (asset.wraps, asset.peg):
            if code is not None and code in self.registry:
                self._use_asset(self.registry.asset(code))


def rounded_units(asset: Asset, coins: Decimal, *, up: bool) -> int:
    """Coins -> whole smallest units, outward: `up` for what is owed, down for what is owned.

    For recorded messages only: venues keep more digits than the asset has.
    """
    units = coins.scaleb(asset.decimals, PRECISE)
    return int(units.to_integral_value(ROUND_CEILING if up else ROUND_FLOOR))


def value_at_price(listing: Listing, contracts: Decimal, price: Decimal) -> Decimal:
    """Value of signed contracts at a price, settlement currency, 24 places, half to even.

    Inverse future or perpetual: -contracts x size / price; everything else, coin-settled options
    (whose price is in coins) included: contracts x size x price. At the entry price it is the cost.
    A value of `COST_LIMIT` and more is given unrounded, for the caller to refuse.
    """
    units = PRECISE.multiply(contracts, listing.contract_size)
    match listing.instrument:
        case Perpetual(inverse=True) | Future(inverse=True):
            value = PRECISE.divide(-units, price)
        case _:
            value = PRECISE.multiply(units, price)
    return value.quantize(COST_PLACES, context=PRECISE) if abs(value) < COST_LIMIT else value


def _with_expiry(
    instrument: Spot | Perpetual | Future | Option, expiry_ns: int
) -> Future | Option | None:
    if not isinstance(instrument, Future | Option):
        return None
    if instrument.expiry_ns // NS_PER_DAY != expiry_ns // NS_PER_DAY:
        return None
    return replace(instrument, expiry_ns=expiry_ns)
