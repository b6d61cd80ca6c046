"""Worst loss and tail of many accounts: bytes read against the cache, and peers that add alike.

Accounts of 6 to 18 positions in 3,000 listings, 200 scenarios, the two worst. Ours rounds every
product to a tick and names the worst scenario as well; the peers do neither.
"""

import os
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter, thread_time
from typing import Any, Final, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.cli.bench_case import (
    Measured,
    Target,
    compared,
    medians,
    one_core,
    peer,
    share_of,
)
from crossmargin.kernels import net_worst_tail
from crossmargin.kernels.native import LIBRARY

F8: TypeAlias = NDArray[np.float64]
I8: TypeAlias = NDArray[np.int64]
LISTINGS: Final = 3_000
SCENARIOS: Final = 200
UNDERLYINGS: Final = 5
WORST: Final = 2
PEER_CHUNK: Final = 2_048
PEER_ACCOUNTS: Final = 1_000_000
TABLE_ACCOUNTS: Final = 10_000
WHOLE_BYTES: Final = 6 * 2**30
"""What the peer that adds everything in one piece needs: sums, their copy, the matrix."""


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Changes in ticks on cache lines, and the accounts' rows."""

    change: F8
    listing: I8
    contracts: F8
    indptr: I8

    @property
    def accounts_count(self) -> int:
        """How many accounts."""
        return self.indptr.size - 1

    @property
    def bytes_read(self) -> int:
        """Bytes of changes that one pass over all rows reads."""
        return self.listing.size * SCENARIOS * 8

    def aggregate(self) -> tuple[F8, I8, F8]:
        """Ours."""
        return net_worst_tail(self.change, self.listing, self.contracts, self.indptr, WORST)


def rows_of(accounts_count: int, *, is_sorted: bool = False) -> Rows:
    """A book; sorted: each account holds one underlying, and accounts come by underlying."""
    draw = np.random.default_rng(2)
    count = draw.integers(6, 19, accounts_count)
    indptr = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    listing = draw.integers(0, LISTINGS, int(indptr[-1]))
    if is_sorted:
        each = LISTINGS // UNDERLYINGS
        underlying = np.sort(draw.integers(0, UNDERLYINGS, accounts_count))
        listing = np.repeat(underlying, count) * each + listing % each
    contracts = np.round(draw.normal(0.0, 5.0, listing.size), 1)
    room = np.empty(LISTINGS * SCENARIOS + 8)
    start = -room.ctypes.data % 64 // 8
    change = room[start : start + LISTINGS * SCENARIOS].reshape(LISTINGS, SCENARIOS)
    change[...] = draw.normal(0.0, 1000.0 * 2.0**14, change.shape)
    return Rows(change=change, listing=listing, contracts=contracts, indptr=indptr)


def bandwidth_cases(*, quick: bool) -> list[Measured]:
    """Bytes of changes read per second, one core, against reading the same matrix out of cache."""
    accounts_count = 20_000 if quick else 100_000
    mixed, by_underlying = rows_of(accounts_count), rows_of(accounts_count, is_sorted=True)
    variants: dict[str, Callable[[], object]] = {
        "unsorted": mixed.aggregate,
        "sorted": by_underlying.aggregate,
    }
    library, passes = LIBRARY, 40
    if library is not None:
        variants["limit"] = lambda: library.read_all(mixed.change.reshape(-1), passes)
    with one_core():
        seconds = medians(variants, 9 if quick else 25, 2.0 if quick else 20.0, thread_time)
    limit = mixed.change.nbytes * passes / seconds["limit"] / 1e9 if "limit" in seconds else None
    lines = []
    for name, rows, must, aim in (
        ("unsorted", mixed, 0.5, 0.85),
        ("sorted", by_underlying, 0.8, 1.6),
    ):
        rate = rows.bytes_read / seconds[name] / 1e9
        label = f"aggregation of {name} accounts against a cache-resident read"
        lines.append(share_of(label, "GB/s", Target(must=must, aim=aim), rate, limit))
    return lines


def peer_cases(*, quick: bool) -> list[Measured]:
    """Seconds for all accounts; ours on all cores, scipy has one, tables use all."""
    return [*_scipy_cases(quick=quick), *_table_cases(quick)]


def _scipy_cases(*, quick: bool) -> list[Measured]:
    """The whole in one piece is measured once: it takes seconds, and 3 GiB for the sums alone."""
    sparse, rows = peer("scipy.sparse"), rows_of(PEER_ACCOUNTS, is_sorted=True)
    seconds: dict[str, float] = {}
    if sparse is not None:
        variants: dict[str, Callable[[], object]] = {
            "ours": rows.aggregate,
            "chunked": lambda: _scipy_chunked(rows, sparse),
        }
        seconds = medians(variants, 3 if quick else 7, 3.0 if quick else 20.0)
        if _memory_available_bytes() > WHOLE_BYTES:
            start = perf_counter()
            _two_worst(_csr(rows, sparse, 0, rows.accounts_count) @ rows.change)
            seconds["whole"] = perf_counter() - start
    label = f"{PEER_ACCOUNTS:,} accounts against scipy"
    return [
        compared(
            f"{label}, {PEER_CHUNK} accounts at a time",
            "s",
            Target(must=6.0, aim=18.0),
            seconds.get("ours"),
            seconds.get("chunked"),
        ),
        compared(
            f"{label} in one piece",
            "s",
            Target(must=50.0, aim=150.0),
            seconds.get("ours"),
            seconds.get("whole"),
        ),
    ]


def _memory_available_bytes() -> int:
    if "SC_AVPHYS_PAGES" not in os.sysconf_names:
        return 0
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _csr(rows: Rows, sparse: Any, first: int, last: int) -> Any:
    at = slice(int(rows.indptr[first]), int(rows.indptr[last]))
    return sparse.csr_matrix(
        (
            rows.contracts[at],
            rows.listing[at].astype(np.int32),
            rows.indptr[first : last + 1] - rows.indptr[first],
        ),
        (last - first, LISTINGS),
    )


def _scipy_chunked(rows: Rows, sparse: Any) -> None:
    for first in range(0, rows.accounts_count, PEER_CHUNK):
        last = min(first + PEER_CHUNK, rows.accounts_count)
        _two_worst(_csr(rows, sparse, first, last) @ rows.change)


def _two_worst(ticks: F8) -> tuple[F8, F8]:
    lowest = np.partition(ticks, WORST - 1, axis=1)[:, :WORST]
    return lowest.min(axis=1), lowest.sum(axis=1)


def _table_cases(quick: bool) -> list[Measured]:
    rows = rows_of(TABLE_ACCOUNTS)
    lines = []
    for name, prepare, must, aim in (
        ("polars", _polars, 100.0, 400.0),
        ("duckdb", _duckdb, 500.0, 2_000.0),
    ):
        library = peer(name)
        seconds: dict[str, float] = {}
        if library is not None:
            grouped = prepare(rows, library)
            # Three of ours around each of theirs, so that a busy moment meets both.
            variants = {"ours": rows.aggregate, "peer": grouped}
            variants |= {"again": rows.aggregate, "once more": rows.aggregate}
            seconds = medians(variants, 3 if quick else 7, 2.0 if quick else 15.0)
            alike = ("ours", "again", "once more")
            seconds["ours"] = statistics.median(seconds[key] for key in alike)
        label = f"{TABLE_ACCOUNTS:,} accounts against a group-by of {name}"
        lines.append(
            compared(
                label, "s", Target(must=must, aim=aim), seconds.get("ours"), seconds.get("peer")
            )
        )
    return lines


def _polars(rows: Rows, polars: Any) -> Callable[[], object]:
    names = [f"s{scenario}" for scenario in range(SCENARIOS)]
    account = np.repeat(np.arange(rows.accounts_count), np.diff(rows.indptr))
    held = polars.DataFrame({"a": account, "i": rows.listing, "q": rows.contracts})
    changes = polars.DataFrame(
        {"i": np.arange(LISTINGS)}
        | {name: rows.change[:, scenario] for scenario, name in enumerate(names)}
    )

    def run() -> object:
        sums = [(polars.col(name) * polars.col("q")).sum() for name in names]
        joined = held.lazy().join(changes.lazy(), on="i").group_by("a").agg(sums)
        return _two_worst(joined.collect().sort("a").select(names).to_numpy())

    return run


def _duckdb(rows: Rows, duckdb: Any) -> Callable[[], object]:
    account = np.repeat(np.arange(rows.accounts_count), np.diff(rows.indptr))
    held = {"a": account, "i": rows.listing, "q": rows.contracts}
    changes = {
        "i": np.repeat(np.arange(LISTINGS), SCENARIOS),
        "s": np.tile(np.arange(SCENARIOS), LISTINGS),
        "p": rows.change.reshape(-1).copy(),
    }
    connection = duckdb.connect()
    connection.execute("set enable_progress_bar = false")
    connection.register("held_arrays", held)
    connection.register("change_arrays", changes)
    connection.execute("create table held as select * from held_arrays")
    connection.execute("create table changes as select * from change_arrays")

    def run() -> object:
        return connection.execute(
            "select a, list_sort(list(x))[:2] t from (select a, s, sum(q * p) x "
            "from held join changes using (i) group by a, s) group by a order by a"
        ).fetchnumpy()

    return run
