"""The fields of our book format, as data: strict reader and JSON Schema both follow them."""

from decimal import Decimal
from typing import Final

from crossmargin.domain.account import Authority, MarginMode, NettingOpinion
from crossmargin.domain.holding import BalanceState, OrderKind, Side
from crossmargin.domain.instrument import SettlementStyle
from crossmargin.wire.assets import ALIAS_FIELDS, ASSET_FIELDS
from crossmargin.wire.record import (
    Fields,
    amount_field,
    choice_field,
    code_field,
    decimal_field,
    decimals_field,
    flag_field,
    foreign_field,
    instant_field,
    note_field,
    record_field,
    record_list_field,
    settings_field,
    text_field,
    texts_field,
    word_field,
)

BOOK_SCHEMA: Final = "crossmargin/book/1"

RECORDED_FORMATS: Final = (
    "binance.cm_positions",
    "binance.options_positions",
    "binance.papi_balance",
    "binance.um_account",
    "binance.um_positions",
    "bybit.positions",
    "bybit.wallet",
    "ccxt.balance",
    "ccxt.positions",
    "deribit.account_summaries",
    "deribit.positions",
    "dydx.subaccount",
    "hyperliquid.clearinghouse",
    "hyperliquid.spot",
    "okx.balance",
    "okx.positions",
)

_ZERO = Decimal(0)

ENTITY_FIELDS: Fields = (
    text_field("id", "id of the legal person", required=True),
    note_field("name", "its name", required=True),
    flag_field("house", "true for own money, false for a client's", required=True),
    texts_field("affiliates", "entities of the same group"),
)
LISTING_FIELDS: Fields = (
    text_field("venue", "venue", required=True),
    text_field("symbol", "ccxt unified symbol", required=True),
    text_field("native_symbol", "the venue's own name"),
    amount_field("contract_size", "quoted units (linear, option) or quote currency (inverse)"),
    amount_field("contract_step", "smallest change of a quantity"),
    decimal_field("contracts_min", "smallest order", low=_ZERO),
    instant_field("expiry", "expiry, where it is not 08:00 UTC of the symbol's date"),
    text_field("index", "the venue's name of its index"),
    text_field("settlement_rule", "how the settlement price is made"),
)
NETTING_SET_FIELDS: Fields = (
    text_field("id", "id of the set", required=True),
    texts_field("members", "accounts inside it", required=True),
    note_field("counterparty_legal_entity", "the one legal person all members face", required=True),
    note_field("agreement", "the agreement under which they are closed out", required=True),
    choice_field(
        "close_out_netting_opinion",
        "whether a legal opinion says that close-out netting holds",
        NettingOpinion,
        required=True,
    ),
    text_field("opinion_date", "date of the opinion (yyyy-mm-dd)"),
    note_field("opinion_law", "law of the opinion"),
    word_field("collateral_form", "form of the collateral", ("title_transfer", "pledge", "trust")),
    flag_field("reuse_right", "whether the holder may reuse the collateral"),
    flag_field("cross_default", "whether a default elsewhere is a default here"),
)
POSITION_FIELDS: Fields = (
    text_field("listing", "ccxt unified symbol at the account's venue", required=True),
    decimal_field("contracts", "signed contracts, long positive", required=True),
    decimal_field("entry_price", "average entry price, in the listing's quotation", low=_ZERO),
    decimal_field("cost", "settlement currency paid, signed; instead of entry_price"),
    choice_field("settlement_style", "when a profit becomes cash", SettlementStyle),
    decimal_field("funding_accrued", "funding not yet in the balance, a gain positive"),
)
BALANCE_FIELDS: Fields = (
    code_field("asset", "asset or alias", required=True),
    decimal_field("amount", "coins; negative is a debt", required=True),
    choice_field("state", "whether it can be used now", BalanceState),
    text_field("venue", "where it is kept; the account's venue when absent"),
    text_field("chain", "chain on which it lies"),
    text_field("bridge", "bridge over which it came"),
    text_field("custodian", "who keeps it"),
)
LOAN_FIELDS: Fields = (
    text_field("id", "id of the loan", required=True),
    code_field("asset", "asset owed", required=True),
    decimal_field("amount", "coins borrowed", low=_ZERO, required=True),
    decimal_field("interest", "coins of interest accrued", low=_ZERO),
    decimal_field("rate_per_year", "interest per year, as a fraction", low=_ZERO),
    text_field("lender", "to whom it is owed"),
)
ORDER_FIELDS: Fields = (
    text_field("id", "id of the order", required=True),
    text_field("listing", "ccxt unified symbol at the account's venue", required=True),
    choice_field("side", "buy or sell", Side, required=True),
    amount_field("contracts", "contracts still open", required=True),
    amount_field("limit_price", "limit price"),
    choice_field("kind", "how it executes", OrderKind),
    flag_field("reduce_only", "whether it may only reduce a position"),
)
REPORTED_FIELDS: Fields = (
    code_field("currency", "currency of the figures", required=True),
    note_field("source", "where the figures were read", required=True),
    decimals_field("figures", "equity, initial, maintenance, utilisation, ... as reported"),
    decimals_field("liquidation_prices", "liquidation price by unified symbol"),
    amount_field("tolerance_frac", "relative difference that counts as agreement"),
)
RECORDED_FIELDS: Fields = (
    word_field("format", "whose message it is", RECORDED_FORMATS, required=True),
    foreign_field("payload", "the message, verbatim", required=True),
    instant_field("captured_at", "when it was recorded"),
    word_field(
        "total_is",
        "ccxt.balance without info: what its total is",
        ("wallet", "equity"),
    ),
)
ACCOUNT_FIELDS: Fields = (
    text_field("id", "id of the account", required=True),
    text_field("entity", "entity that holds it", required=True),
    text_field("venue", "venue at which it is", required=True),
    text_field("parent", "the account above"),
    choice_field("mode", "isolated for a ring-fenced bucket", MarginMode),
    text_field("recipe", "the venue's rulebook for it"),
    settings_field("settings", "parameters of the recipe for this account"),
    choice_field("authority", "whether the engine may act or only advise", Authority),
    record_list_field("positions", "positions in our form", POSITION_FIELDS),
    record_list_field("balances", "balances in our form", BALANCE_FIELDS),
    record_list_field("loans", "loans", LOAN_FIELDS),
    record_list_field("orders", "open orders", ORDER_FIELDS),
    record_field("reported", "the venue's own figures", REPORTED_FIELDS),
    record_list_field("recorded", "messages of the venue, or ccxt dicts", RECORDED_FIELDS),
)
BOOK_FIELDS: Fields = (
    word_field("schema", "name and version of this format", (BOOK_SCHEMA,), required=True),
    record_list_field("assets", "assets that the package does not know", ASSET_FIELDS),
    record_list_field("aliases", "names that the package does not know", ALIAS_FIELDS),
    record_list_field("entities", "legal persons", ENTITY_FIELDS, required=True),
    record_list_field("listings", "contract terms that the package does not know", LISTING_FIELDS),
    record_list_field("netting_sets", "who may be netted with whom", NETTING_SET_FIELDS),
    record_list_field("accounts", "accounts and what they hold", ACCOUNT_FIELDS, required=True),
)
