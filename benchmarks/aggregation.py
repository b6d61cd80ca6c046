"""Worst loss and tail of many accounts, beside its peers in the same run.

    python benchmarks/aggregation.py [ACCOUNTS] [ROUNDS] [--reference]
    python benchmarks/aggregation.py memory ACCOUNTS [--reference]

Accounts of 6 to 18 positions (12 on average) in 3,000 listings, 200 scenarios, the two worst. Ours
rounds every product to a tick and also names the worst scenario; the peers do neither. Variants are
interleaved, so that other load hits them alike; ratios are what counts.
"""

import statistics
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix

from crossmargin.kernels import backend_name, net_worst_tail, use_backend
from crossmargin.kernels.segment_rows import BUFFER_BYTES

LISTINGS, SCENARIOS, PEER_CHUNK, SMALL = 3_000, 200, 2_048, 10_000
TICK_SCALE = 2.0**14


def accounts(count, *, coarse=False):
    """CSR rows and a change matrix in ticks; coarse: four scenarios each are equal."""
    draw = np.random.default_rng(2)
    indptr = np.append(0, np.cumsum(draw.integers(6, 19, count)))
    listing = draw.integers(0, LISTINGS, indptr[-1])
    contracts = np.round(draw.normal(0, 5, indptr[-1]), 1)
    change = draw.normal(0, 1000, (LISTINGS, SCENARIOS)) * TICK_SCALE
    if coarse:
        change = np.repeat(change[:, ::4], 4, axis=1)
    return np.ascontiguousarray(change), listing, contracts, indptr


def two_worst(ticks):
    tail = np.partition(ticks, 1, axis=1)[:, :2]
    return tail.min(axis=1), tail.sum(axis=1)


def scipy_chunked(change, listing, contracts, indptr):
    count = indptr.size - 1
    index = listing.astype(np.int32)

    def run():
        worst, tail = np.empty(count), np.empty(count)
        for a in range(0, count, PEER_CHUNK):
            b = min(count, a + PEER_CHUNK)
            rows = slice(indptr[a], indptr[b])
            held = csr_matrix(
                (contracts[rows], index[rows], indptr[a : b + 1] - indptr[a]), (b - a, LISTINGS)
            )
            worst[a:b], tail[a:b] = two_worst(held @ change)
        return worst, tail

    return run


def polars_grouped(change, listing, contracts, indptr):
    names = [f"s{k}" for k in range(SCENARIOS)]
    account = np.repeat(np.arange(indptr.size - 1), np.diff(indptr))
    positions = pl.DataFrame({"a": account, "i": listing, "q": contracts})
    table = pl.DataFrame(
        {"i": np.arange(LISTINGS)} | {name: change[:, k] for k, name in enumerate(names)}
    )

    def run():
        sums = [(pl.col(name) * pl.col("q")).sum() for name in names]
        joined = positions.lazy().join(table.lazy(), on="i").group_by("a").agg(sums)
        return two_worst(joined.collect().sort("a").select(names).to_numpy())

    return run


def interleaved(variants, rounds):
    """Seconds of each variant: (median, best)."""
    seconds = {name: [] for name in variants}
    for run in variants.values():
        run()
    for _ in range(rounds):
        for name, run in variants.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: (statistics.median(taken), min(taken)) for name, taken in seconds.items()}


def show(title, variants, rounds, count, must):
    """Print the variants against the first one, the peer; whether the last one is fast enough."""
    measured = interleaved(variants, rounds)
    peer = next(iter(measured.values()))
    print(f"{title}: {count:,} accounts, {rounds} rounds, backend {backend_name()}")
    for name, (median, best) in measured.items():
        speed = (
            f"{count / median / 1e3:8.1f} / {count / best / 1e3:8.1f} thousand accounts a second"
        )
        ratio = f"{peer[0] / median:6.2f} / {peer[1] / best:6.2f} of the first"
        print(f"  {name:42s} {speed}   {ratio}  (median / best)")
    if must is None:
        return True
    print(f"  {'':42s} must be at least {must:g} of the first")
    return peer[0] / median >= must


def agree(rows):
    """Ours against the unrounded peer: at most half a tick per position and scenario apart."""
    worst, _, tail = net_worst_tail(*rows, 2)
    peer_worst, peer_tail = scipy_chunked(*rows)()
    apart = max(np.abs(worst - peer_worst).max(), np.abs(tail - peer_tail).max() / 2)
    print(f"largest difference to the unrounded peer: {apart:.2f} ticks (9.00 allowed)")
    if apart > 9.0:
        sys.exit(3)


def memory(count):
    """Peak memory that one call adds to the book, beside its result columns: two measurements."""
    rows = accounts(count)
    tracemalloc.start()
    result = net_worst_tail(*rows, 2)
    traced = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    columns = sum(part.nbytes for part in result)
    del result
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from what is held now
    before = resident("VmRSS")
    net_worst_tail(*rows, 2)
    added = resident("VmHWM") - before
    print(
        f"memory: {count:,} accounts add {(traced - columns) / 2**20:.1f} MiB of arrays and "
        f"{(added - columns) / 2**20:.1f} MiB of the process, without book and results (64 allowed)"
    )
    if traced - columns > 64 * 2**20:
        sys.exit(3)


def resident(field):
    """Bytes of a line of the process's status (Linux)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise SystemExit(f"/proc/self/status has no {field}")


def main():
    if "--reference" in sys.argv:
        sys.argv.remove("--reference")
        use_backend("reference")
    if sys.argv[1:2] == ["memory"]:
        memory(int(sys.argv[2]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    rows, level, small = accounts(count), accounts(count, coarse=True), accounts(SMALL)
    print(f"buffers: {2 * BUFFER_BYTES / 1024:.0f} KiB of a second-level cache of 1 MiB")
    agree(rows)
    peer, group_by = "scipy CSR in chunks, np.partition", "polars join + group_by"
    ours = "net_worst_tail, rounded per product"
    met = [
        show(
            title,
            {name: other(*held), ours: lambda held=held: net_worst_tail(*held, 2)},
            passes,
            held[3].size - 1,
            must,
        )
        for title, name, other, held, passes, must in (
            ("worst and two worst", peer, scipy_chunked, rows, rounds, 0.5),
            ("every four scenarios equal", peer, scipy_chunked, level, rounds, None),
            ("group-by", group_by, polars_grouped, small, 5, 10.0),
            ("group-by", group_by, polars_grouped, rows, 3, 10.0),
        )
    ]
    sys.exit(0 if all(met) else 3)


if __name__ == "__main__":
    main()
