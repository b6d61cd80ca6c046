"""12 March 2020 and 10 October 2025 as relative moves on the market of 2026-08-08.

    python scripts/historic_days.py --data DIR [--write DIR]

DIR holds window_2020-03_crash_1h_perps.csv and window_2025-10-10_crash_15m_all_perps.csv, bars of
perpetuals with the columns ts, symbol, open, high, low, close. They come with no licence and are
not part of the project.

The rule. A coin that has bars moves as they do, from the first bar's open. One that has none moves
by ether's beta on bitcoin, as estimated on the bundled closes and printed. Within a bar that rises
the low comes before the high, within one that falls the high before the low. Perpetuals are marked
at their index, options keep their implied vols, no funding is paid. Accounts do not answer.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from crossmargin.base.instant import NS_PER_SECOND, parse_instant
from crossmargin.domain.instrument import Listing
from crossmargin.domain.symbol import parse_symbol
from crossmargin.engine.replay import replay_report
from crossmargin.market.history import beta_of
from crossmargin.study.replayed_day import (
    DayBook,
    Entry,
    ReplayedDay,
    Step,
    beta_moves,
    replayed_day,
)
from crossmargin.wire.assets import bundled_registry
from crossmargin.wire.engine_setup import bundled_setup
from crossmargin.wire.event import event_lines
from crossmargin.wire.ohlc import Bars, read_bars

START_NS = parse_instant("2026-08-08T00:00:00Z") or 0
BETA_DAYS = 500
VENUE = "okx"
INDEX = {"BTC": "64807.61", "ETH": "1912.6", "SOL": "110"}
"""Indexes of examples/market.json."""
PERPETUALS = {code: f"{VENUE}:{code}/USDC:USDC" for code in INDEX}
PUT = f"{VENUE}:BTC/USD:BTC-260925-60000-P"
MONEY = {
    "lever": {"USDC": 120_000 * 10**6},
    "hedged": {"USDC": 60_000 * 10**6, "BTC": 2 * 10**8},
    "bear": {"USDC": 60_000 * 10**6},
    "writer": {"USDC": 60_000 * 10**6},
    "coins": {"USDC": 20_000 * 10**6, "BTC": 10**8},
    "alts": {"USDC": 40_000 * 10**6},
}
ENTRIES = (
    ("lever", "BTC", "6"),
    ("lever", "ETH", "60"),
    ("hedged", "BTC", "-2"),
    ("bear", "BTC", "-3"),
    ("coins", "BTC", "1"),
    ("alts", "SOL", "800"),
)
PUTS_WRITTEN, PUT_PRICE, PUT_VOL = "-5", "0.03", "0.34"


@dataclass(frozen=True)
class Day:
    """A file of bars, its length, and where in it the day begins and how long it lasts."""

    name: str
    file: str
    bar_ns: int
    from_ns: int
    bars: int


HOUR_NS = 3_600 * NS_PER_SECOND
DAYS = (
    Day(
        name="2020-03-12",
        file="window_2020-03_crash_1h_perps.csv",
        bar_ns=HOUR_NS,
        from_ns=parse_instant("2020-03-12T00:00:00Z") or 0,
        bars=36,
    ),
    Day(
        name="2025-10-10",
        file="window_2025-10-10_crash_15m_all_perps.csv",
        bar_ns=HOUR_NS // 4,
        from_ns=parse_instant("2025-10-10T12:00:00Z") or 0,
        bars=64,
    ),
)


def main() -> int:
    """Both days, one line of JSON each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Raw)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--write", type=Path, help="a folder for the events of each day")
    words = parser.parse_args()
    setup = bundled_setup(["house"])
    assert setup.history is not None
    beta = beta_of(setup.history, "ETH", "BTC", BETA_DAYS)
    print(f"beta of ether on bitcoin, {BETA_DAYS} days of the bundled closes: {beta:.3f}")
    whole = True
    for day in DAYS:
        steps = list(steps_of(day, words.data, beta))
        found = replayed_day(setup, book(), steps, START_NS)
        report = replay_report(setup, found.state, len(found.events))
        whole &= report.trial_balance_zero and report.incremental_equals_full
        print(json.dumps({"day": day.name, **told(steps, found), "state_hash": report.state_hash}))
        if words.write is not None:
            words.write.mkdir(parents=True, exist_ok=True)
            lines = event_lines(found.events, bundled_registry())
            (words.write / f"{day.name}.jsonl").write_bytes(b"".join(lines))
    return 0 if whole else 3


_Raw = argparse.RawDescriptionHelpFormatter


def book() -> DayBook:
    """Six accounts on the market of 2026-08-08."""
    listings = tuple(_listing(name) for name in (*PERPETUALS.values(), PUT))
    entries = [
        Entry(
            account_id=name,
            listing_id=PERPETUALS[code],
            contracts=Decimal(contracts),
            price=Decimal(INDEX[code]),
        )
        for name, code, contracts in ENTRIES
    ]
    written = Entry(
        account_id="writer",
        listing_id=PUT,
        contracts=Decimal(PUTS_WRITTEN),
        price=Decimal(PUT_PRICE),
    )
    index = {code: Decimal(text) for code, text in INDEX.items()}
    return DayBook(
        venue=VENUE,
        listings=listings,
        money=MONEY,
        entries=(*entries, written),
        index={**index, "USDC": Decimal(1)},
        vols={PUT: Decimal(PUT_VOL)},
    )


def _listing(listing_id: str) -> Listing:
    venue, _, symbol = listing_id.partition(":")
    return Listing(
        venue=venue,
        native_symbol=symbol,
        economic_id=symbol,
        instrument=parse_symbol(symbol),  # type: ignore[arg-type]
        contract_size=Decimal(1),
    )


def steps_of(day: Day, data: Path, beta: float) -> Iterator[Step]:
    """Three moments a bar: its two ends in the order of its direction, then its close."""
    raw = (data / day.file).read_bytes()
    bars = {code: own for code in INDEX if (own := _bars(raw, f"{code}USDT", day)) is not None}
    betas = dict.fromkeys(INDEX, beta)
    for number in range(day.bars):
        for third in range(3):
            moves = {code: _move(own, number, third) for code, own in bars.items()}
            after_ns = number * day.bar_ns + (third + 1) * day.bar_ns // 3 - NS_PER_SECOND
            yield Step(after_ns=after_ns, move=beta_moves(moves, betas, "BTC"))


def _bars(raw: bytes, symbol: str, day: Day) -> Bars | None:
    """The bars of one symbol inside the day; None when the file has none. All or nothing."""
    head, *lines = raw.splitlines(keepends=True)
    own = [line for line in lines if line.split(b",")[1] == symbol.encode()]
    if not own:
        return None
    bars = read_bars(b"".join([head, *own]), f"{day.file}:{symbol}")
    times = day.from_ns + np.arange(day.bars) * day.bar_ns
    rows = np.searchsorted(bars.start_ns, times)
    if rows[-1] >= len(bars.start_ns) or not np.array_equal(bars.start_ns[rows], times):
        raise SystemExit(f"{day.file}: {symbol} lacks a bar of {day.name}")
    columns = (bars.open[rows], bars.high[rows], bars.low[rows], bars.close[rows])
    return Bars(start_ns=times, open=columns[0], high=columns[1], low=columns[2], close=columns[3])


def _move(bars: Bars, number: int, third: int) -> float:
    rises = bars.close[number] >= bars.open[number]
    ends = (bars.low, bars.high) if rises else (bars.high, bars.low)
    column = (*ends, bars.close)[third]
    return float(column[number] / bars.open[0] - 1.0)


def told(steps: list[Step], found: ReplayedDay) -> dict[str, object]:
    """The depth of the day, and what each account went through."""
    return {
        "events": len(found.events),
        "lowest_move": {
            code: round(min(step.move.get(code, 0.0) for step in steps), 4) for code in INDEX
        },
        "accounts": {
            own.account_id: {
                "worst": own.worst.value,
                "called_after": _hours(own.called_after_ns),
                "liquidating_after": _hours(own.liquidating_after_ns),
                "called": format(own.called, "f"),
                "lowest": None if own.lowest is None else format(own.lowest, "f"),
            }
            for own in found.accounts
        },
    }


def _hours(after_ns: int | None) -> str | None:
    return None if after_ns is None else f"{after_ns / HOUR_NS:.2f} h"


if __name__ == "__main__":
    sys.exit(main())
