"""Order checks under a flood of quotes: how long each takes, beside one evaluation of the account.

    python benchmarks/engine_flow.py [--events N]

Fifty accounts of 20 positions each under the house rulebook. Nine events of ten are two-sided
quotes, one is an order; each is checked on the state after it, at the worst fill of all that is
open, and stands or is refused. Printed are the median and the 99.9th percentile, of the processor's
time, of orders and of quotes; the limit beside them is one evaluation of one account at a market
that is priced already.
"""

import argparse
import gc
import statistics
import sys
from collections.abc import Sequence
from decimal import Decimal
from time import process_time_ns

import numpy as np
from engine_case import bundled_case_setup, event_of, listings_of, market_state, with_accounts

from crossmargin.domain.holding import Side
from crossmargin.engine.apply import apply
from crossmargin.engine.effect import Decision
from crossmargin.engine.event_trade import MassQuote, OrderPlaced
from crossmargin.engine.remargin import figures_of

ACCOUNTS, POSITIONS = 50, 20


def main() -> int:
    """One line each for orders, quotes and evaluations."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=10_000)
    options = parser.parse_args()
    setup = bundled_case_setup()
    state = market_state(setup)
    listing_ids = listings_of(state) + listings_of(state, options=False)
    state = with_accounts(setup, state, listing_ids, ACCOUNTS, POSITIONS, cash=1_000_000)
    quoted = listing_ids
    draw = np.random.default_rng(2)
    gc.collect()
    gc.freeze()
    taken: dict[str, list[float]] = {"orders": [], "quotes": [], "evaluations": []}
    allowed = 0
    for number in range(options.events):
        name = f"account-{int(draw.integers(ACCOUNTS)):07d}"
        listing_id = quoted[int(draw.integers(len(quoted)))]
        size, price = Decimal(int(draw.integers(1, 50))) / 10, Decimal(20 + number % 5) / 1000
        body: OrderPlaced | MassQuote
        if number % 10:
            body = MassQuote(
                account_id=name,
                listing_id=listing_id,
                bid_contracts=size,
                bid_price=price - Decimal("0.001"),
                ask_contracts=size,
                ask_price=price + Decimal("0.001"),
            )
        else:
            body = OrderPlaced(
                account_id=name,
                order_id=f"order-{number % 500}",
                listing_id=listing_id,
                side=Side.BUY if number % 20 else Side.SELL,
                contracts=size,
                limit_price=price,
            )
        event = event_of(state, body, number, "desk")
        started = process_time_ns()
        state, effects = apply(setup, state, event)
        ended = process_time_ns()
        taken["quotes" if number % 10 else "orders"].append((ended - started) / 1e6)
        allowed += any(isinstance(own, Decision) and own.allowed for own in effects)
        if number % 10 == 0:
            started = process_time_ns()
            figures_of(setup, state, [name])
            taken["evaluations"].append((process_time_ns() - started) / 1e6)
    print(f"{options.events:,} events, {allowed:,} allowed")
    for what, milliseconds in taken.items():
        print(f"{what:12s} {_shown(milliseconds)}")
    ratio = statistics.median(taken["orders"]) / statistics.median(taken["evaluations"])
    print(f"an order's check in evaluations of its account: {ratio:.2f}")
    return 0


def _shown(milliseconds: Sequence[float]) -> str:
    half, most = np.percentile(milliseconds, [50, 99.9])
    return f"p50 {half:7.3f} ms, p99.9 {most:7.3f} ms"


if __name__ == "__main__":
    sys.exit(main())
