"""Accounts resident in the live engine: bytes each.

    python benchmarks/engine_memory.py [--accounts N] [--positions P] [--must BYTES]

Each account has P positions, cash in the ledger, its place among the holders of what it has, and
its figures under the house rulebook, given by one price tick. Counted is what the process holds
more than before the accounts were there. Exit 3 above --must.
"""

import argparse
import gc
import sys
from decimal import Decimal
from pathlib import Path
from resource import RUSAGE_SELF, getpagesize, getrusage

from engine_case import FEED, bundled_case_setup, event_of, listings_of, market_state, with_accounts

from crossmargin.engine.apply import apply
from crossmargin.engine.event_market import Price


def resident_bytes() -> int:
    """What the process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * getpagesize()


def main() -> int:
    """Bytes an account, before and after the first tick."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--positions", type=int, default=3)
    parser.add_argument("--must", type=float, default=12_000.0)
    options = parser.parse_args()
    gc.disable()
    setup = bundled_case_setup()
    state = market_state(setup)
    listing_ids = listings_of(state) + listings_of(state, options=False)
    empty = resident_bytes()
    state = with_accounts(
        setup, state, listing_ids, options.accounts, options.positions, cash=100_000
    )
    gc.collect()
    held = resident_bytes()
    body = Price(asset="BTC", index=Decimal(60_001), marks={})
    state, _ = apply(setup, state, event_of(state, body, 1, FEED))
    gc.collect()
    margined = resident_bytes()
    each = (margined - empty) / options.accounts
    print(f"{options.accounts:,} accounts of {options.positions} positions")
    print(f"positions, ledger, holders {(held - empty) / options.accounts:8.0f} bytes an account")
    print(f"with figures, in columns   {each:8.0f} bytes an account")
    print(
        f"together {margined / 2**30:.2f} GiB, peak {getrusage(RUSAGE_SELF).ru_maxrss / 2**20:.2f}"
    )
    return 0 if each <= options.must else 3


if __name__ == "__main__":
    sys.exit(main())
