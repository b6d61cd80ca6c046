"""Option chains as exchanges and collectors publish them -> listings, quotes and expiries."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from statistics import median_low
from typing import final

from crossmargin.base.failure import Failure, InputRefused, Reason, refuse_if_any
from crossmargin.base.instant import instant_text
from crossmargin.domain.asset import AssetRegistry
from crossmargin.domain.instrument import Listing, Option
from crossmargin.domain.symbol import resolve_symbol
from crossmargin.market.quoted import Quoted, assumed, given
from crossmargin.market.snapshot import AssetQuote, ExpiryQuote, ListingQuote, MarketSnapshot
from crossmargin.market.totals import MarketTotals
from crossmargin.wire.assets import ContractTerm, term_of
from crossmargin.wire.chain_row import ChainRow, book_summary_rows, oi_iv_rows
from crossmargin.wire.native import unified_of_native

FORWARD_SPREAD_MAX_FRAC = 0.01
"""Rows of one expiry whose underlying prices lie further apart are not of one moment."""


@final
class ChainFormat(StrEnum):
    """OI_IV: open interest and mark vol per date. BOOK_SUMMARY: marks, bids, asks of a moment."""

    OI_IV = "deribit-oi-iv"
    BOOK_SUMMARY = "deribit-book-summary"


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OptionChain:
    """What one file says. `as_of_ns` is its last time stamp, or midnight of its date."""

    as_of_ns: int
    listings: Mapping[str, Listing]
    quotes: Mapping[str, ListingQuote]
    expiries: Mapping[tuple[str, int], ExpiryQuote]
    assets: Mapping[str, AssetQuote]


def read_chain(
    data: bytes,
    chain_format: ChainFormat,
    venue: str,
    source: str,
    registry: AssetRegistry,
    terms: tuple[ContractTerm, ...],
) -> OptionChain:
    """CSV bytes -> chain; `source` names the file in every figure and failure.

    The underlying price of a row is the forward of its expiry. Where the file has no index, the
    forward of the nearest expiry stands in, `assumed`. Raises `InputRefused` with all failures:
    unknown names and columns, numbers out of bounds, an instrument twice or that contradicts its
    own columns, rows of one expiry that are not of one moment.
    """
    match chain_format:
        case ChainFormat.OI_IV:
            rows = oi_iv_rows(data, source)
        case ChainFormat.BOOK_SUMMARY:
            rows = book_summary_rows(data, source)
    failures: list[Failure] = []
    listed: dict[str, tuple[Listing, Option, ChainRow]] = {}
    for row in rows:
        listing = _listing(row, venue, registry, terms)
        if isinstance(listing, Failure):
            failures.append(listing)
            continue
        if listing.listing_id in listed:
            failures.append(Failure(Reason.DUPLICATE, row.where, f"{row.native_symbol} twice"))
        if isinstance(listing.instrument, Option):
            listed[listing.listing_id] = (listing, listing.instrument, row)
    refuse_if_any(failures)
    expiries = _expiries(listed.values(), source)
    return OptionChain(
        as_of_ns=max((row.as_of_ns for row in rows), default=0),
        listings={name: listing for name, (listing, _, _) in listed.items()},
        quotes={name: _quote(listing, row, source) for name, (listing, _, row) in listed.items()},
        expiries=expiries,
        assets=_assets(listed.values(), expiries, source),
    )


def chain_snapshot(chain: OptionChain, sequence: int) -> MarketSnapshot:
    """The snapshot of one chain alone, at the chain's own time."""
    return MarketSnapshot(
        as_of_ns=chain.as_of_ns,
        sequence=sequence,
        assets=chain.assets,
        expiries=chain.expiries,
        listings=chain.quotes,
        totals=MarketTotals(as_of_ns=chain.as_of_ns, sequence=sequence),
    )


def _listing(
    row: ChainRow, venue: str, registry: AssetRegistry, terms: tuple[ContractTerm, ...]
) -> Listing | Failure:
    unified = unified_of_native(venue, row.native_symbol, None, row.where)
    if isinstance(unified, Failure):
        return unified
    symbol = resolve_symbol(unified, registry, row.where)
    if isinstance(symbol, Failure):
        return symbol
    option = symbol.instrument
    if not isinstance(option, Option):
        return Failure(Reason.UNKNOWN_SYMBOL, row.where, f"{row.native_symbol} is no option")
    if (option.underlying, option.strike, option.right) != (row.underlying, row.strike, row.right):
        return Failure(
            Reason.CONTRADICTION, row.where, f"{row.native_symbol} is not what its columns say"
        )
    term = term_of(venue, option, terms)
    if term is None:
        return Failure(Reason.MISSING_DATA, row.where, f"no contract terms for {row.native_symbol}")
    return Listing(
        venue=venue,
        native_symbol=row.native_symbol,
        economic_id=symbol.economic_id,
        instrument=option,
        contract_size=term.contract_size,
        contract_step=term.contract_step or Decimal("0.00000001"),
        multiplier=symbol.multiplier,
    )


def _quote(listing: Listing, row: ChainRow, source: str) -> ListingQuote:
    def said(value: Decimal | None) -> Quoted | None:
        return None if value is None else given(float(value), source)

    return ListingQuote(
        listing_id=listing.listing_id,
        instrument=listing.instrument,
        multiplier=float(listing.multiplier),
        mark=said(row.mark),
        last=said(row.last),
        bid=said(row.bid),
        ask=said(row.ask),
        vol=said(row.vol),
        open_interest_contracts=said(row.open_interest_coins / listing.contract_size),
    )


def _expiries(
    listed: Iterable[tuple[Listing, Option, ChainRow]], source: str
) -> dict[tuple[str, int], ExpiryQuote]:
    by_expiry: dict[tuple[str, int], list[ChainRow]] = {}
    for _, option, row in listed:
        by_expiry.setdefault((option.underlying, option.expiry_ns), []).append(row)
    found, failures = {}, []
    for key in sorted(by_expiry):
        rows = by_expiry[key]
        prices = [float(row.forward) for row in rows]
        if max(prices) / min(prices) - 1.0 > FORWARD_SPREAD_MAX_FRAC:
            failures.append(
                Failure(
                    Reason.CONTRADICTION,
                    f"{source}: {key[0]} {instant_text(key[1])}",
                    f"underlying prices from {min(prices)} to {max(prices)} in one expiry",
                )
            )
        rates = [float(row.rate) for row in rows if row.rate is not None]
        found[key] = ExpiryQuote(
            underlying=key[0],
            expiry_ns=key[1],
            forward=given(median_low(prices), source),
            rate=given(median_low(rates), source) if rates else None,
        )
    if failures:
        raise InputRefused(failures)
    return found


def _assets(
    listed: Iterable[tuple[Listing, Option, ChainRow]],
    expiries: Mapping[tuple[str, int], ExpiryQuote],
    source: str,
) -> dict[str, AssetQuote]:
    index: dict[str, Quoted] = {}
    for underlying, expiry_ns in sorted(expiries):
        forward = expiries[underlying, expiry_ns].forward
        if forward is not None and underlying not in index:
            index[underlying] = assumed(
                forward.value,
                f"{source} has no index: the forward of {instant_text(expiry_ns)}",
            )
    for _, option, row in listed:
        if row.index is not None:
            index[option.underlying] = given(float(row.index), source)
    return {code: AssetQuote(asset=code, index=index[code]) for code in sorted(index)}
