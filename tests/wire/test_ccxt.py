import json
from decimal import Decimal
from typing import Any

import pytest

from crossmargin.base.failure import InputRefused, Reason
from crossmargin.domain.account import MarginMode
from crossmargin.domain.book import Book
from crossmargin.domain.instrument import SettlementStyle
from crossmargin.wire.book import parse_book
from crossmargin.wire.ccxt import document_of_ccxt
from tests.wire.books import AS_OF_NS

# The structures of ccxt 4.5.90, floats and all; `info` abridged.
OKX = {
    "info": {"instId": "BTC-USDT-SWAP", "pos": "35", "posSide": "short"},
    "id": "REDACTED", "symbol": "BTC/USDT:USDT", "notional": 10435.79, "marginMode": "cross",
    "liquidationPrice": 604.7617536513744, "entryPrice": 29181.46388888889,
    "unrealizedPnl": -232.83263888888962, "percentage": -11.39, "contracts": 35.0,
    "contractSize": 0.01, "markPrice": 29849.7, "lastPrice": None, "side": "short",
    "hedged": False, "timestamp": 1653536068723, "datetime": "2022-05-26T03:34:28.723Z",
    "lastUpdateTimestamp": None, "maintenanceMargin": 41.78538,
    "maintenanceMarginPercentage": 0.004, "collateral": None, "positionMargin": None,
    "initialMargin": 2089.269, "initialMarginPercentage": 0.2, "leverage": 5.0,
    "marginRatio": 0.0046, "stopLossPrice": None, "takeProfitPrice": None,
}  # fmt: skip
DERIBIT = OKX | {
    "symbol": "BTC/USD:BTC", "contracts": -3000.0, "contractSize": 10.0, "entryPrice": 55000.0,
    "markPrice": 60000.0, "unrealizedPnl": -0.00084746, "initialMargin": 0.001,
    "maintenanceMargin": 0.0005, "marginMode": None, "liquidationPrice": None,
}  # fmt: skip
WALLET: dict[str, Any] = {
    "info": {}, "timestamp": None, "datetime": None,
    "USDT": {"free": 900.0, "used": 100.0, "total": 1000.0},
    "free": {"USDT": 900.0}, "used": {"USDT": 100.0}, "total": {"USDT": 1000.0},
}  # fmt: skip


def book_of(venue: str, positions: list[Any], balance: Any = None, **options: Any) -> Book:
    built = document_of_ccxt(venue, positions, balance, account_id="a", entity_id="me", **options)
    return parse_book(json.dumps(built).encode(), as_of_ns=AS_OF_NS)


def coins(book: Book) -> dict[str, Decimal]:
    return {
        x.asset: Decimal(x.amount_units).scaleb(-book.assets[x.asset].decimals)
        for x in book.balances
    }


def test_a_position_structure_is_taken_verbatim() -> None:
    book = book_of("okx", [OKX], recipe="cross-tiered")
    (position,) = book.positions
    assert (position.listing_id, position.contracts) == ("okx:BTC/USDT:USDT", -35)
    assert position.cost_settle == Decimal("-10213.5123611111115")
    assert book.listings["okx:BTC/USDT:USDT"].native_symbol == "BTC-USDT-SWAP"
    assert book.accounts["a"].recipe == "cross-tiered"
    report = book.reports["a"]
    assert report.figures == {"initial": Decimal("2089.269"), "maintenance": Decimal("41.78538")}
    assert report.liquidation_prices == {"okx:BTC/USDT:USDT": Decimal("604.7617536513744")}


def test_deribit_contracts_are_dollars_whatever_the_contract_size_says() -> None:
    book = book_of("deribit", [DERIBIT])
    (position,) = book.positions
    assert (position.contracts, position.settlement_style) == (-3000, SettlementStyle.DAILY)
    assert book.listings["deribit:BTC/USD:BTC"].contract_size == 1
    assert position.cost_settle == Decimal("0.05") + Decimal("0.00084746")


def test_a_contract_size_that_contradicts_the_venue_is_refused() -> None:
    with pytest.raises(InputRefused, match="contractSize"):
        book_of("okx", [OKX | {"contractSize": 0.1}])


def test_a_contract_size_that_nobody_else_knows_is_taken_from_the_structure() -> None:
    book = book_of("okx", [OKX | {"symbol": "LTC/USDT:USDT", "contractSize": 0.001}])
    assert book.listings["okx:LTC/USDT:USDT"].contract_size == Decimal("0.001")
    elsewhere = book_of("kraken", [OKX | {"contractSize": 1.0}])
    assert elsewhere.listings["kraken:BTC/USDT:USDT"].contract_size == 1


def test_a_total_needs_a_word_for_what_it_is() -> None:
    with pytest.raises(InputRefused) as caught:
        book_of("kraken", [OKX], WALLET)
    assert [fault.reason for fault in caught.value.failures] == [Reason.MISSING_FIELD]
    assert coins(book_of("kraken", [OKX], WALLET, total_is="wallet")) == {"USDT": 1000}


def test_unrealised_profit_in_an_equity_is_not_counted_twice() -> None:
    book = book_of("kraken", [OKX], WALLET, total_is="equity")
    assert coins(book) == {"USDT": Decimal("1232.832638")}
    with pytest.raises(InputRefused, match="unrealizedPnl"):
        book_of("kraken", [OKX | {"unrealizedPnl": None}], WALLET, total_is="equity")


def test_the_message_of_the_venue_goes_before_the_structure_made_of_it() -> None:
    info = {
        "code": "0",
        "data": [
            {
                "details": [{"ccy": "USDT", "cashBal": "1232.832638", "eq": "1000"}],
                "mmr": "41.78",
                "totalEq": "1000.1",
            }
        ],
    }
    book = book_of("okx", [OKX], WALLET | {"info": info})
    assert coins(book) == {"USDT": Decimal("1232.832638")}
    assert book.reports["a"].figures == {
        "equity": Decimal("1000.1"),
        "maintenance": Decimal("41.78"),
    }
    assert len(book.positions) == 1


def test_a_debt_is_a_loan() -> None:
    borrowed = WALLET | {"USDT": {"free": 0, "used": 0, "total": 5, "debt": 2.5}}
    (loan,) = book_of("kraken", [], borrowed, total_is="wallet").loans
    assert (loan.asset, loan.amount_units, loan.lender) == ("USDT", 2_500_000, "kraken")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"side": "buy"}, Reason.CONTRADICTION),
        ({"side": None}, Reason.MISSING_FIELD),
        ({"side": "long", "contracts": -1.0}, Reason.CONTRADICTION),
        ({"contracts": None}, Reason.MISSING_FIELD),
        ({"contracts": "many"}, Reason.NOT_A_NUMBER),
        ({"symbol": "BTCUSDT"}, Reason.UNKNOWN_SYMBOL),
        ({"marginMode": "isolated"}, Reason.UNSUPPORTED),
    ],
)
def test_a_structure_that_does_not_tell_is_refused(changes: dict[str, Any], reason: Reason) -> None:
    with pytest.raises(InputRefused) as caught:
        book_of("okx", [OKX | changes])
    assert reason in [fault.reason for fault in caught.value.failures]


def test_flat_structures_are_left_out() -> None:
    flat = OKX | {"contracts": 0.0, "side": None, "symbol": "BTC/USDT:USDT-240329"}
    assert book_of("okx", [flat]).positions == ()


def test_an_isolated_structure_of_binance_becomes_a_bucket() -> None:
    isolated = OKX | {"marginMode": "isolated", "positionMargin": 50.5, "contractSize": 1.0}
    book = book_of("binance", [isolated])
    bucket = book.accounts["a/BTC/USDT:USDT"]
    assert (bucket.mode, bucket.parent_id) == (MarginMode.ISOLATED, "a")
    assert coins(book) == {"USDT": Decimal("50.5")}
