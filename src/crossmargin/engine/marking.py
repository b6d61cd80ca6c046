"""Marks that the engine makes: from the index and a book of its own, which nobody moves far."""

from collections.abc import Mapping
from dataclasses import replace
from math import exp

import numpy as np

from crossmargin.domain.instrument import Future, Listing, Option, Perpetual, Right
from crossmargin.engine.price_rules import PriceRules
from crossmargin.engine.price_state import MarkState
from crossmargin.market.complete import index_in_quote
from crossmargin.market.forward import completed_expiries
from crossmargin.market.marks import PerpetualMarkPolicy, perpetual_mark
from crossmargin.market.option_mark import (
    ExpiryMarks,
    ExpiryQuotes,
    OptionMarkPolicy,
    option_marks,
)
from crossmargin.market.option_quote import OptionRow, option_rows
from crossmargin.market.price_average import Average
from crossmargin.market.quoted import derived
from crossmargin.market.snapshot import ListingQuote, MarketSnapshot

SETTLED_FRAC = 1e-12
"""A mean premium this near to its sample has nothing left to move."""


def is_made(rules: PriceRules, listing: Listing) -> bool:
    """Whether the engine makes this listing's mark, so that nobody may say it."""
    match listing.instrument:
        case Perpetual():
            return rules.perpetual is not None
        case Option():
            return rules.option is not None
        case _:
            return False


def with_marks(
    rules: PriceRules,
    marks: MarkState,
    listings: Mapping[str, Listing],
    snapshot: MarketSnapshot,
    assets: frozenset[str],
    as_of_ns: int,
) -> tuple[MarkState, MarketSnapshot]:
    """Marks at `as_of_ns` of the perpetuals and options whose price is in or of one of `assets`."""
    own = {
        name: listing
        for name, listing in sorted(listings.items())
        if not assets.isdisjoint((listing.instrument.underlying, listing.instrument.quote))
    }
    if rules.perpetual is not None:
        marks, snapshot = _perpetuals(rules.perpetual, marks, own, snapshot, as_of_ns)
    if rules.option is not None:
        marks, snapshot = _options(rules.option, marks, own, snapshot, as_of_ns)
    return marks, snapshot


def unsettled(rules: PriceRules, marks: MarkState) -> frozenset[str]:
    """Listings whose mark still moves with time alone: a mean that its sample has not filled."""
    if rules.perpetual is None and rules.option is None:
        return frozenset()
    moving = {
        name
        for name, own in marks.perpetuals.items()
        if abs(own.premium_frac - own.average.value) > SETTLED_FRAC
    }
    return frozenset(moving | set(marks.quoted_vols))


def without_listing(marks: MarkState, listing_id: str) -> MarkState:
    """Marks without what is kept of one listing. Vols of its expiry stay with the other strikes."""
    return replace(
        marks,
        tops={name: own for name, own in marks.tops.items() if name != listing_id},
        perpetuals={name: own for name, own in marks.perpetuals.items() if name != listing_id},
        quoted_vols={name: own for name, own in marks.quoted_vols.items() if name != listing_id},
    )


def _perpetuals(
    policy: PerpetualMarkPolicy,
    marks: MarkState,
    listings: Mapping[str, Listing],
    snapshot: MarketSnapshot,
    as_of_ns: int,
) -> tuple[MarkState, MarketSnapshot]:
    made = dict(marks.perpetuals)
    quotes = dict(snapshot.listings)
    for name, listing in listings.items():
        if not isinstance(listing.instrument, Perpetual):
            continue
        quote = quote_of(snapshot, listing)
        index = index_in_quote(snapshot, quote)
        mark = None
        if index is not None:
            known = made.get(name)
            found = perpetual_mark(policy, index.value, marks.tops.get(name), known, as_of_ns)
            made[name] = found
            mark = derived(found.mark, "its index and the mean premium of its own book")
        quotes[name] = replace(quote, mark=mark)
    return replace(marks, perpetuals=made), replace(snapshot, listings=quotes)


def _options(
    policy: OptionMarkPolicy,
    marks: MarkState,
    listings: Mapping[str, Listing],
    snapshot: MarketSnapshot,
    as_of_ns: int,
) -> tuple[MarkState, MarketSnapshot]:
    averages = dict(marks.averages)
    quotes = dict(snapshot.listings)
    for key, rows in _by_expiry(_rows(snapshot, listings)).items():
        strikes = sorted({float(row.option.strike) for row in rows})
        first = rows[0]
        discount = 1.0 if first.option.inverse else exp(-first.rate.value * max(first.years, 0.0))
        said = ExpiryQuotes(
            years=max(first.years, 0.0),
            forward=first.forward.value,
            discount=discount,
            strike=np.array(strikes),
            vol=np.array([_quoted_vol(marks, rows, strike) for strike in strikes]),
        )
        known = {float(strike): own for strike, own in averages.get(key, {}).items()}
        found = option_marks(policy, said, _with_averages(said, known), as_of_ns)
        averages[key] = {repr(strike): own for strike, own in sorted(found.averages.items())}
        for row in rows:
            quotes[row.quote.listing_id] = _marked(row, found, strikes)
    return replace(marks, averages=averages), replace(snapshot, listings=quotes)


def _rows(snapshot: MarketSnapshot, listings: Mapping[str, Listing]) -> list[OptionRow]:
    """Options with a forward that no mark of an option was used for."""
    bare = {
        name: replace(quote_of(snapshot, listing), mark=None, vol=None)
        for name, listing in listings.items()
        if isinstance(listing.instrument, Option)
    }
    futures = {
        name: quote_of(snapshot, listing)
        for name, listing in listings.items()
        if isinstance(listing.instrument, Future)
    }
    alone = replace(snapshot, listings={**bare, **futures})
    return option_rows(replace(alone, expiries=completed_expiries(alone)))


def _by_expiry(rows: list[OptionRow]) -> dict[str, list[OptionRow]]:
    """Options that are quoted side by side, by venue, underlying, quote, coin and expiry."""
    found: dict[str, list[OptionRow]] = {}
    for row in rows:
        venue = row.quote.listing_id.partition(":")[0]
        own = row.option
        coin = "coin" if own.inverse else "quote"
        key = f"{venue} {own.underlying} {own.quote} {coin} {own.expiry_ns}"
        found.setdefault(key, []).append(row)
    return found


def _quoted_vol(marks: MarkState, rows: list[OptionRow], strike: float) -> float:
    """The vol quoted at a strike: of the side that is out of the money where there are two."""
    found = {
        row.option.right: marks.quoted_vols[row.quote.listing_id]
        for row in rows
        if float(row.option.strike) == strike and row.quote.listing_id in marks.quoted_vols
    }
    outside = Right.CALL if strike >= rows[0].forward.value else Right.PUT
    return found.get(outside, next(iter(found.values()), float("nan")))


def _with_averages(said: ExpiryQuotes, averages: dict[float, Average]) -> ExpiryMarks | None:
    if not averages:
        return None
    nothing = np.full(len(said.strike), np.nan)
    return ExpiryMarks(
        strike=said.strike,
        vol=nothing,
        call=nothing,
        put=nothing,
        averages=averages,
    )


def _marked(row: OptionRow, found: ExpiryMarks, strikes: list[float]) -> ListingQuote:
    place = strikes.index(float(row.option.strike))
    price = (found.call if row.option.right is Right.CALL else found.put)[place]
    vol = found.vol[place]
    per_unit = row.forward.value if row.option.inverse else 1.0
    text = "averaged vols of its expiry, without arbitrage between strikes"
    return replace(
        row.quote,
        mark=None if np.isnan(price) else derived(float(price) / per_unit, text),
        vol=None if np.isnan(vol) else derived(float(vol), text),
    )


def quote_of(snapshot: MarketSnapshot, listing: Listing) -> ListingQuote:
    """The listing's quote, an empty one where the snapshot has none."""
    name = listing.listing_id
    return snapshot.listings.get(name) or ListingQuote(
        listing_id=name, instrument=listing.instrument, multiplier=float(listing.multiplier)
    )
