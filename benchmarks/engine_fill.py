"""One fill to the account's new standing, beside a full recomputation of the same account.

    python benchmarks/engine_fill.py [--rounds N] [--must R]

The account holds 200 of the bundled chain's options, and the market is those 200 alone. A fill is
one event through the engine: checked, booked in the ledger, margined, on the ladder, its calls
looked at. The limit is the same account from the snapshot: the market completed, priced in every
scenario and margined. Both take turns; times are of the processor. Exit 3 above --must.
"""

import argparse
import statistics
import sys
from dataclasses import replace
from decimal import Decimal
from time import process_time

import numpy as np
from engine_case import bundled_case_setup, event_of, listings_of, market_state, with_accounts
from market_book import PLAIN_SCAN

from crossmargin.domain.holding import Side
from crossmargin.engine.apply import apply
from crossmargin.engine.event_trade import Fill
from crossmargin.engine.markets import revalued
from crossmargin.engine.remargin import figures_of
from crossmargin.engine.setup import Setup
from crossmargin.engine.state import EngineState

POSITIONS = 200
FILLS = 20
NAME = "account-0000000"
CASH = 10_000_000


def case_of(setup: Setup) -> EngineState:
    """One account that holds every listing of its market."""
    state = market_state(setup)
    options = listings_of(state)
    chosen = [options[x] for x in np.linspace(0, len(options) - 1, POSITIONS).astype(int)]
    kept = frozenset(chosen)
    quotes = {name: own for name, own in state.snapshot.listings.items() if name in kept}
    listings = {name: own for name, own in state.listings.items() if name in kept}
    state = replace(state, listings=listings)
    state = revalued(setup, state, replace(state.snapshot, listings=quotes))
    return with_accounts(setup, state, chosen, 1, POSITIONS, CASH)


def filled(setup: Setup, state: EngineState, number: int) -> EngineState:
    """The state after one more fill."""
    held = sorted(state.accounts[NAME].positions)
    body = Fill(
        account_id=NAME,
        listing_id=held[number % len(held)],
        side=Side.BUY if number % 2 else Side.SELL,
        contracts=Decimal("0.1"),
        price=Decimal("0.02"),
        fee=Decimal("0.1"),
        fee_asset="USDC",
    )
    return apply(setup, state, event_of(state, body, number, "venue"))[0]


def measured(setup: Setup, rounds: int) -> tuple[float, float]:
    """Seconds of a fill and of a full recomputation, each the median of its rounds."""
    state = case_of(setup)
    fills, wholes = [], []
    for number in range(rounds):
        started = process_time()
        for place in range(FILLS):
            state = filled(setup, state, number * FILLS + place)
        between = process_time()
        whole = revalued(setup, state, state.snapshot)
        found = figures_of(setup, whole, [NAME])[NAME]
        ended = process_time()
        if found != state.accounts[NAME].figures:
            raise SystemExit("the fill's figures are not those of a full recomputation")
        if number:
            fills.append((between - started) / FILLS)
            wholes.append(ended - between)
    return statistics.median(fills), statistics.median(wholes)


def main() -> int:
    """One line per rulebook."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--must", type=float, default=0.1)
    options = parser.parse_args()
    ratios = []
    for name, tables in (("house", None), ("plain scan", PLAIN_SCAN)):
        fill, whole = measured(bundled_case_setup(tables), options.rounds)
        ratios.append(fill / whole)
        print(
            f"{name:10s}: fill {fill * 1e3:6.3f} ms, full recomputation {whole * 1e3:7.3f} ms,"
            f" ratio {ratios[-1]:.3f}    must be at most {options.must:g}"
        )
    return 0 if max(ratios) <= options.must else 3


if __name__ == "__main__":
    sys.exit(main())
