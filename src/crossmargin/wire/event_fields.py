"""The kinds of events as data: their words in a file, the fields of each, and how they are read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, final

from crossmargin.base.exact import decimal_text
from crossmargin.base.instant import instant_text
from crossmargin.domain.account import Authority, MarginMode
from crossmargin.domain.holding import OrderKind, Side
from crossmargin.engine import event_control, event_market, event_money, event_trade
from crossmargin.engine.event import Body
from crossmargin.engine.event_control import HaltScope
from crossmargin.wire.record import (
    Field,
    choice_field,
    code_field,
    decimal_field,
    decimals_field,
    flag_field,
    foreign_field,
    instant_field,
    integer_field,
    note_field,
    pairs_field,
    text_field,
)

NANO_SEQUENCE_MAX: Final = 2**62
EVENT_HEAD: Final = (
    text_field("id", "unique over all sources", required=True),
    text_field("source", "who says so", required=True),
    integer_field("sequence", "place at its source", low=0, high=NANO_SEQUENCE_MAX, required=True),
    instant_field("time", "when it happened", required=True),
    text_field("kind", "what happened", required=True),
)

ACCOUNT_FIELDS: Final = (
    text_field("account", "name of the account", required=True),
    text_field("entity", "legal person that holds it", required=True),
    text_field("venue", "where it is", required=True),
    text_field("parent", "account above it"),
    text_field("recipe", "rulebook of the venue"),
    choice_field("mode", "with its account, or ring-fenced", MarginMode),
    choice_field("authority", "enforce or advise", Authority),
)
LISTING_FIELDS: Final = (
    text_field("listing", "venue:unified symbol", required=True),
    decimal_field("contract_size", "units of the underlying, or face value", low=Decimal(0)),
)


@final
@dataclass(frozen=True, slots=True)
class Word:
    """A field of an event's body: its attribute, its field in a file, and how it is written."""

    attribute: str
    field: Field
    write: Callable[[Any], object]


@final
@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of event: the class of its body and its words."""

    body: type[Body]
    words: tuple[Word, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields of its body in a file."""
        return tuple(word.field for word in self.words)


def _same(value: Any) -> object:
    return value


def _text(attribute: str, name: str, about: str, *, required: bool = True) -> Word:
    return Word(attribute, text_field(name, about, required=required), _same)


def _asset(attribute: str = "asset", *, required: bool = True) -> Word:
    name = attribute
    return Word(attribute, code_field(name, "canonical code", required=required), _same)


def _number(attribute: str, about: str, *, required: bool = True) -> Word:
    return Word(attribute, decimal_field(attribute, about, required=required), _decimal)


def _numbers(attribute: str, about: str, *, required: bool = True) -> Word:
    field = decimals_field(attribute, about, required=required)
    return Word(attribute, field, _decimals)


def _pairs(attribute: str, about: str) -> Word:
    return Word(attribute, pairs_field(attribute, about), _paired)


def _instant(attribute: str, about: str) -> Word:
    name = attribute.removesuffix("_ns")
    return Word(attribute, instant_field(name, about, required=True), instant_text)


def _choice(attribute: str, about: str, words: type[StrEnum], *, required: bool = True) -> Word:
    return Word(attribute, choice_field(attribute, about, words, required=required), str)


def _note(attribute: str, about: str) -> Word:
    return Word(attribute, note_field(attribute, about, required=True), _same)


def _decimal(value: Decimal) -> str:
    return decimal_text(value)


def _decimals(values: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: decimal_text(value) for name, value in sorted(values.items())}


def _paired(values: Mapping[tuple[str, str], Decimal]) -> dict[str, str]:
    return _decimals({"/".join(pair): value for pair, value in values.items()})


_ACCOUNT = _text("account_id", "account", "whose")
_LISTING = _text("listing_id", "listing", "venue:unified symbol")
_ORDER = _text("order_id", "order", "name of the order, unique in the account")
_UNITS = Word(
    "amount_units", decimal_field("amount", "coins, a whole number of units", required=True), _same
)
_AMOUNT = _number("amount", "coins, exact")
_SIDE = _choice("side", "buy or sell", Side)
_CONTRACTS = _number("contracts", "contracts, above zero")
_SCOPE = _choice("scope", "all, venue, listing, or a breaker to let go", HaltScope)
_HALT_NAME = Word("name", text_field("name", "of the venue or listing"), _same)
_LIMIT = _number("limit_price", "in the listing's quotation", required=False)

KINDS: Final[Mapping[str, Kind]] = {
    "deposit": Kind(event_money.Deposit, (_ACCOUNT, _asset(), _UNITS)),
    "deposit_announced": Kind(event_money.DepositAnnounced, (_ACCOUNT, _asset(), _UNITS)),
    "deposit_outcome": Kind(
        event_money.DepositSettled,
        (
            _text("announced_id", "announced", "id of the announcement"),
            Word("arrived", flag_field("arrived", "there, or not coming", required=True), _same),
        ),
    ),
    "withdrawal_request": Kind(event_money.WithdrawalRequested, (_ACCOUNT, _asset(), _UNITS)),
    "withdrawal_outcome": Kind(
        event_money.WithdrawalSettled,
        (
            _text("request_id", "request", "id of the request"),
            Word("sent", flag_field("sent", "sent, or given up", required=True), _same),
        ),
    ),
    "transfer": Kind(
        event_money.Transfer,
        (_ACCOUNT, _text("to_account_id", "to_account", "who receives"), _asset(), _UNITS),
    ),
    "fee": Kind(event_money.Fee, (_ACCOUNT, _asset(), _AMOUNT)),
    "interest": Kind(event_money.Interest, (_ACCOUNT, _asset(), _AMOUNT)),
    "collateral_lock": Kind(
        event_money.CollateralLocked,
        (_ACCOUNT, _text("in_favour_of", "in_favour_of", "who may seize it"), _asset(), _UNITS),
    ),
    "collateral_release": Kind(
        event_money.CollateralReleased, (_text("lock_id", "lock", "id of the lock"),)
    ),
    "collateral_seize": Kind(
        event_money.CollateralSeized, (_text("lock_id", "lock", "id of the lock"),)
    ),
    "order": Kind(
        event_trade.OrderPlaced,
        (
            _ACCOUNT,
            _ORDER,
            _LISTING,
            _SIDE,
            _CONTRACTS,
            _LIMIT,
            Word("kind", choice_field("order_kind", "how it executes", OrderKind), str),
            Word("reduce_only", flag_field("reduce_only", "may only reduce"), _same),
        ),
    ),
    "order_cancel": Kind(event_trade.OrderCancelled, (_ACCOUNT, _ORDER)),
    "order_replace": Kind(event_trade.OrderReplaced, (_ACCOUNT, _ORDER, _CONTRACTS, _LIMIT)),
    "mass_quote": Kind(
        event_trade.MassQuote,
        (
            _ACCOUNT,
            _LISTING,
            _number("bid_contracts", "0 withdraws the bid"),
            _number("bid_price", "in the listing's quotation"),
            _number("ask_contracts", "0 withdraws the ask"),
            _number("ask_price", "in the listing's quotation"),
        ),
    ),
    "fill": Kind(
        event_trade.Fill,
        (
            _ACCOUNT,
            _LISTING,
            _SIDE,
            _CONTRACTS,
            _number("price", "in the listing's quotation"),
            _text("order_id", "order", "the order it fills", required=False),
            _number("fee", "coins", required=False),
            _asset("fee_asset", required=False),
        ),
    ),
    "trade_cancel": Kind(
        event_trade.TradeCancelled, (_text("original_id", "original", "id of the fill"),)
    ),
    "funding": Kind(
        event_trade.Funding,
        (_LISTING, _number("amount_per_contract", "coins a long contract pays")),
    ),
    "settlement": Kind(
        event_trade.Settled, (_LISTING, _number("price", "in the listing's quotation"))
    ),
    "redenomination": Kind(
        event_trade.Redenominated, (_LISTING, _number("ratio", "new contracts for an old one"))
    ),
    "venue_snapshot": Kind(
        event_trade.VenueSnapshot,
        (
            _ACCOUNT,
            _numbers("contracts", "signed contracts by listing"),
            Word("units", decimals_field("balances", "coins by asset", required=True), _same),
        ),
    ),
    "price": Kind(
        event_market.Price,
        (
            _asset(),
            _number("index", "dollars per coin", required=False),
            Word("marks", decimals_field("marks", "marks by listing"), _decimals),
        ),
    ),
    "book_top": Kind(
        event_market.BookTop,
        (
            _LISTING,
            _number("impact_bid", "what an impact size would be sold for"),
            _number("impact_ask", "what an impact size would be bought for"),
        ),
    ),
    "backing": Kind(
        event_market.BackingStated,
        (
            _asset(),
            _number("backed_frac", "the share that is there, 1 is all"),
            _instant("proven_ns", "when that was proven"),
            Word(
                "redeemable", flag_field("redeemable", "holders can redeem", required=True), _same
            ),
        ),
    ),
    "volatility": Kind(event_market.Volatility, (_LISTING, _number("vol", "0.45 is 45 %"))),
    "listing": Kind(
        event_market.ListingAdded,
        (Word("listing", foreign_field("terms", "contract terms", required=True), _same),),
    ),
    "delisting": Kind(event_market.ListingRemoved, (_LISTING,)),
    "market_totals": Kind(
        event_market.TotalsStated,
        (
            _numbers("long_notional", "dollars by underlying"),
            _numbers("short_notional", "dollars by underlying"),
            _numbers("open_interest", "contracts by listing"),
            _pairs("venue_collateral", "coins held, by venue/asset"),
            _pairs("owner_delta", "signed coins, by owner/underlying"),
            _numbers("crowd_long", "long dollars that a fall would close", required=False),
            _numbers("crowd_short", "short dollars that a rise would close", required=False),
            _pairs("owner_crowd_long", "its part, by owner/underlying"),
            _pairs("owner_crowd_short", "its part, by owner/underlying"),
            _numbers("cycle_depth", "dollars that the book takes, by underlying", required=False),
        ),
    ),
    "account": Kind(
        event_control.AccountOpened,
        (Word("account", foreign_field("opened", "the account", required=True), _same),),
    ),
    "parameter": Kind(
        event_control.ParameterChanged,
        (
            _text("recipe", "recipe", "rulebook"),
            _text("parameter", "parameter", "name of the parameter"),
            _number("value", "from then on"),
            _instant("effective_ns", "from when on"),
        ),
    ),
    "price_override": Kind(
        event_control.PriceOverridden,
        (
            _asset(),
            _number("index", "dollars per coin"),
            _text("author", "author", "who sets it"),
            _text("approver", "approver", "who approved it, a second person"),
            _note("reason", "why"),
            _instant("expires_ns", "until when"),
        ),
    ),
    "halt": Kind(event_control.Halted, (_SCOPE, _HALT_NAME, _note("reason", "why"))),
    "resume": Kind(event_control.Resumed, (_SCOPE, _HALT_NAME)),
    "call_acknowledge": Kind(
        event_control.CallAcknowledged, (_text("call_id", "call", "id of the call"),)
    ),
    "call_dispute": Kind(
        event_control.CallDisputed,
        (
            _text("call_id", "call", "id of the call"),
            _number("amount", "the part that is disputed"),
            _note("reason", "why"),
        ),
    ),
    "dispute_outcome": Kind(
        event_control.DisputeResolved,
        (_text("call_id", "call", "id of the call"), _number("upheld", "the part that is owed")),
    ),
    "tick": Kind(event_control.ClockTick, ()),
}
