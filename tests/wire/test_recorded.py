"""Messages of venues. Recorded figures are from these public sources (MIT, Apache-2.0):
ccxt/ccxt static responses (OKX swap, Binance USD-M and COIN-M, Hyperliquid, Deribit),
thrasher-corp/gocryptotrader test data (Bybit, Deribit portfolio), JKorf/OKX.Net (OKX balance),
hummingbot/hummingbot tests (Hyperliquid isolated). Other messages keep the form and invent figures.
"""

import contextlib
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused, Reason
from crossmargin.domain.account import MarginMode
from crossmargin.domain.book import Book
from crossmargin.domain.holding import BalanceState
from crossmargin.domain.instrument import SettlementStyle
from crossmargin.wire.book import parse_book
from crossmargin.wire.draft import value_at_price
from tests.wire.books import AS_OF_NS, account, document, recorded, refused

OKX_LTC = {
    "avgPx": "68.24", "ccy": "USDT", "imr": "0.0227466666666667", "instId": "LTC-USDT-SWAP",
    "instType": "SWAP", "liqPx": "", "markPx": "68.24", "mgnMode": "cross", "mmr": "0.00044356",
    "pos": "1", "posSide": "long", "upl": "0",
}  # fmt: skip
OKX_BALANCE = {
    "adjEq": "55415.624719833286",
    "details": [
        {"ccy": "USDT", "cashBal": "4850.435693622894", "liab": "0", "interest": "0", "upl": "-7.5"}
    ],
    "imr": "8.57068529", "mgnRatio": "143682.59776662575", "mmr": "0.3428274116",
    "totalEq": "55837.43556134779",
}  # fmt: skip
DERIBIT_PERPETUAL = {
    "instrument_name": "BTC-PERPETUAL", "kind": "future", "direction": "sell", "size": -3000,
    "size_currency": -0.05, "average_price": 55000, "mark_price": 60000, "settlement_price": 59000,
    "floating_profit_loss": -0.00084746, "total_profit_loss": -0.00454545,
    "initial_margin": 0.001, "maintenance_margin": 0.0005, "estimated_liquidation_price": None,
}  # fmt: skip
DERIBIT_CALL = {
    "instrument_name": "BTC-25DEC26-100000-C", "kind": "option", "direction": "sell", "size": -5.0,
    "average_price": 0.05, "mark_price": 0.06, "floating_profit_loss": -0.05,
    "initial_margin": 0.5, "maintenance_margin": 0.375,
}  # fmt: skip
DERIBIT_PORTFOLIO = {
    "currency": "BTC", "balance": 0.23399957, "session_upl": 4.25e-06, "session_rpl": -2e-08,
    "equity": 0.2340038, "margin_balance": 0.2340038, "initial_margin": 0.00012542,
    "maintenance_margin": 9.141e-05, "available_funds": 0.23387838, "options_value": 0,
}  # fmt: skip
BINANCE_UM = {
    "symbol": "BTCUSDT", "positionSide": "BOTH", "positionAmt": "0.009", "entryPrice": "67445.9",
    "markPrice": "67502.68519858", "unRealizedProfit": "0.51106678", "isolatedWallet": "0",
    "liquidationPrice": "64846.98753790", "notional": "607.52416678", "marginAsset": "USDT",
    "initialMargin": "7.59405208", "maintMargin": "2.43009666",
}  # fmt: skip
BINANCE_ACCOUNT = {
    "totalInitialMargin": "7.59482199", "totalMaintMargin": "2.43034303",
    "totalMarginBalance": "26.26840422", "availableBalance": "18.65949928",
    "assets": [
        {"asset": "USDT", "walletBalance": "3.72964781", "crossWalletBalance": "3.72964781"},
        {"asset": "USDC", "walletBalance": "22.00000000", "crossWalletBalance": "22.00000000"},
        {"asset": "XYZ", "walletBalance": "0.00000000", "crossWalletBalance": "0.00000000"},
    ],
    "positions": [
        {"symbol": "BTCUSDT", "positionAmt": "0.009", "unrealizedProfit": "0.54238506",
         "notional": "607.55548506", "isolatedWallet": "0", "initialMargin": "7.59444356",
         "maintMargin": "2.43022194"}
    ],
}  # fmt: skip
BYBIT_XRP = {
    "symbol": "XRPUSDT", "side": "Buy", "size": "75", "entryPrice": "0.3615", "tradeMode": 0,
    "positionIM": "2.72589075", "positionMM": "0.28576575", "liqPrice": "", "category": "linear",
}  # fmt: skip
DYDX: dict[str, Any] = {
    "equity": "25346.73993597", "freeCollateral": "24207.8530595294",
    "openPerpetualPositions": {
        "BTC-USD": {"market": "BTC-USD", "side": "SHORT", "size": "-0.491", "entryPrice": "118700"}
    },
    "assetPositions": {"USDC": {"size": "82291.083758", "symbol": "USDC", "side": "LONG"}},
}  # fmt: skip
NO_POSITIONS: dict[str, Any] = {"openPerpetualPositions": {}}
HYPERLIQUID: dict[str, Any] = {
    "assetPositions": [
        {"position": {"coin": "SOL", "entryPx": "112.0945", "szi": "3.34", "positionValue":
         "463.9594", "leverage": {"type": "cross", "value": "20"}, "liquidationPx": None,
         "marginUsed": "23.19797"}, "type": "oneWay"},
        {"position": {"coin": "ETH", "entryPx": "1100.0", "szi": "3.6", "positionValue":
         "13694.04", "leverage": {"type": "cross", "value": "20"}, "liquidationPx": None,
         "marginUsed": "684.702"}, "type": "oneWay"},
    ],
    "crossMaintenanceMarginUsed": "141.579994",
    "crossMarginSummary": {"accountValue": "19762.483455", "totalMarginUsed": "707.89997",
                           "totalRawUsd": "5604.484055"},
}  # fmt: skip
HYPERLIQUID_ISOLATED: dict[str, Any] = {
    "assetPositions": [
        {"position": {"coin": "ETH", "entryPx": "2986.3", "szi": "0.0335", "positionValue":
         "100.02765", "leverage": {"rawUsd": "-95.059824", "type": "isolated", "value": 20},
         "liquidationPx": "2866.26936529", "marginUsed": "4.967826"}, "type": "oneWay"}
    ],
    "crossMaintenanceMarginUsed": "0.0",
    "crossMarginSummary": {"accountValue": "13104.514502", "totalMarginUsed": "0.0",
                           "totalRawUsd": "13104.514502"},
}  # fmt: skip


def coins(book: Book, account_id: str = "a") -> dict[str, Decimal]:
    return {
        x.asset: Decimal(x.amount_units).scaleb(-book.assets[x.asset].decimals)
        for x in book.balances
        if x.account_id == account_id
    }


def unrealised(book: Book, index: int, mark: str) -> Decimal:
    position = book.positions[index]
    assert position.cost_settle is not None
    listing = book.listings[position.listing_id]
    return value_at_price(listing, position.contracts, Decimal(mark)) - position.cost_settle


def test_an_okx_swap_needs_its_contract_size_and_reports_its_margins() -> None:
    message = ("okx.positions", {"code": "0", "data": [OKX_LTC]})
    faults = refused(document(account(recorded=[{"format": message[0], "payload": message[1]}])))
    assert [fault.reason for fault in faults] == [Reason.MISSING_FIELD]
    book = recorded(
        "okx",
        message,
        listings=[{"venue": "okx", "symbol": "LTC/USDT:USDT", "contract_size": "0.001"}],
    )
    assert book.positions[0].cost_settle == Decimal("0.06824")
    report = book.reports["a"]
    assert (report.currency, report.source) == ("USDT", "okx.positions")
    assert report.figures == {
        "initial": Decimal("0.0227466666666667"),
        "maintenance": Decimal("0.00044356"),
    }
    assert report.liquidation_prices == {}


def test_okx_account_figures_go_before_sums_of_rows_and_balances_round_down() -> None:
    swap = OKX_LTC | {"instId": "BTC-USDT-SWAP", "posSide": "short", "pos": "35"}
    book = recorded(
        "okx", ("okx.positions", {"data": [swap]}), ("okx.balance", {"data": [OKX_BALANCE]})
    )
    assert book.positions[0].contracts == -35
    assert coins(book) == {"USDT": Decimal("4850.435693")}
    assert book.reports["a"].currency == "USD"
    assert book.reports["a"].figures["maintenance"] == Decimal("0.3428274116")
    assert book.reports["a"].figures["venue_ratio"] == Decimal("143682.59776662575")


def test_an_okx_future_counts_profit_from_its_last_settlement() -> None:
    row = OKX_LTC | {"instId": "BTC-USD-261225", "avgPx": "50000", "nonSettleAvgPx": "60000"}
    book = recorded("okx", ("okx.positions", {"data": [row]}))
    assert unrealised(book, 0, "60000") == 0


def test_a_deribit_future_counts_profit_from_its_last_settlement_not_from_its_entry() -> None:
    book = recorded("deribit", ("deribit.positions", {"result": [DERIBIT_PERPETUAL]}))
    (position,) = book.positions
    assert (position.contracts, position.settlement_style) == (-3000, SettlementStyle.DAILY)
    assert unrealised(book, 0, "60000") == Decimal("-0.00084746")
    assert book.reports["a"].figures["maintenance"] == Decimal("0.0005")


def test_a_deribit_option_costs_its_premium_in_coins() -> None:
    book = recorded("deribit", ("deribit.positions", {"result": [DERIBIT_CALL]}))
    assert book.positions[0].cost_settle == Decimal("-0.25")
    assert unrealised(book, 0, "0.06") == Decimal("-0.05")


def test_deribit_cash_and_session_profit_add_up_to_the_equity_it_reports() -> None:
    message = {"params": {"data": DERIBIT_PORTFOLIO, "channel": "user.portfolio.btc"}}
    book = recorded("deribit", ("deribit.account_summaries", message))
    assert coins(book)["BTC"] + Decimal("4.25e-06") == Decimal("0.2340038")
    assert book.reports["a"].figures["maintenance"] == Decimal("9.141e-05")


def test_deribit_segregated_margin_in_two_currencies_is_two_accounts() -> None:
    rows = [DERIBIT_PORTFOLIO, DERIBIT_PORTFOLIO | {"currency": "ETH"}]
    message = {"format": "deribit.account_summaries", "payload": {"result": {"summaries": rows}}}
    faults = refused(document(account("deribit", recorded=[message])))
    assert [fault.reason for fault in faults] == [Reason.UNSUPPORTED]


def test_deribit_cross_margin_reports_its_totals_in_dollars() -> None:
    total = {
        "margin_model": "cross_pm",
        "total_equity_usd": 30000,
        "total_initial_margin_usd": 900,
        "total_maintenance_margin_usd": 700,
    }
    rows = [DERIBIT_PORTFOLIO | total, DERIBIT_PORTFOLIO | total | {"currency": "ETH"}]
    message = {"result": {"summaries": rows}}
    book = recorded("deribit", ("deribit.account_summaries", message))
    assert book.reports["a"].currency == "USD"
    assert book.reports["a"].figures == {"equity": 30000, "initial": 900, "maintenance": 700}


def test_binance_positions_reproduce_the_profit_and_margins_of_the_venue() -> None:
    book = recorded("binance", ("binance.um_positions", [BINANCE_UM]))
    assert abs(unrealised(book, 0, "67502.68519858") - Decimal("0.51106678")) < Decimal("1e-8")
    report = book.reports["a"]
    assert report.figures["maintenance"] == Decimal("2.43009666")
    assert report.liquidation_prices == {"binance:BTC/USDT:USDT": Decimal("64846.98753790")}


def test_a_binance_account_gives_balances_totals_and_positions_without_entry_price() -> None:
    book = recorded("binance", ("binance.um_account", BINANCE_ACCOUNT))
    assert coins(book) == {"USDT": Decimal("3.729647"), "USDC": 22}
    profit = unrealised(book, 0, "67506.16500666666666666667")
    assert abs(profit - Decimal("0.54238506")) < Decimal("1e-12")
    assert book.reports["a"].figures["equity"] == Decimal("26.26840422")


def test_binance_positions_are_not_counted_twice_beside_the_account() -> None:
    both = [("binance.um_account", BINANCE_ACCOUNT), ("binance.um_positions", [BINANCE_UM])]
    book = recorded("binance", *both)
    assert [position.contracts for position in book.positions] == [Decimal("0.009")]
    assert book.reports["a"].figures["maintenance"] == Decimal("2.43034303")
    assert book.reports["a"].liquidation_prices


def test_a_binance_coin_contract_is_a_hundred_dollars() -> None:
    rows = [
        {"symbol": "BTCUSD_PERP", "positionAmt": "-3", "entryPrice": "68911.00000037",
         "liquidationPrice": "72491.16879818", "marginType": "cross"},
        {"symbol": "BCHUSD_241227", "positionAmt": "0", "entryPrice": "0.00000000"},
    ]  # fmt: skip
    book = recorded("binance", ("binance.cm_positions", rows))
    assert abs(unrealised(book, 0, "68234.2") - Decimal("0.00004318")) < Decimal("5e-9")


def test_a_binance_isolated_position_gets_a_bucket_with_its_own_wallet() -> None:
    row = BINANCE_UM | {"isolatedWallet": "12.5"}
    book = recorded("binance", ("binance.um_positions", [row]))
    bucket = "a/BTC/USDT:USDT"
    assert book.accounts[bucket].mode is MarginMode.ISOLATED
    assert book.accounts[bucket].parent_id == "a"
    assert [position.account_id for position in book.positions] == [bucket]
    assert coins(book, bucket) == {"USDT": Decimal("12.5")}


def test_a_binance_option_and_a_portfolio_margin_loan_are_read() -> None:
    option = {"symbol": "BTC-261225-90000-C", "side": "SHORT", "quantity": "-0.1",
              "entryPrice": "1000"}  # fmt: skip
    wallet = {"asset": "USDT", "totalWalletBalance": "136.03451668",
              "crossMarginBorrowed": "0.00011146", "crossMarginInterest": "0.00007902"}  # fmt: skip
    book = recorded(
        "binance", ("binance.options_positions", [option]), ("binance.papi_balance", [wallet])
    )
    assert book.positions[0].cost_settle == -100
    assert coins(book) == {"USDT": Decimal("136.034516")}
    (loan,) = book.loans
    assert (loan.amount_units, loan.interest_units) == (112, 80)


def test_bybit_rows_come_bare_listed_or_streamed() -> None:
    for payload in (
        [BYBIT_XRP],
        {"result": {"list": [BYBIT_XRP], "category": "linear"}},
        {"topic": "position", "data": [BYBIT_XRP]},
    ):
        book = recorded("bybit", ("bybit.positions", payload))
        assert book.positions[0].cost_settle == Decimal("27.1125")
        assert book.reports["a"].figures == {
            "initial": Decimal("2.72589075"),
            "maintenance": Decimal("0.28576575"),
        }


def test_a_bybit_inverse_position_is_in_dollars_and_sells_are_short() -> None:
    row = {"symbol": "BTCUSD", "side": "Sell", "size": "300", "avgPrice": "27464.50441675"}
    book = recorded(
        "bybit", ("bybit.positions", {"result": {"list": [row], "category": "inverse"}})
    )
    assert book.positions[0].contracts == -300
    assert abs(unrealised(book, 0, "28224.50") + Decimal("0.00029413")) < Decimal("5e-9")


def test_a_bybit_usdc_contract_counts_from_its_session() -> None:
    row = BYBIT_XRP | {"symbol": "BTCPERP", "avgPrice": "50000", "sessionAvgPrice": "60000"}
    book = recorded("bybit", ("bybit.positions", [row]))
    assert unrealised(book, 0, "60000") == 0
    assert book.positions[0].settlement_style is SettlementStyle.DAILY


def test_a_bybit_wallet_gives_coins_debts_and_totals_and_names_an_unknown_coin() -> None:
    wallet = {
        "accountMMRate": "0.003", "totalEquity": "12837.78330098",
        "totalMarginBalance": "12837.78330188", "totalInitialMargin": "205.72562486",
        "totalMaintenanceMargin": "39.42876721",
        "coin": [
            {"coin": "USDC", "walletBalance": "201.34882644", "borrowAmount": "0"},
            {"coin": "USDT", "walletBalance": "11728.54414904", "spotBorrow": "10",
             "accruedInterest": "0.5"},
        ],
    }  # fmt: skip
    book = recorded("bybit", ("bybit.wallet", {"data": [wallet]}))
    assert coins(book)["USDC"] == Decimal("201.348826")
    assert (book.loans[0].amount_units, book.loans[0].interest_units) == (10_000_000, 500_000)
    assert book.reports["a"].figures["utilisation"] == Decimal("0.003")
    odd = wallet | {"coin": [{"coin": "EOS7L", "walletBalance": "215.0570412"}]}
    faults = refused(
        document(account("bybit", recorded=[{"format": "bybit.wallet", "payload": [odd]}]))
    )
    assert [fault.reason for fault in faults] == [Reason.UNKNOWN_ASSET]
    assert "EOS7L" in faults[0].message


def test_a_dydx_subaccounts_cash_is_its_usdc_and_what_its_positions_cost() -> None:
    book = recorded("dydx", ("dydx.subaccount", {"subaccount": DYDX}))
    cash = Decimal("82291.083758") - Decimal("0.491") * 118700
    assert coins(book) == {"USDC": cash}
    assert cash + unrealised(book, 0, "115976.26") == Decimal("25346.740098")
    figures = book.reports["a"].figures
    assert figures["initial"] == Decimal("25346.73993597") - Decimal("24207.8530595294")


def test_a_dydx_debt_is_a_debt_and_two_subaccounts_are_two_accounts() -> None:
    short = {"USDC": {"size": "5", "symbol": "USDC", "side": "SHORT"}}
    book = recorded("dydx", ("dydx.subaccount", DYDX | {"assetPositions": short} | NO_POSITIONS))
    assert coins(book) == {"USDC": Decimal(-5)}
    twice = {"format": "dydx.subaccount", "payload": {"subaccounts": [DYDX, DYDX]}}
    faults = refused(document(account("dydx", recorded=[twice])))
    assert [fault.reason for fault in faults] == [Reason.CONTRADICTION]


def test_hyperliquid_cash_and_positions_add_up_to_the_account_value() -> None:
    book = recorded("hyperliquid", ("hyperliquid.clearinghouse", HYPERLIQUID))
    profit = unrealised(book, 0, "138.91") + unrealised(book, 1, "3803.9")
    assert coins(book)["USDC"] + profit == Decimal("19762.483455")
    report = book.reports["a"]
    assert (report.currency, report.figures["maintenance"]) == ("USDC", Decimal("141.579994"))


def test_a_hyperliquid_isolated_position_keeps_its_own_cash() -> None:
    book = recorded("hyperliquid", ("hyperliquid.clearinghouse", HYPERLIQUID_ISOLATED))
    bucket = "a/ETH/USDC:USDC"
    assert coins(book) == {"USDC": Decimal("13104.514502")}
    mark = str(Decimal("100.02765") / Decimal("0.0335"))
    equity = coins(book, bucket)["USDC"] + unrealised(book, 0, mark)
    assert abs(equity - Decimal("4.967826")) <= Decimal("1e-6")
    assert book.reports["a"].figures["equity"] == Decimal("13104.514502")


def test_hyperliquid_spot_on_hold_is_locked() -> None:
    message = {
        "balances": [
            {"coin": "USDC", "total": "894.089960", "hold": "140.436779"},
            {"coin": "UBTC", "total": "0.0", "hold": "0.0"},
        ]
    }
    book = recorded("hyperliquid", ("hyperliquid.spot", message))
    assert {x.state: x.amount_units for x in book.balances} == {
        BalanceState.FREE: 753_653_181,
        BalanceState.LOCKED: 140_436_779,
    }


@pytest.mark.parametrize(
    ("venue", "source", "payload", "reason"),
    [
        ("bybit", "okx.positions", {"data": []}, Reason.CONTRADICTION),
        ("okx", "okx.positions", {"rows": []}, Reason.MISSING_FIELD),
        ("okx", "okx.positions", [1], Reason.WRONG_TYPE),
        ("okx", "okx.positions", [OKX_LTC | {"pos": "one"}], Reason.NOT_A_NUMBER),
        ("okx", "okx.positions", [OKX_LTC | {"avgPx": ""}], Reason.MISSING_FIELD),
        ("okx", "okx.positions", [OKX_LTC | {"posSide": "up"}], Reason.OUT_OF_BOUNDS),
        ("okx", "okx.positions", [OKX_LTC | {"instType": "MARGIN"}], Reason.UNSUPPORTED),
        ("okx", "okx.positions", [OKX_LTC | {"instId": "@1"}], Reason.UNKNOWN_SYMBOL),
        (
            "okx",
            "okx.positions",
            [OKX_LTC | {"instId": "BTC-USDT-SWAP", "mgnMode": "isolated"}],
            Reason.UNSUPPORTED,
        ),
        (
            "okx",
            "okx.balance",
            [OKX_BALANCE | {"details": [{"ccy": "USDT", "cashBal": "1", "liab": "5"}]}],
            Reason.UNSUPPORTED,
        ),
        ("bybit", "bybit.positions", [BYBIT_XRP | {"category": ""}], Reason.MISSING_FIELD),
        ("bybit", "bybit.positions", [BYBIT_XRP | {"side": "Long"}], Reason.OUT_OF_BOUNDS),
        ("binance", "binance.um_positions", [BINANCE_UM | {"entryPrice": "0"}],
         Reason.OUT_OF_BOUNDS),
        ("deribit", "deribit.positions", [DERIBIT_CALL | {"direction": "buy"}],
         Reason.CONTRADICTION),
        (
            "deribit",
            "deribit.positions",
            [DERIBIT_CALL | {"instrument_name": "BTC-26JUN26-100000-C"}],
            Reason.EXPIRED,
        ),
        ("deribit", "deribit.positions", [DERIBIT_CALL | {"average_price": -1}],
         Reason.OUT_OF_BOUNDS),
        ("deribit", "deribit.positions", [DERIBIT_PERPETUAL | {"mark_price": 0}],
         Reason.OUT_OF_BOUNDS),
        ("binance", "binance.um_positions",
         [BINANCE_UM | {"entryPrice": "9" * 24, "positionAmt": "9" * 24}], Reason.OVERFLOW),
        ("hyperliquid", "hyperliquid.clearinghouse", {}, Reason.MISSING_FIELD),
    ],
)  # fmt: skip
def test_a_message_that_is_not_understood_is_refused(
    venue: str, source: str, payload: Any, reason: Reason
) -> None:
    faults = refused(document(account(venue, recorded=[{"format": source, "payload": payload}])))
    assert reason in [fault.reason for fault in faults]
    assert all(fault.where.startswith("book.accounts[0].recorded[0]") for fault in faults)


def test_one_message_given_twice_is_refused() -> None:
    message = {"format": "binance.um_positions", "payload": [BINANCE_UM]}
    faults = refused(document(account("binance", recorded=[message, message])))
    assert [fault.reason for fault in faults] == [Reason.DUPLICATE]


def test_figures_reported_in_two_places_are_refused() -> None:
    message = {"format": "binance.um_positions", "payload": [BINANCE_UM]}
    reported = {"currency": "USDT", "source": "by hand", "figures": {"maintenance": 2}}
    faults = refused(document(account("binance", recorded=[message], reported=reported)))
    assert [fault.reason for fault in faults] == [Reason.DUPLICATE]


def test_flat_rows_of_an_expired_contract_hold_nothing_and_are_left_out() -> None:
    rows = [{"symbol": "BTCUSD_201225", "positionAmt": "0", "entryPrice": "0.0"}]
    assert recorded("binance", ("binance.cm_positions", rows)).positions == ()


def test_the_source_of_a_report_says_when_it_was_recorded() -> None:
    row = {
        "format": "binance.um_positions",
        "captured_at": "2024-07-28T10:06:06Z",
        "payload": [BINANCE_UM],
    }
    book = parse_book(document(account("binance", recorded=[row])), as_of_ns=AS_OF_NS)
    assert book.reports["a"].source == "binance.um_positions of 2024-07-28T10:06:06Z"


SAMPLES: list[tuple[str, Any]] = [
    ("binance.cm_positions", [BINANCE_UM | {"symbol": "BTCUSD_PERP"}]),
    ("binance.um_account", BINANCE_ACCOUNT),
    ("binance.um_positions", [BINANCE_UM]),
    ("bybit.positions", [BYBIT_XRP]),
    ("ccxt.balance", {"info": {"result": DERIBIT_PORTFOLIO}, "BTC": {"total": 1}}),
    ("ccxt.positions", [{"symbol": "BTC/USD:BTC", "contracts": 10, "side": "long"}]),
    ("deribit.account_summaries", DERIBIT_PORTFOLIO),
    ("deribit.positions", [DERIBIT_PERPETUAL, DERIBIT_CALL]),
    ("dydx.subaccount", {"subaccounts": [DYDX]}),
    ("hyperliquid.clearinghouse", HYPERLIQUID_ISOLATED),
    ("okx.balance", [OKX_BALANCE]),
    ("okx.positions", [OKX_LTC | {"instId": "BTC-USD-SWAP"}]),
]
odd_values = st.sampled_from(
    [None, "", 0, -1, "-1e-9", "9" * 24, 10**23, "NaN", True, [], {}, [None], "BTC", "isolated"]
)


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of everything inside `value`."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found: list[tuple[str | int, ...]] = []
    for key, item in inner:
        found.append((*path, key))
        if isinstance(item, dict | list):
            found += leaves(item, (*path, key))
    return found


@settings(max_examples=150)
@given(sample=st.sampled_from(SAMPLES), data=st.data())
def test_a_spoilt_message_is_read_or_refused_and_never_another_error(
    sample: tuple[str, Any], data: st.DataObject
) -> None:
    source, payload = sample[0], deepcopy(sample[1])
    for path in data.draw(st.lists(st.sampled_from(leaves(payload)), min_size=1, max_size=3)):
        place = payload
        try:
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = deepcopy(data.draw(odd_values))
        except (KeyError, IndexError, TypeError):
            continue
    venue = source.split(".")[0].replace("ccxt", "deribit")
    message = {"format": source, "payload": payload}
    with contextlib.suppress(InputRefused):
        parse_book(document(account(venue, recorded=[message])), as_of_ns=AS_OF_NS)
