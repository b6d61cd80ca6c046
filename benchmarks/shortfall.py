"""Expected shortfall beside the same aggregation with the worst loss only, in one run.

    python benchmarks/shortfall.py [ACCOUNTS] [ROUNDS] [--reference]

Accounts of 6 to 18 positions (12 on average) in 3,000 listings, 1,000 scenarios; the tail is the 25
worst (97.5 %). Both name the worst scenario and round every product to a tick. Variants are
interleaved and measured in processor time of all threads, so that other load does not count; the
ratio is what counts, at most 1.5. Nothing but the tail may differ: the worst loss is checked to be
the same figure in both.
"""

import statistics
import sys
import time

import numpy as np

from crossmargin.kernels import backend_name, net_worst_tail, use_backend
from crossmargin.risk.measure import shortfall_of_sum, tail_at_level

LISTINGS, SCENARIOS, LEVEL, MOST = 3_000, 1_000, 0.975, 1.5
TICK_SCALE = 2.0**14


def accounts(count, *, heavy=False):
    """CSR rows and a change matrix in ticks; heavy: joint days with fat tails, as in a history."""
    draw = np.random.default_rng(3)
    indptr = np.append(0, np.cumsum(draw.integers(6, 19, count)))
    listing = draw.integers(0, LISTINGS, indptr[-1])
    contracts = np.round(draw.normal(0, 5, indptr[-1]), 1)
    own = draw.normal(0, 1000, (LISTINGS, SCENARIOS))
    if heavy:
        own = 0.3 * own + 1000 * draw.standard_t(3, SCENARIOS)
    return np.ascontiguousarray(own * TICK_SCALE), listing, contracts, indptr


def measured(rows, rounds):
    """(rounds,) seconds of the processor for the worst loss, and for the shortfall."""
    tail = tail_at_level(LEVEL, SCENARIOS)

    def worst_only():
        return net_worst_tail(*rows, 1)

    def shortfall():
        worst, scenario, total = net_worst_tail(
            *rows, tail.whole_count, tail_fraction=tail.part_frac
        )
        return worst, scenario, shortfall_of_sum(total, tail)

    one, other = worst_only(), shortfall()
    if not (np.array_equal(one[0], other[0]) and np.array_equal(one[1], other[1])):
        sys.exit("the worst loss differs between the two")
    if not (other[2] <= -other[0]).all():
        sys.exit("a mean of the tail is above the worst of it")
    seconds = [], []
    for _ in range(rounds):
        for taken, run in zip(seconds, (worst_only, shortfall), strict=True):
            start = time.process_time()
            run()
            taken.append(time.process_time() - start)
    return seconds


def main():
    if "--reference" in sys.argv:
        sys.argv.remove("--reference")
        use_backend("reference")
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    within = True
    for title, heavy in (("independent listings", False), ("joint days with fat tails", True)):
        worst, shortfall = measured(accounts(count, heavy=heavy), rounds)
        ratio = statistics.median(b / a for a, b in zip(worst, shortfall, strict=True))
        within &= ratio <= MOST
        print(
            f"{title}: {count:,} accounts x {SCENARIOS:,} scenarios, {rounds} rounds, backend "
            f"{backend_name()}: worst loss {statistics.median(worst):.2f} s, expected shortfall "
            f"{statistics.median(shortfall):.2f} s of the processor: {ratio:.2f} times "
            f"(at most {MOST:g})"
        )
    sys.exit(0 if within else 3)


if __name__ == "__main__":
    main()
