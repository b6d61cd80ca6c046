"""The venues' figures in the example follow from the positions by the published formulas."""

from decimal import Decimal

import numpy as np
import pytest

from crossmargin.kernels.black import black_prices
from crossmargin.kernels.normal import log_fixed
from tests.examples.fund_files import fund, market, payload

D = Decimal


def test_okx_margins_are_shares_of_the_notional_and_the_ratio_contains_the_fee():
    (row,) = payload("okx-main", "okx.positions")["data"]
    (account,) = payload("okx-main", "okx.balance")["data"]
    (order,) = (x for x in fund().orders if x.account_id == "okx-main")
    notional = D(row["pos"]) * D("0.01") * D(row["markPx"])
    ordered = order.contracts * D("0.01") * order.limit_price / D(row["lever"])

    assert D(row["notionalUsd"]) == notional
    assert D(row["imr"]) == notional / D(row["lever"])
    assert D(row["mmr"]) == notional * D("0.004")
    assert D(account["imr"]) == D(row["imr"]) + ordered
    ratio = D(account["adjEq"]) / (D(row["mmr"]) + notional * D("0.0005"))
    assert abs(D(row["mgnRatio"]) - ratio) < D("1e-9")
    (cash,) = account["details"]
    assert D(account["totalEq"]) == D(cash["cashBal"]) + D(row["upl"])


def test_binance_maintenance_is_the_bracket_rate_less_its_deduction():
    (row,) = payload("binance-main", "binance.um_positions")
    account = payload("binance-main", "binance.um_account")
    notional = abs(D(row["positionAmt"])) * D(row["markPrice"])
    # Table of 18 March 2021: 0.4 % to 50,000, 0.5 % to 250,000, 1 % to 1 million, then 2.5 %.
    deduction = 50_000 * D("0.001") + 250_000 * D("0.005") + 1_000_000 * D("0.015")

    assert abs(D(row["notional"])) == notional
    assert D(row["initialMargin"]) == notional / 10
    assert D(row["maintMargin"]) == notional * D("0.025") - deduction
    assert D(account["totalMaintMargin"]) == D(row["maintMargin"])
    wallets = sum(D(asset["walletBalance"]) for asset in account["assets"])
    assert D(account["totalMarginBalance"]) == wallets + D(row["unRealizedProfit"])


def test_the_binance_liquidation_price_is_where_balance_meets_maintenance():
    (row,) = payload("binance-main", "binance.um_positions")
    account = payload("binance-main", "binance.um_account")
    size, price = abs(D(row["positionAmt"])), D(row["liquidationPrice"])
    balance = D(account["totalWalletBalance"]) + size * (D(row["entryPrice"]) - price)

    assert abs(balance - (size * price * D("0.025") - 16_300)) < D("0.001")


def test_the_ccxt_position_is_its_own_info_in_other_words():
    (row,) = payload("binance-coin", "ccxt.positions")
    raw = row["info"]
    coins = row["contracts"] * row["contractSize"] / D(raw["markPrice"])

    assert -row["contracts"] == D(raw["positionAmt"])
    assert abs(row["notional"] - coins) < D("1e-8")
    profit = -row["contracts"] * 100 * (1 / D(raw["entryPrice"]) - 1 / D(raw["markPrice"]))
    assert abs(D(raw["unRealizedProfit"]) - profit) < D("1e-8")
    assert abs(row["maintenanceMargin"] - coins * D("0.004")) < D("1e-8")


def test_bybit_margins_contain_the_fee_to_close_at_the_bankruptcy_price():
    (row,) = payload("bybit-main", "bybit.positions")["result"]["list"]
    size, entry, leverage = D(row["size"]), D(row["avgPrice"]), D(row["leverage"])
    fee = size * entry * (1 - 1 / leverage) * D("0.00055")

    assert D(row["positionValue"]) == size * entry
    assert D(row["positionIM"]) == size * entry / leverage + fee
    assert D(row["positionMM"]) == size * entry * D("0.005") + fee


def test_the_isolated_liquidation_price_leaves_exactly_the_maintenance():
    report = fund().reports["bybit-eth-isolated"]
    price = report.liquidation_prices["bybit:ETH/USDT:USDT"]
    equity = D(29_500) + 150 * (price - D("1935.2"))

    assert abs(equity - report.figures["maintenance"]) < 150 * D("0.005") + D("0.01")


def test_hyperliquid_maintenance_is_half_the_margin_of_the_highest_leverage():
    state = payload("hyperliquid-main", "hyperliquid.clearinghouse")
    rows = [entry["position"] for entry in state["assetPositions"]]
    maintenance = sum(D(row["positionValue"]) / (2 * row["maxLeverage"]) for row in rows)

    assert D(state["crossMaintenanceMarginUsed"]) == maintenance
    assert D(state["marginSummary"]["totalMarginUsed"]) == sum(
        D(row["positionValue"]) / row["leverage"]["value"] for row in rows
    )
    value = D(state["marginSummary"]["accountValue"])
    signed = sum(D(row["positionValue"]) * (-1 if D(row["szi"]) < 0 else 1) for row in rows)
    assert D(state["marginSummary"]["totalRawUsd"]) == value - signed
    for row in rows:
        rate = 1 / (2 * row["maxLeverage"])
        mark = D(row["positionValue"]) / abs(D(row["szi"]))
        price = mark + (value - maintenance) / abs(D(row["szi"])) / (1 + rate)
        assert abs(D(row["liquidationPx"]) - price) < D("1e-8")


@pytest.mark.parametrize("account_id", ["deribit-main", "deribit-yield"])
def test_deribit_option_marks_are_the_chain_vols_priced(account_id):
    snapshot = market().snapshot
    held = [x for x in fund().positions if x.account_id == account_id]
    rows = payload(account_id, "deribit.positions")["result"]
    for position, row in zip(held, rows, strict=True):
        listing_id = position.listing_id
        if row["kind"] == "option":
            assert abs(float(row["mark_price"]) - _mark_coins(listing_id)) < 1e-6
        else:
            assert float(row["mark_price"]) == snapshot.listings[listing_id].mark.value


@pytest.mark.parametrize(
    ("account_id", "symbol", "short"),
    [
        ("deribit-yield", "ETH/USD:ETH-260828-2200-C", 400),
        ("deribit-yield", "ETH/USD:ETH-260828-1650-P", 400),
        ("deribit-spv", "ETH/USD:ETH-261225-2500-C", 600),
    ],
)
def test_standard_margin_of_a_short_option_is_the_published_share_of_a_coin(
    account_id, symbol, short
):
    listing = fund().listings[f"deribit:{symbol}"]
    forward = _forward(listing)
    mark = _mark_coins(listing.listing_id)
    call = symbol.endswith("C")
    strike = float(listing.instrument.strike)
    out_of_money = max(strike - forward if call else forward - strike, 0.0)
    initial = short * (max(0.15 - out_of_money / forward, 0.10) + mark)
    maintenance = short * ((0.075 if call else max(0.075, 0.075 * mark)) + mark)

    if account_id == "deribit-spv":
        figures = fund().reports[account_id].figures
        reported = figures["initial"], figures["maintenance"]
    else:
        rows = payload(account_id, "deribit.positions")["result"]
        (row,) = (x for x in rows if x["instrument_name"] == listing.native_symbol)
        reported = row["initial_margin"], row["maintenance_margin"]
    assert [float(x) for x in reported] == pytest.approx([initial, maintenance], abs=short * 1e-6)


def test_the_portfolio_margin_is_the_worst_of_the_matrix_and_the_roll_shock():
    index = market().snapshot.assets["BTC"].index.value
    row = payload("deribit-main", "deribit.account_summaries")["result"]["summaries"][0]
    coins = float(row["balance"] + row["session_upl"])
    moves = np.linspace(-0.16, 0.16, 9)
    losses = -np.array([_change(moves, side, coins, index) for side in (-1, 0, 1)])
    # Per expiry |delta| x max(7.5 % a year, 1 %): longs of one expiry help no other.
    roll = index * sum(abs(x) * max(0.075 * years, 0.01) for years, x in _deltas().items())
    risk = losses.max() + roll

    assert float(row["total_initial_margin_usd"]) == pytest.approx(risk, abs=0.01)
    assert float(row["total_maintenance_margin_usd"]) == pytest.approx(0.8 * risk, abs=0.01)


def _years(listing):
    return (listing.instrument.expiry_ns - market().snapshot.as_of_ns) / (365 * 86_400 * 1e9)


def _forward(listing):
    key = (listing.instrument.underlying, listing.instrument.expiry_ns)
    return market().snapshot.expiries[key].forward.value


def _priced(listing, forward, vol):
    """Dollars per coin at a forward (an array) and a vol."""
    forward = np.asarray(forward, dtype=np.float64)
    strike = np.full_like(forward, float(listing.instrument.strike))
    deviation = np.full_like(forward, vol * np.sqrt(_years(listing)))
    is_call = np.full(forward.shape, listing.instrument.right.value == "call")
    return black_prices(forward, strike, log_fixed(forward / strike), deviation, is_call)


def _vol(listing):
    return market().snapshot.listings[listing.listing_id].vol.value


def _mark_coins(listing_id):
    listing = fund().listings[listing_id]
    forward = _forward(listing)
    return float(_priced(listing, [[forward]], _vol(listing))[0, 0]) / forward


def _options():
    return [
        (fund().listings[x.listing_id], float(x.contracts))
        for x in fund().positions
        if x.account_id == "deribit-main" and x.listing_id[-2:] in ("-C", "-P")
    ]


def _future_coins():
    rows = payload("deribit-main", "deribit.positions")["result"]
    (row,) = (x for x in rows if x["kind"] == "future")
    return float(row["size"] / row["mark_price"])


def _shocked_vol(listing, side):
    days = _years(listing) * 365
    factor = (30.0 / days) ** (0.30 if days < 30 else 0.13)
    vol = _vol(listing)
    shocked = {-1: vol * (1 - 0.25 * factor), 0: vol, 1: max(vol * (1 + 0.5 * factor), 0.5)}
    return shocked[side]


def _change(moves, side, coins, index):
    """Change of the account in dollars at each move of a vol side, coins and future included.

    An option is marked in coins, its dollars over its forward, and coins are dollars at the index.
    """
    change = (coins + _future_coins()) * index * moves
    for listing, held in _options():
        forward = _forward(listing)
        shocked = forward * (1 + moves)
        after = _priced(listing, shocked[None, :], _shocked_vol(listing, side))[0] / shocked
        before = _priced(listing, [[forward]], _vol(listing))[0, 0] / forward
        change = change + held * index * (after * (1 + moves) - before)
    return change


def _deltas():
    """Delta in coins by the years to expiry, the future with its expiry."""
    deltas = {}
    for listing, held in _options():
        forward, step = _forward(listing), 1e-4
        up, down = _priced(listing, [[forward * (1 + step), forward * (1 - step)]], _vol(listing))[
            0
        ]
        years = _years(listing)
        deltas[years] = deltas.get(years, 0.0) + held * (up - down) / (2 * step * forward)
    future_years = _years(fund().listings["deribit:BTC/USD:BTC-261225"])
    deltas[future_years] += _future_coins()
    return deltas
