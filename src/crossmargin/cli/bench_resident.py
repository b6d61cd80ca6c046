"""One position changes: new worst and tail of its account, against a call that does nothing."""

from time import thread_time
from typing import Final

import numpy as np

from crossmargin.cli.bench_case import Measured, Target, compared, medians
from crossmargin.kernels import resident_book
from crossmargin.kernels.native import LIBRARY

POSITIONS: Final = 200
SCENARIOS: Final = 200
CALLS: Final = 2_000


def resident_cases(*, quick: bool) -> list[Measured]:
    """An account of 200 positions, 200 scenarios, the two worst; nanoseconds a call."""
    draw = np.random.default_rng(3)
    change = draw.normal(0.0, 1000.0 * 2.0**14, (POSITIONS, SCENARIOS))
    contracts = np.round(draw.uniform(1.0, 9.0, POSITIONS), 1)
    book = resident_book(
        change,
        np.arange(POSITIONS),
        contracts,
        np.array([0, POSITIONS]),
        np.zeros(1, dtype=np.int64),
        2,
    )
    listings = draw.integers(0, POSITIONS, CALLS).tolist()
    sizes = np.round(draw.uniform(1.0, 9.0, CALLS), 1).tolist()
    changes = list(zip(listings, sizes, strict=True))
    update, nothing = book.set_contracts, LIBRARY.nothing if LIBRARY is not None else None

    def positions() -> None:
        for listing, size in changes:
            update(0, listing, size)

    def calls() -> None:
        assert nothing is not None
        for _, _ in changes:
            nothing()

    variants = {"ours": positions}
    if nothing is not None:
        variants["nothing"] = calls
    seconds = medians(variants, 51 if quick else 301, 1.0 if quick else 5.0, thread_time)
    each = {name: seconds[name] / CALLS * 1e9 for name in seconds}
    target = Target(must=8.0, aim=3.0, ceiling=True)
    name = "position change through Python against a nanobind call that does nothing"
    return [compared(name, "ns per call", target, each["ours"], each.get("nothing"))]
