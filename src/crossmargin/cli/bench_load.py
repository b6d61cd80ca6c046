"""Positions of a million accounts read from Parquet into rows, against pyarrow reading the file."""

import tempfile
from pathlib import Path
from typing import Final

import numpy as np

from crossmargin.cli.bench_case import Measured, Target, compared, medians, peer
from crossmargin.wire.position_file import COLUMNS, read_position_file

ACCOUNTS: Final = 1_000_000
POSITIONS: Final = 12
LISTING_IDS: Final = tuple(f"LISTING-{number}" for number in range(3_000))


def load_cases(*, quick: bool) -> list[Measured]:
    """Twelve positions each; accounts by number, listings by name; ours checks every cell."""
    arrow, parquet = peer("pyarrow"), peer("pyarrow.parquet")
    accounts_count = ACCOUNTS // 10 if quick else ACCOUNTS
    name = f"{accounts_count:,} accounts of {POSITIONS} positions from Parquet against pyarrow"
    target = Target(must=3.0, aim=1.5, ceiling=True)
    if arrow is None or parquet is None:
        return [compared(name, "s", target, None, None)]
    draw = np.random.default_rng(4)
    # Every account holds each listing once: a start and steps that never come round.
    start = draw.integers(0, len(LISTING_IDS), (accounts_count, 1))
    step = draw.integers(1, 200, (accounts_count, POSITIONS)).cumsum(axis=1)
    listing = ((start + step) % len(LISTING_IDS)).reshape(-1)
    columns = {
        "account": np.repeat(np.arange(accounts_count), POSITIONS),
        "listing": arrow.DictionaryArray.from_arrays(
            listing.astype(np.int32), arrow.array(LISTING_IDS)
        ),
        "contracts": np.round(draw.normal(0.0, 5.0, listing.size), 1),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "positions.parquet"
        parquet.write_table(arrow.table(columns), path)
        seconds = medians(
            {
                "ours": lambda: read_position_file(path, LISTING_IDS),
                "pyarrow": lambda: parquet.read_table(path, columns=list(COLUMNS)),
            },
            5 if quick else 9,
            3.0 if quick else 20.0,
        )
    return [compared(name, "s", target, seconds["ours"], seconds["pyarrow"])]
