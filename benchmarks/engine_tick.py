"""A price tick over many accounts, beside the aggregation kernels over the groups it touches.

    python benchmarks/engine_tick.py [--accounts N] [--positions P] [--rounds N] [--must R]

Every account holds P listings on bitcoin, drawn from all that the bundled market has, and cash, and
all are margined under the house rulebook. Ours is one price event through the engine: the market
completed and priced again, every account's levels, standings and calls. The limit, in the same run
and in turn, is `net_worst_tail` over the rows that each scan of the rulebook nets, which lie ready.
The first tick lays the accounts out in columns and is shown apart. Times are of the processor; the
objects of the start are kept out of the garbage collector, as a process that runs for days would.
Exit 3 above --must.
"""

import argparse
import gc
import resource
import statistics
import sys
from decimal import Decimal
from functools import partial
from time import process_time

from engine_case import FEED, bundled_case_setup, event_of, listings_of, market_state, with_accounts
from market_book import Market, aggregate, new_run, ready_rows

from crossmargin.engine.apply import apply
from crossmargin.engine.block import Block
from crossmargin.engine.event_market import Price
from crossmargin.kernels import backend_name


def main() -> int:
    """Print the tick, the kernels and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--positions", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--must", type=float, default=2.0)
    options = parser.parse_args()
    setup = bundled_case_setup()
    state = market_state(setup)
    listing_ids = listings_of(state) + listings_of(state, options=False)
    state = with_accounts(
        setup, state, listing_ids, options.accounts, options.positions, cash=100_000
    )
    gc.collect()
    gc.freeze()
    ticks, kernels, first = [], [], 0.0
    for number in range(options.rounds + 1):
        body = Price(asset="BTC", index=Decimal(60_000 + 7 * number), marks={})
        started = process_time()
        state, effects = apply(setup, state, event_of(state, body, number, FEED))
        taken = process_time() - started
        if not number:
            first = taken
            (block,) = (x for x in state.accounts.overlays if isinstance(x, Block))
            recipe = state.rules.recipes[setup.default_recipe]
            found = Market(book=block.columns, unpriced=partial(getattr, state.valued, "priced"))
            rows, run = ready_rows(recipe, found), new_run(recipe, found)
            changes = {name: run.scan(name).change for name in {own.family for own in rows}}
            continue
        ticks.append(taken)
        started = process_time()
        aggregate(rows, changes)
        kernels.append(process_time() - started)
    tick, kernel = statistics.median(ticks), statistics.median(kernels)
    ratio = statistics.median(a / b for a, b in zip(ticks, kernels, strict=True))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{options.accounts:,} accounts of {options.positions} positions, {len(listing_ids)}"
        f" listings, {len(effects)} effects, backend {backend_name()}, peak {peak:.1f} GiB"
    )
    print(f"first tick, accounts laid out   {first:8.3f} s")
    each_us = tick / options.accounts * 1e6
    print(f"tick                            {tick:8.3f} s, {each_us:.2f} us an account")
    print(f"aggregation kernels             {kernel:8.3f} s")
    print(f"ratio                           {ratio:8.2f}    must be at most {options.must:g}")
    return 0 if ratio <= options.must else 3


if __name__ == "__main__":
    sys.exit(main())
