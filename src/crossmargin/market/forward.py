"""The forward of every expiry: given, from a dated future, from put-call parity, or assumed."""

import math
from collections.abc import Iterable
from dataclasses import replace

from crossmargin.base.instant import instant_text, years_between
from crossmargin.domain.instrument import Future, Instrument, Option, Right
from crossmargin.market.quoted import Quoted, assumed, derived_from
from crossmargin.market.snapshot import ExpiryQuote, ListingQuote, MarketSnapshot, index_quote

NO_RATE = "no rate is given: options are undiscounted against the forward of their own expiry"
PAIRS_MAX = 5
"""Parity is read off so many strikes: those where call and put are worth nearly the same."""

ExpiryKey = tuple[str, int]


def completed_expiries(snapshot: MarketSnapshot) -> dict[ExpiryKey, ExpiryQuote]:
    """Every (underlying, expiry) that the snapshot names, with a forward in dollars and a rate.

    The forward is the first there is of: the given one; the middle mark of the dated futures; the
    middle of put-call parity over the five strikes nearest to the money; the index, `assumed`. With
    no index either it stays None. A rate that is not given is assumed 0.
    """
    listed: dict[ExpiryKey, list[ListingQuote]] = {key: [] for key in snapshot.expiries}
    for listing_id in sorted(snapshot.listings):
        quote = snapshot.listings[listing_id]
        if isinstance(quote.instrument, Future | Option):
            key = (quote.instrument.underlying, quote.instrument.expiry_ns)
            listed.setdefault(key, []).append(quote)
    return {key: _completed(snapshot, key, listed[key]) for key in sorted(listed)}


def _completed(snapshot: MarketSnapshot, key: ExpiryKey, quotes: list[ListingQuote]) -> ExpiryQuote:
    expiry = snapshot.expiries.get(key, ExpiryQuote(underlying=key[0], expiry_ns=key[1]))
    rate = expiry.rate or assumed(0.0, NO_RATE)
    forward = (
        expiry.forward
        or _of_futures(snapshot, quotes)
        or _of_parity(snapshot, key, quotes, rate)
        or _of_index(snapshot, key)
    )
    return replace(expiry, forward=forward, rate=rate)


def _of_futures(snapshot: MarketSnapshot, quotes: Iterable[ListingQuote]) -> Quoted | None:
    found = []
    for quote in quotes:
        if not isinstance(quote.instrument, Future) or quote.mark is None:
            continue
        dollar = index_quote(snapshot, quote.instrument.quote)
        if dollar is not None:
            value = quote.mark.value * dollar.value / quote.multiplier
            text = f"mark of {quote.listing_id}"
            found.append((value, derived_from(value, text, quote.mark, dollar)))
    return _middle(found)


def _of_parity(
    snapshot: MarketSnapshot, key: ExpiryKey, quotes: Iterable[ListingQuote], rate: Quoted
) -> Quoted | None:
    marked: dict[tuple[str, Instrument], Quoted] = {}
    terms: dict[tuple[str, Instrument], ListingQuote] = {}
    for quote in quotes:
        if isinstance(quote.instrument, Option) and quote.mark is not None:
            venue = quote.listing_id.partition(":")[0]
            marked[venue, quote.instrument] = quote.mark
            terms[venue, quote.instrument] = quote
    discount = math.exp(-rate.value * years_between(snapshot.as_of_ns, key[1]))
    found = []
    for (venue, instrument), call in marked.items():
        if not isinstance(instrument, Option) or instrument.right is not Right.CALL:
            continue
        put = marked.get((venue, replace(instrument, right=Right.PUT)))
        dollar = index_quote(snapshot, instrument.quote)
        if put is None or dollar is None:
            continue
        forward = _parity_forward(instrument, call.value, put.value, discount)
        if forward is None:
            continue
        value = forward * dollar.value / terms[venue, instrument].multiplier
        inputs = (call, put, dollar) if instrument.inverse else (call, put, dollar, rate)
        text = f"put-call parity of marks at strike {instrument.strike} at {venue}"
        gap = abs(math.log(forward / float(instrument.strike)))
        found.append((gap, value, derived_from(value, text, *inputs)))
    nearest = sorted(found, key=lambda x: x[:2])[:PAIRS_MAX]
    return _middle([(value, quoted) for _, value, quoted in nearest])


def _parity_forward(option: Option, call: float, put: float, discount: float) -> float | None:
    """In quote currency per quoted unit. Coin marks are C/F and P/F, so C - P = F - K gives F."""
    strike = float(option.strike)
    if option.inverse:
        rest = 1.0 - call + put
        return strike / rest if rest > 0.0 else None
    forward = strike + (call - put) / discount
    return forward if forward > 0.0 else None


def _of_index(snapshot: MarketSnapshot, key: ExpiryKey) -> Quoted | None:
    index = index_quote(snapshot, key[0])
    if index is None:
        return None
    when = instant_text(key[1])
    return assumed(
        index.value, f"no forward, dated future or option pair of {when}: the index of {key[0]}"
    )


def _middle(found: list[tuple[float, Quoted]]) -> Quoted | None:
    """The middle of the values (the lower of two), so that it is one that somebody quoted."""
    if not found:
        return None
    ranked = sorted(found, key=lambda x: (x[0], x[1].source.text))
    return ranked[(len(ranked) - 1) // 2][1]
