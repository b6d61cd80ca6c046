"""The contagion buffer of a whole market's accounts: published totals and buffer, step by step.

    python benchmarks/contagion.py [ACCOUNTS]

The open interest of the bundled chain among accounts of 6 to 18 positions, each its own owner.
Measured is processor time over all threads: the totals of the whole book (who holds what, and who
would be closed by 10 % against each side of each underlying), then the buffer of every account
under them, and beside it the expected scan of `bench` for scale.
"""

import sys
import time
from dataclasses import replace

import numpy as np
from recipes import MARKET, RECIPE, market_of

from crossmargin import api
from crossmargin.cli.market_book import book_of_market
from crossmargin.kernels import backend_name
from crossmargin.rulebook.assess import assess
from crossmargin.rulebook.crowd import computed_totals
from crossmargin.rulebook.load import load_recipe

BUFFER = {
    **{key: RECIPE[key] for key in ("valid_from", "source", "reporting", "tick_exponent")},
    "name": "contagion",
    "title": "The buffer alone",
    "level": {
        "initial": {
            "equity": {"charge": "cash"},
            "requirement": {
                "charge": "contagion",
                "factor": 2.0,
                "day_vol": 0.03,
                "utilisation": 0.8,
            },
        }
    },
    "liquidation": "initial",
}
DEPTH = 5e7


def timed(what, run):
    start, wall = time.process_time(), time.perf_counter()
    found = run()
    print(
        f"  {what:44s} {time.process_time() - start:8.2f} s of the processor, "
        f"{time.perf_counter() - wall:8.2f} s"
    )
    return found


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    read = api.load_market(MARKET)
    book = book_of_market(read, count, recipe=api.HOUSE, seed=1)
    names = tuple(f"o{number}" for number in range(count))
    book = replace(book, owner=np.arange(count, dtype=np.int64), owner_ids=names)
    priced = market_of(read, book)
    plain, buffer = load_recipe(RECIPE), load_recipe(BUFFER)
    print(
        f"{count:,} accounts, {len(book.positions.account):,} positions, backend {backend_name()}"
    )
    timed("worst of 200 scenarios, for scale", lambda: assess(plain, book, priced))
    totals = timed(
        "totals of the book, 10 % each way",
        lambda: computed_totals(
            plain,
            book,
            priced,
            move_frac=0.1,
            depth=dict.fromkeys(book.universe.assets, DEPTH),
            sequence=1,
        ),
    )
    priced.totals = totals
    for what in ("buffer, first time under these totals", "buffer again"):
        found = timed(what, lambda: assess(buffer, book, priced))
    asked = found.levels["initial"].requirement * 2.0**found.tick_exponent
    crowd = {code: quoted.value for code, quoted in totals.crowd_long.items() if quoted.value}
    print(f"  crowd on the long side, dollars: { {c: round(v) for c, v in crowd.items()} }")
    print(f"  {np.count_nonzero(asked > 0):,} accounts pay {np.nansum(asked):,.0f} dollars")
    if np.isnan(asked).any() or (asked < 0).any():
        sys.exit("a buffer is missing, or below nothing")


if __name__ == "__main__":
    main()
