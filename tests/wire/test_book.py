import contextlib
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused, Reason
from crossmargin.base.instant import parse_instant
from crossmargin.domain.account import Authority, MarginMode, NettingOpinion
from crossmargin.domain.book import Book
from crossmargin.domain.holding import BalanceState, OrderKind, Side
from crossmargin.domain.instrument import Future, Option, SettlementStyle
from crossmargin.wire.book import parse_book
from crossmargin.wire.book_dump import dump_book
from tests.wire.books import AS_OF_NS, FUND, account, document, refused


def book_of(*accounts: dict[str, Any], **fields: Any) -> Book:
    return parse_book(document(*accounts, **fields), as_of_ns=AS_OF_NS)


def test_a_book_keeps_what_its_document_says() -> None:
    book = book_of(
        account(
            "deribit",
            recipe="deribit-portfolio",
            settings={"leverage": 20, "mode": "hedge"},
            authority="enforce",
            positions=[
                {"listing": "BTC/USD:BTC-261225-100000-C", "contracts": "-5", "entry_price": "0.05"}
            ],
            balances=[{"asset": "XBT", "amount": "1.5", "state": "locked", "chain": "bitcoin"}],
            loans=[{"id": "l1", "asset": "USDC", "amount": "10", "rate_per_year": "0.08"}],
            orders=[
                {
                    "id": "o1",
                    "listing": "BTC/USD:BTC",
                    "side": "sell",
                    "contracts": 100,
                    "limit_price": "64000.5",
                }
            ],
            reported={
                "currency": "BTC",
                "source": "statement of the day",
                "figures": {"maintenance": "0.2"},
                "liquidation_prices": {"BTC/USD:BTC": "90000"},
            },
        ),
        account(id="b", parent=None) | {"id": "child", "venue": "deribit", "parent": "a"},
        netting_sets=[
            {
                "id": "n",
                "members": ["a", "child"],
                "counterparty_legal_entity": "DRB Panama Inc.",
                "agreement": "terms of service",
                "close_out_netting_opinion": "untested",
            }
        ],
    )
    top = book.accounts["a"]
    assert (top.recipe, top.settings, top.authority) == (
        "deribit-portfolio",
        {"leverage": "20", "mode": "hedge"},
        Authority.ENFORCE,
    )
    assert top.netting_set_id == book.accounts["child"].netting_set_id == "n"
    assert book.netting_sets["n"].close_out_netting_opinion is NettingOpinion.UNTESTED
    (position,) = book.positions
    assert position.listing_id == "deribit:BTC/USD:BTC-261225-100000-C"
    assert (position.contracts, position.cost_settle) == (-5, Decimal("-0.25"))
    (balance,) = book.balances
    assert (balance.asset, balance.amount_units) == ("BTC", 150_000_000)
    assert (balance.state, balance.location.venue) == (BalanceState.LOCKED, "deribit")
    (loan,) = book.loans
    assert (loan.amount_units, loan.rate_per_year) == (10_000_000, Decimal("0.08"))
    (order,) = book.orders
    assert (order.side, order.kind, order.contracts) == (Side.SELL, OrderKind.LIMIT, 100)
    assert book.reports["a"].liquidation_prices == {"deribit:BTC/USD:BTC": 90000}
    assert set(book.assets) == {"BTC", "USD", "USDC"}
    assert book.listings["deribit:BTC/USD:BTC"].native_symbol == "BTC-PERPETUAL"


@pytest.mark.parametrize(
    ("venue", "symbol", "contracts", "entry", "cost"),
    [
        ("okx", "BTC/USDT:USDT", "-35", "29181.5", "-10213.525"),
        ("binance", "BTC/USD:BTC", "-3", "60000", "0.005"),
        ("bybit", "BTC/USD:BTC", "300", "30000", "-0.01"),
        ("deribit", "BTC/USD:BTC", "6000", "60000", "-0.1"),
        ("deribit", "ETH/USD:ETH-261225-2000-P", "10", "0.02", "0.2"),
        ("bybit", "1000PEPE/USDT:USDT", "1000", "0.0125", "12.5"),
        ("kraken", "ETH/USD", "2", "2500", "5000"),
    ],
)
def test_a_cost_is_in_settlement_currency_and_harmonic_for_an_inverse_contract(
    venue: str, symbol: str, contracts: str, entry: str, cost: str
) -> None:
    row = {"listing": symbol, "contracts": contracts, "entry_price": entry}
    (position,) = book_of(account(venue, positions=[row])).positions
    assert position.cost_settle == Decimal(cost)


def test_an_inexact_inverse_cost_is_rounded_once_at_24_places() -> None:
    row = {"listing": "BTC/USD:BTC", "contracts": "1", "entry_price": "30000"}
    (position,) = book_of(account("bybit", positions=[row])).positions
    assert str(position.cost_settle) == "-0.000033333333333333333333"


def test_an_unknown_entry_is_an_unknown_cost() -> None:
    row = {"listing": "BTC/USDT:USDT", "contracts": "1"}
    (position,) = book_of(account(positions=[row])).positions
    assert position.cost_settle is None


def test_a_thousand_pepe_and_one_pepe_are_two_listings_of_one_underlying() -> None:
    rows = [
        {"listing": "1000PEPE/USDT:USDT", "contracts": "1"},
        {"listing": "PEPE/USDT:USDT", "contracts": "1000"},
    ]
    book = book_of(account("bybit", positions=rows))
    by_id = {position.listing_id: book.listings[position.listing_id] for position in book.positions}
    assert {x.instrument.underlying for x in by_id.values()} == {"PEPE"}
    assert {x.multiplier for x in by_id.values()} == {1, 1000}
    assert len(by_id) == 2


def test_the_book_may_state_contract_terms_assets_and_aliases() -> None:
    book = book_of(
        account(
            "okx",
            positions=[{"listing": "1000GLD/USDT:USDT-261225", "contracts": "7"}],
            balances=[{"asset": "GLD", "amount": "0.01"}],
        ),
        assets=[{"code": "GLD", "decimals": 2, "class": "coin", "issuer": "Mint"}],
        aliases=[{"alias": "1000GLD", "asset": "GLD", "multiplier": 1000}],
        listings=[
            {
                "venue": "okx",
                "symbol": "1000GLD/USDT:USDT-261225",
                "contract_size": "0.5",
                "contracts_min": "1",
                "expiry": "2026-12-25T15:00:00Z",
                "index": "GLD-USDT",
            }
        ],
    )
    (listing,) = book.listings.values()
    assert isinstance(listing.instrument, Future)
    assert listing.instrument.expiry_ns == parse_instant("2026-12-25T15:00:00Z")
    assert (listing.contract_size, listing.multiplier) == (Decimal("0.5"), 1000)
    assert (listing.index_id, listing.contracts_min) == ("GLD-USDT", 1)
    assert book.assets["GLD"].issuer == "Mint"


FAULTS: list[tuple[str, dict[str, Any], Reason, str]] = [
    ("unknown field", document(account(postions=[])), Reason.UNKNOWN_FIELD, "accounts[0].postions"),
    ("missing field", document({"id": "a", "venue": "okx"}), Reason.MISSING_FIELD, "entity"),
    ("format", document(schema="crossmargin/book/2"), Reason.OUT_OF_BOUNDS, "book.schema"),
    ("no list", document(account(positions={})), Reason.WRONG_TYPE, "accounts[0].positions"),
    (
        "unknown symbol",
        document(account(positions=[{"listing": "BTCUSDT", "contracts": 1}])),
        Reason.UNKNOWN_SYMBOL,
        "accounts[0].positions[0].listing",
    ),
    (
        "unknown alias",
        document(account(positions=[{"listing": "1000XYZ/USDT:USDT", "contracts": 1}])),
        Reason.UNKNOWN_ASSET,
        "accounts[0].positions[0].listing",
    ),
    (
        "unknown contract size",
        document(account(positions=[{"listing": "LTC/USDT:USDT", "contracts": 1}])),
        Reason.MISSING_FIELD,
        "accounts[0].positions[0].listing",
    ),
    (
        "look-alike letters",
        document(account(positions=[{"listing": "ВТС/USDT:USDT", "contracts": 1}])),
        Reason.LOOK_ALIKE,
        "accounts[0].positions[0].listing",
    ),
    (
        "number as a word",
        document(account(positions=[{"listing": "BTC/USDT:USDT", "contracts": "ten"}])),
        Reason.NOT_A_NUMBER,
        "accounts[0].positions[0].contracts",
    ),
    (
        "5,000 digits",
        document(account(positions=[{"listing": "BTC/USDT:USDT", "contracts": "9" * 5000}])),
        Reason.OUT_OF_BOUNDS,
        "accounts[0].positions[0].contracts",
    ),
    (
        "expired",
        document(account(positions=[{"listing": "BTC/USDT:USDT-260807", "contracts": 1}])),
        Reason.EXPIRED,
        "accounts[0].positions[0].listing",
    ),
    (
        "entry and cost",
        document(
            account(
                positions=[
                    {"listing": "BTC/USDT:USDT", "contracts": 1, "entry_price": 1, "cost": 1}
                ]
            )
        ),
        Reason.CONTRADICTION,
        "accounts[0].positions[0].cost",
    ),
    (
        "entry of zero",
        document(
            account(positions=[{"listing": "BTC/USD:BTC", "contracts": 1, "entry_price": 0}])
        ),
        Reason.OUT_OF_BOUNDS,
        "accounts[0].positions[0].entry_price",
    ),
    (
        "a cost beyond all bounds",
        document(
            account(
                positions=[
                    {"listing": "BTC/USDT:USDT", "contracts": "9" * 24, "entry_price": "9" * 24}
                ]
            )
        ),
        Reason.OVERFLOW,
        "accounts[0].positions[0]",
    ),
    (
        "smaller than the smallest unit",
        document(account(balances=[{"asset": "BTC", "amount": "0.000000001"}])),
        Reason.OUT_OF_BOUNDS,
        "accounts[0].balances[0].amount",
    ),
    (
        "unknown state",
        document(account(balances=[{"asset": "BTC", "amount": "1", "state": "frozen"}])),
        Reason.OUT_OF_BOUNDS,
        "accounts[0].balances[0].state",
    ),
    (
        "negative minimum",
        document(listings=[{"venue": "okx", "symbol": "BTC/USDT", "contracts_min": -1}]),
        Reason.OUT_OF_BOUNDS,
        "listings[0].contracts_min",
    ),
    (
        "expiry of another day",
        document(
            listings=[
                {"venue": "okx", "symbol": "BTC/USD:BTC-261225", "expiry": "2026-12-26T08:00:00Z"}
            ]
        ),
        Reason.CONTRADICTION,
        "listings[0]",
    ),
    (
        "negative loan",
        document(account(loans=[{"id": "l", "asset": "BTC", "amount": "-1"}])),
        Reason.OUT_OF_BOUNDS,
        "accounts[0].loans[0].amount",
    ),
    (
        "limit without price",
        document(
            account(
                orders=[{"id": "o", "listing": "BTC/USDT", "side": "buy", "contracts": 1}]
            )
        ),
        Reason.MISSING_FIELD,
        "accounts[0].orders[0].limit_price",
    ),
    ("account twice", document(account(), account()), Reason.DUPLICATE, "accounts[1].id"),
    ("entity twice", document(entities=[FUND, FUND]), Reason.DUPLICATE, "entities[1].id"),
    ("no entity", document(account(entity="x")), Reason.UNKNOWN_ACCOUNT, "accounts[0].entity"),
    ("no parent", document(account(parent="x")), Reason.UNKNOWN_ACCOUNT, "accounts[0].parent"),
    ("its own parent", document(account(parent="a")), Reason.CYCLE, "accounts[0].parent"),
    (
        "a cycle of two",
        document(account(parent="b"), account(parent="a") | {"id": "b"}),
        Reason.CYCLE,
        "accounts[1].parent",
    ),
    (
        "parent elsewhere",
        document(account("bybit", parent="b"), account() | {"id": "b"}),
        Reason.CONTRADICTION,
        "accounts[0].parent",
    ),
    (
        "below a bucket",
        document(account(parent="b"), account(mode="isolated") | {"id": "b"}),
        Reason.CONTRADICTION,
        "accounts[0].parent",
    ),
    (
        "order twice",
        document(
            account(
                orders=[
                    {"id": "o", "listing": "BTC/USDT", "side": "buy", "contracts": 1,
                     "kind": "market"}
                ]
                * 2
            )
        ),
        Reason.DUPLICATE,
        "accounts[0].orders[1].id",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("faulty", "reason", "place"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS]
)
def test_a_fault_is_refused_with_its_reason_and_its_place(
    faulty: dict[str, Any], reason: Reason, place: str
) -> None:
    for data in (faulty, json.dumps(faulty).encode()):
        assert (reason, True) in [
            (failure.reason, failure.where.endswith(place)) for failure in refused(data)
        ]


def test_every_fault_of_a_book_is_shown_at_once() -> None:
    faulty = document(
        account(
            positions=[
                {"listing": "BTC/USDT:USDT", "contracts": "1", "entry_price": "60000"},
                {"listing": "FOO/USDT:USDT", "contracts": "x"},
                {"listing": "FOO/USDT:USDT", "contracts": "1", "size": 2},
                {"listing": "BTC/USDT:USDT-200101", "contracts": "1"},
            ],
            balances=[{"asset": "NOPE", "amount": "NaN"}, {"asset": "NOPE", "amount": "1"}],
        ),
        account(entity="nobody"),
    )
    assert {(failure.where, failure.reason.value) for failure in refused(faulty)} == {
        ("book.accounts[0].positions[1].contracts", "not_a_number"),
        ("book.accounts[0].positions[2].size", "unknown_field"),
        ("book.accounts[0].positions[3].listing", "expired"),
        ("book.accounts[0].balances[0].amount", "not_a_number"),
        ("book.accounts[0].balances[1].asset", "unknown_asset"),
        ("book.accounts[1].id", "duplicate"),
    }


@pytest.mark.parametrize(
    "text",
    [
        '{"schema": NaN}',
        '{"schema": "a", "schema": "b"}',
        '{"accounts": 1e999}',
        "[" * 40 + "]" * 40,
        '"\\ud800"',
        "{",
        "[]",
        "null",
        "7" * 5000,
    ],
)
def test_what_is_no_sound_json_is_refused(text: str) -> None:
    assert refused(text.encode())


def test_a_contract_is_expired_from_its_instant_on_and_not_before() -> None:
    expiring = document(account(positions=[{"listing": "BTC/USDT:USDT-261225", "contracts": 1}]))
    expiry_ns = parse_instant("2026-12-25T08:00:00Z") or 0
    assert len(parse_book(expiring, as_of_ns=expiry_ns - 1).positions) == 1
    assert refused(expiring, as_of_ns=expiry_ns)[0].reason is Reason.EXPIRED


amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=6)
symbols = st.sampled_from(
    [
        "BTC/USDT:USDT",
        "BTC/USD:BTC",
        "ETH/USD:ETH-261225",
        "BTC/USDC:USDC-261225-90000.5-P",
        "kPEPE/USDT:USDT",
        "BTC3L/USDT",
        "stETH/USDT",
    ]
)
positions = st.fixed_dictionaries(
    {"listing": symbols, "contracts": amounts},
    optional={
        "entry_price": st.decimals(min_value="0.0001", max_value=10**6, places=4),
        "funding_accrued": amounts,
        "settlement_style": st.sampled_from(SettlementStyle).map(str),
    },
)
balances = st.fixed_dictionaries(
    {"asset": st.sampled_from(["BTC", "USDT", "stETH", "XBT", "1000SHIB"]), "amount": amounts},
    optional={
        "state": st.sampled_from(BalanceState).map(str),
        "chain": st.sampled_from(["ethereum", "arbitrum"]),
        "custodian": st.just("a bank"),
    },
)


@settings(max_examples=60)
@given(
    held=st.lists(st.tuples(st.lists(positions, max_size=4), st.lists(balances, max_size=3)),
                  min_size=1, max_size=3)
)  # fmt: skip
def test_a_dumped_book_reads_back_as_the_same_book(
    held: list[tuple[list[dict[str, Any]], list[dict[str, Any]]]],
) -> None:
    accounts = [
        account("bybit", positions=rows, balances=coins) | {"id": f"a{number}"}
        for number, (rows, coins) in enumerate(held)
    ]
    accounts[-1]["mode"] = "isolated"
    book = book_of(*accounts)
    again = parse_book(dump_book(book), as_of_ns=AS_OF_NS)
    for name in Book.__slots__:
        assert getattr(again, name) == getattr(book, name), name
    assert dump_book(again) == dump_book(book)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "accounts", "entities", "positions", "listing", "recorded", "x"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=100)
@given(accounts=json_values, listings=json_values, held=json_values)
def test_any_json_is_a_book_or_is_refused_and_never_another_error(
    accounts: Any, listings: Any, held: Any
) -> None:
    for data in (document(listings=listings, accounts=accounts), {"schema": held}):
        with contextlib.suppress(InputRefused):
            assert isinstance(parse_book(data, as_of_ns=AS_OF_NS), Book)
    odd = account("deribit", positions=held, recorded=[{"format": "okx.balance", "payload": held}])
    assert refused(document(odd))


def test_an_option_may_have_cost_nothing() -> None:
    row = {"listing": "BTC/USDC:USDC-261225-90000-C", "contracts": 1, "entry_price": 0}
    book = book_of(account("bybit", positions=[row]))
    assert book.positions[0].cost_settle == 0
    (listing,) = book.listings.values()
    assert isinstance(listing.instrument, Option)


def test_an_isolated_bucket_is_a_leaf_with_holdings_of_its_own() -> None:
    bucket = account(parent="a", mode="isolated", balances=[{"asset": "USDT", "amount": 5}])
    book = book_of(account(), bucket | {"id": "a/1"})
    assert book.accounts["a/1"].mode is MarginMode.ISOLATED
    assert [balance.account_id for balance in book.balances] == ["a/1"]
