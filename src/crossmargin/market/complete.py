"""A snapshot with everything that follows from what it holds, each figure with its source."""

from collections.abc import Iterable
from dataclasses import replace

from crossmargin.base.failure import Failure, Reason, refuse_if_any
from crossmargin.domain.instrument import Future, Listing, Spot
from crossmargin.market.forward import completed_expiries
from crossmargin.market.option_quote import (
    with_implied_vols,
    with_option_marks,
    with_surface_vols,
)
from crossmargin.market.quoted import Quoted, SourceKind, derived_from
from crossmargin.market.snapshot import ListingQuote, MarketSnapshot, index_quote


def completed_market(snapshot: MarketSnapshot, listings: Iterable[Listing] = ()) -> MarketSnapshot:
    """`snapshot` and `listings` with all that can be derived or is stated as assumed.

    Forward and rate per expiry (`completed_expiries`); an option's vol from its own mark, else from
    the surface of its underlying, else flat at the vol index, else none; an option's mark from its
    vol; the mark of a spot listing from the two indexes; the mark of a dated future from a forward
    that is not assumed. A perpetual without a mark stays without one, and nothing is replaced.

    Raises `InputRefused` when a listing contradicts the instrument the snapshot has for its id.
    """
    known = _with_listings(snapshot, listings)
    known = replace(known, expiries=completed_expiries(known))
    known = with_option_marks(with_surface_vols(with_implied_vols(known)))
    return _with_linear_marks(known)


def _with_listings(snapshot: MarketSnapshot, listings: Iterable[Listing]) -> MarketSnapshot:
    quotes = dict(snapshot.listings)
    failures = []
    for listing in listings:
        name = listing.listing_id
        quote = quotes.get(name) or ListingQuote(listing_id=name, instrument=listing.instrument)
        if quote.instrument is not listing.instrument and quote.instrument != listing.instrument:
            failures.append(
                Failure(
                    Reason.CONTRADICTION,
                    f"listings.{name}",
                    "the market and the book mean different instruments by this id",
                )
            )
        multiplier = float(listing.multiplier)
        quotes[name] = (
            quote if quote.multiplier == multiplier else replace(quote, multiplier=multiplier)
        )
    refuse_if_any(failures)
    return replace(snapshot, listings=quotes)


def _with_linear_marks(snapshot: MarketSnapshot) -> MarketSnapshot:
    changed = dict(snapshot.listings)
    for name, quote in snapshot.listings.items():
        if quote.mark is not None:
            continue
        match quote.instrument:
            case Spot(leverage=leverage) if leverage == 1:
                mark = index_in_quote(snapshot, quote)
            case Future():
                mark = _future_mark(snapshot, quote.instrument, quote)
            case _:
                mark = None
        if mark is not None:
            changed[name] = replace(quote, mark=mark)
    return replace(snapshot, listings=changed)


def index_in_quote(snapshot: MarketSnapshot, quote: ListingQuote) -> Quoted | None:
    """The underlying's index in quote currency per quoted unit; None without both indexes."""
    base = index_quote(snapshot, quote.instrument.underlying)
    dollar = index_quote(snapshot, quote.instrument.quote)
    if base is None or dollar is None:
        return None
    value = base.value * quote.multiplier / dollar.value
    return derived_from(value, "the indexes of its two assets", base, dollar)


def _future_mark(snapshot: MarketSnapshot, future: Future, quote: ListingQuote) -> Quoted | None:
    expiry = snapshot.expiries.get((future.underlying, future.expiry_ns))
    dollar = index_quote(snapshot, future.quote)
    if expiry is None or expiry.forward is None or dollar is None:
        return None
    if expiry.forward.source.kind is SourceKind.ASSUMED:
        return None
    value = expiry.forward.value * quote.multiplier / dollar.value
    return derived_from(value, "the forward of its expiry", expiry.forward, dollar)
