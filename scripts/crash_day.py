"""Write examples/crash-day.jsonl: 5 August 2024 as relative moves on the market of 2026-08-08.

Bitcoin's moves are Coinbase's hourly bars of that day. Ether moves by a beta on them, estimated on
the bundled daily closes and printed. Accounts and their trades are invented; what they do about
their margin calls follows from the calls that the engine makes.
"""

import csv
import io
from decimal import Decimal
from pathlib import Path

from crossmargin.action.call import MarginCall
from crossmargin.base.instant import NS_PER_SECOND, parse_instant
from crossmargin.domain.account import Account, Authority
from crossmargin.domain.holding import Side
from crossmargin.domain.instrument import Listing
from crossmargin.domain.symbol import parse_symbol
from crossmargin.engine.calls import open_calls
from crossmargin.engine.event_control import (
    AccountOpened,
    CallAcknowledged,
    CallDisputed,
    DisputeResolved,
)
from crossmargin.engine.event_market import ListingAdded, Price, Volatility
from crossmargin.engine.event_money import Deposit, WithdrawalRequested
from crossmargin.engine.event_trade import Fill, Funding, OrderPlaced
from crossmargin.engine.start import initial_state
from crossmargin.market.history import beta_of
from crossmargin.study.teller import Teller
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.bundle import read_bundled
from crossmargin.wire.engine_setup import bundled_setup
from crossmargin.wire.event import event_lines

BARS = "package:coinbase_BTCUSD_1h_2024-08-05.csv"
OUTPUT = Path(__file__).parent.parent / "examples" / "crash-day.jsonl"
START_NS = parse_instant("2026-08-08T00:00:00Z") or 0
HOUR_NS = 3_600 * NS_PER_SECOND
BETA_DAYS = 500

INDEX = {"BTC": 64807.61, "ETH": 1912.6}
"""Indexes of examples/market.json."""
PERPETUALS = {"BTC": "okx:BTC/USDC:USDC", "ETH": "okx:ETH/USDC:USDC"}
PUT = "okx:BTC/USD:BTC-260925-60000-P"
ENTRIES = (
    ("lever", PERPETUALS["BTC"], Side.BUY, "6"),
    ("lever", PERPETUALS["ETH"], Side.BUY, "60"),
    ("hedged", PERPETUALS["BTC"], Side.SELL, "2"),
    ("bear", PERPETUALS["BTC"], Side.SELL, "3"),
)
MONEY = {"lever": "120000", "hedged": "40000", "bear": "60000", "writer": "16000"}


def open_call(day: Teller, account: str) -> MarginCall | None:
    """The call that an account has to meet."""
    return next(iter(open_calls(day.state, account)), None)


def main() -> None:
    """Tell the day, hour by hour, and write it down."""
    setup = bundled_setup(["house"])
    assert setup.history is not None
    beta = beta_of(setup.history, "ETH", "BTC", BETA_DAYS)
    print(f"beta of ether on bitcoin, {BETA_DAYS} days of the bundled closes: {beta:.3f}")
    day = Teller(setup=setup, state=initial_state(setup), now_ns=START_NS)
    bars = list(csv.DictReader(io.StringIO(read_bundled(BARS).decode())))
    first = float(bars[0]["close"])
    morning(day)
    for hour, bar in enumerate(bars[1:]):
        for minute, column in ((20, "low"), (59, "close")):
            day.now_ns = START_NS + hour * HOUR_NS + minute * 60 * NS_PER_SECOND
            day.tick(0)
            prices(day, float(bar[column]) / first - 1.0, beta)
            day.tick()
            answers(day)
        if hour % 8 == 7:
            for code, rate in (("BTC", "0.0001"), ("ETH", "-0.0001")):
                paid = Decimal(rate) * Decimal(str(INDEX[code]))
                day.tell("okx", Funding(listing_id=PERPETUALS[code], amount_per_contract=paid))
        if hour in (6, 12):
            ask = WithdrawalRequested(account_id="bear", asset="USDC", amount_units=40_000 * 10**6)
            day.tell("bank", ask)
        day.tick()
    OUTPUT.write_bytes(b"".join(event_lines(day.events, bundled_registry())))
    print(f"{len(day.events)} events, {len(day.state.calls)} margin calls: {OUTPUT.name}")


def morning(day: Teller) -> None:
    """Accounts, listings, money and the positions that the day begins with."""
    day.tick(0)
    for name in MONEY:
        account = Account(account_id=name, entity_id=name, venue="okx", authority=Authority.ENFORCE)
        day.tell("operator", AccountOpened(account=account))
    for listing_id in (*PERPETUALS.values(), PUT):
        venue, _, symbol = listing_id.partition(":")
        instrument = parse_symbol(symbol)
        listing = Listing(
            venue=venue,
            native_symbol=symbol,
            economic_id=symbol,
            instrument=instrument,  # type: ignore[arg-type]
            contract_size=Decimal(1),
        )
        day.tell("operator", ListingAdded(listing=listing))
    day.tick()
    day.tell("oracle", Volatility(listing_id=PUT, vol=Decimal("0.34")))
    prices(day, 0.0, 1.0)
    for name, coins in MONEY.items():
        units = int(Decimal(coins) * 10**6)
        day.tell("bank", Deposit(account_id=name, asset="USDC", amount_units=units))
    day.tell("bank", Deposit(account_id="hedged", asset="BTC", amount_units=2 * 10**8))
    day.tick()
    for account, listing_id, side, contracts in ENTRIES:
        code = "BTC" if listing_id == PERPETUALS["BTC"] else "ETH"
        fill(day, account, listing_id, side, contracts, str(INDEX[code]))
    fill(day, "writer", PUT, Side.SELL, "2", "0.03")
    day.tick()


def fill(
    day: Teller, account: str, listing_id: str, side: Side, contracts: str, price: str
) -> None:
    """A trade, with half a dollar a contract as its fee."""
    fee = Decimal(contracts) * Decimal("0.5")
    body = Fill(
        account_id=account,
        listing_id=listing_id,
        side=side,
        contracts=Decimal(contracts),
        price=Decimal(price),
        fee=fee,
        fee_asset="USDC",
    )
    day.tell("okx", body)


def prices(day: Teller, move: float, beta: float) -> None:
    """Both coins and the stablecoin, at one relative move of bitcoin since the day's start."""
    for code, slope in (("BTC", 1.0), ("ETH", beta)):
        index = Decimal(str(round(INDEX[code] * (1.0 + slope * move), 2)))
        day.tell("oracle", Price(asset=code, index=index, marks={PERPETUALS[code]: index}))
    day.tell("oracle", Price(asset="USDC", index=Decimal(1), marks={}))


def answers(day: Teller) -> None:
    """One account pays its calls, one disputes half of its first, the others do nothing."""
    call = open_call(day, "lever")
    if call is not None and call.state.value == "issued":
        day.tell("okx", CallAcknowledged(call_id=call.call_id))
        day.tick()
        units = int(call.due * 10**6)
        day.tell("bank", Deposit(account_id="lever", asset="USDC", amount_units=units))
    call = open_call(day, "writer")
    if call is None:
        return
    if call.dispute_until_ns is None and call.state.value == "issued":
        half = call.amount // 2
        if half:
            reason = "the mark of the put"
            day.tell("okx", CallDisputed(call_id=call.call_id, amount=half, reason=reason))
            order = OrderPlaced(
                account_id="writer",
                order_id=f"more-{day.counts['okx']}",
                listing_id=PUT,
                side=Side.SELL,
                contracts=Decimal(1),
                limit_price=Decimal("0.05"),
            )
            day.tell("okx", order)
    elif call.disputed:
        upheld = call.disputed // 2
        day.tell("operator", DisputeResolved(call_id=call.call_id, upheld=upheld))


if __name__ == "__main__":
    main()
