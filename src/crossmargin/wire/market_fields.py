"""The fields of our market file: names, bounds, and what a schema says of them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, final

from crossmargin.wire.chain import ChainFormat
from crossmargin.wire.record import (
    DECIMAL_SCHEMA,
    Field,
    choice_field,
    code_field,
    foreign_field,
    instant_field,
    integer_field,
    note_field,
    record_field,
    record_list_field,
    record_schema,
    text_field,
    word_field,
)

MARKET_SCHEMA: Final = "crossmargin/market/1"

SOURCE_FIELDS = (
    note_field("source", "who says so"),
    note_field("derived", "from what, and how it was computed"),
    note_field("assumed", "the reason why the data lack it"),
)
QUOTE_FIELDS = (foreign_field("value", "the figure", required=True), *SOURCE_FIELDS)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteBounds:
    """A figure of a record and the bounds it must lie in."""

    name: str
    about: str
    low: Decimal
    high: Decimal


def _bounds(name: str, about: str, low: str, high: str) -> QuoteBounds:
    return QuoteBounds(name=name, about=about, low=Decimal(low), high=Decimal(high))


def _price(name: str, about: str) -> QuoteBounds:
    return _bounds(name, about, "1e-18", "1e15")


ASSET_QUOTES = (
    _price("index", "index price in dollars"),
    _price("low", "conservative price in dollars, for what an account has"),
    _price("high", "conservative price in dollars, for what it owes"),
    _price("twap", "slow price in dollars"),
    _bounds("adv", "average daily volume in dollars", "0", "1e18"),
    _bounds("depth", "bids within 1 % of the index, in dollars", "0", "1e18"),
    _bounds("half_spread_frac", "half of the spread over the index", "0", "0.999999"),
    _bounds("vol_index", "vol index as a fraction: 0.45 is 45 %", "1e-6", "50"),
)
CONFIDENCE = _bounds("confidence", "confidence 0..1 by feed", "0", "1")
EXPIRY_QUOTES = (
    _price("forward", "forward in dollars per coin"),
    _bounds("forward_settled", "part of it that settlement has fixed", "0", "1e15"),
    _bounds("rate", "continuous interest rate per year", "-1", "5"),
)
LISTING_QUOTES = (
    _bounds("mark", "mark price in the listing's own quotation", "0", "1e15"),
    _price("last", "last trade"),
    _price("bid", "best bid"),
    _price("ask", "best ask"),
    _bounds("vol", "implied vol as a fraction", "1e-6", "50"),
    _bounds("funding_rate_per_hour", "what a long pays per hour, as a fraction", "-1", "1"),
    _bounds("open_interest_contracts", "open contracts, one side", "0", "1e18"),
    _bounds("skew_contracts", "longs minus shorts at a venue that takes the other side", "-1e18",
            "1e18"),
)  # fmt: skip
LONG_NOTIONAL = _bounds("long_notional", "dollars held long by underlying", "0", "1e18")
SHORT_NOTIONAL = _bounds("short_notional", "dollars held short by underlying", "0", "1e18")
OPEN_INTEREST = _bounds("open_interest", "open contracts by listing", "0", "1e18")
VENUE_COLLATERAL = _bounds("venue_collateral", "coins held, by venue/asset", "0", "1e18")
OWNER_DELTA = _bounds("owner_delta", "signed coins, by owner/underlying", "-1e18", "1e18")
CROWD_LONG = _bounds("crowd_long", "long dollars that a fall would close", "0", "1e18")
CROWD_SHORT = _bounds("crowd_short", "short dollars that a rise would close", "0", "1e18")
OWNER_CROWD_LONG = _bounds("owner_crowd_long", "its part by owner/underlying", "0", "1e18")
OWNER_CROWD_SHORT = _bounds("owner_crowd_short", "its part by owner/underlying", "0", "1e18")
CYCLE_DEPTH = _bounds("cycle_depth", "depth through the cycle, dollars", "0", "1e18")


def quote_schema() -> dict[str, object]:
    """The JSON Schema of a figure: bare, or with its own source."""
    return {"anyOf": [dict(DECIMAL_SCHEMA), record_schema(QUOTE_FIELDS)]}


def _quotes(bounds: tuple[QuoteBounds, ...]) -> tuple[Field, ...]:
    return tuple(_unread(x.name, x.about, quote_schema()) for x in bounds)


def _by_name(bounds: QuoteBounds) -> Field:
    schema: dict[str, object] = {
        "type": "object",
        "additionalProperties": quote_schema(),
    }
    return _unread(bounds.name, bounds.about, schema)


def _unread(name: str, about: str, schema: dict[str, object]) -> Field:
    """Handed on as it is: its figures are read with their bounds and the sources around them."""
    return Field(name, lambda value, where: value, schema, about)


ASSET_RECORD = (
    code_field("asset", "canonical code", required=True),
    *SOURCE_FIELDS,
    *_quotes(ASSET_QUOTES),
    _by_name(CONFIDENCE),
)
EXPIRY_RECORD = (
    code_field("underlying", "canonical code", required=True),
    instant_field("expiry", "when it expires", required=True),
    *SOURCE_FIELDS,
    *_quotes(EXPIRY_QUOTES),
)
LISTING_RECORD = (
    text_field("listing", "venue:unified symbol, as deribit:BTC/USD:BTC", required=True),
    *SOURCE_FIELDS,
    *_quotes(LISTING_QUOTES),
)
INCLUDE_RECORD = (
    text_field("chain", "the file, as package:NAME", required=True),
    choice_field("format", "how the file is laid out", ChainFormat, required=True),
    text_field("venue", "where its options are listed", required=True),
)
HISTORY_RECORD = (
    text_field("prices", "daily closes, as package:NAME"),
    text_field("vol_index", "daily vol index, as package:NAME"),
)
TOTALS_RECORD = (
    instant_field("as_of", "when they were computed", required=True),
    *SOURCE_FIELDS,
    _by_name(LONG_NOTIONAL),
    _by_name(SHORT_NOTIONAL),
    _by_name(OPEN_INTEREST),
    _by_name(VENUE_COLLATERAL),
    _by_name(OWNER_DELTA),
    _by_name(CROWD_LONG),
    _by_name(CROWD_SHORT),
    _by_name(OWNER_CROWD_LONG),
    _by_name(OWNER_CROWD_SHORT),
    _by_name(CYCLE_DEPTH),
)
MARKET_RECORD = (
    word_field("schema", "what this file is", (MARKET_SCHEMA,), required=True),
    instant_field("as_of", "the moment of the market", required=True),
    integer_field("sequence", "number of the snapshot", low=0, high=2**53, required=True),
    *SOURCE_FIELDS,
    record_list_field("include", "option chains to take in", INCLUDE_RECORD),
    record_field("history", "return history", HISTORY_RECORD),
    record_list_field("assets", "figures of assets", ASSET_RECORD),
    record_list_field("expiries", "figures of expiries", EXPIRY_RECORD),
    record_list_field("listings", "figures of listings", LISTING_RECORD),
    record_field("totals", "figures over all accounts", TOTALS_RECORD),
)
