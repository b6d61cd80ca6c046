"""How the cost of aggregation grows with accounts, positions, scenarios and underlyings.

    python benchmarks/native_growth.py [--rounds N] [--out docs/pictures]

Each quantity is varied alone around 100,000 accounts of 12 positions in 3,000 listings of 5
underlyings and 200 scenarios, sorted by underlying, the two worst, one core. Writes one picture for
each (SVG) and prints the table. The points of a picture are interleaved, best of the rounds.
"""

import argparse
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from crossmargin.cli.bench_case import one_core
from crossmargin.kernels import backend_name, net_worst_tail

LISTINGS = 3_000
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 460, 260, 62, 44, 34, 16


@dataclass(frozen=True)
class Book:
    """What is varied."""

    accounts: int = 100_000
    positions: int = 12
    scenarios: int = 200
    underlyings: int = 5


PICTURES = {
    "accounts": (10_000, 30_000, 100_000, 300_000, 1_000_000),
    "positions": (3, 6, 12, 24, 48, 96),
    "scenarios": (8, 33, 100, 200, 400, 1_000),
    "underlyings": (1, 5, 20, 100),
}


def rows(book: Book) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Changes and rows; every account holds one underlying, accounts come by underlying."""
    draw = np.random.default_rng(7)
    each = LISTINGS // book.underlyings
    underlying = np.sort(draw.integers(0, book.underlyings, book.accounts))
    listing = draw.integers(0, each, (book.accounts, book.positions)) + each * underlying[:, None]
    contracts = np.round(draw.normal(0.0, 5.0, listing.size), 1)
    room = np.empty(LISTINGS * book.scenarios + 8)
    start = -room.ctypes.data % 64 // 8
    change = room[start : start + LISTINGS * book.scenarios].reshape(LISTINGS, book.scenarios)
    change[...] = draw.normal(0.0, 1000.0 * 2.0**14, change.shape)
    indptr = np.arange(book.accounts + 1) * book.positions
    return change, listing.reshape(-1), contracts, indptr


def measured(name: str, rounds: int) -> list[tuple[int, float]]:
    """(value, nanoseconds per account), one for each value of the quantity."""
    books: dict[int, Any] = {
        value: rows(replace(Book(), **{name: value})) for value in PICTURES[name]
    }
    taken: dict[int, list[float]] = {value: [] for value in books}
    for done in range(rounds + 1):
        for value, book in books.items():
            begun = time.thread_time()
            net_worst_tail(*book, 2)
            if done:  # the first round warms up
                taken[value].append((time.thread_time() - begun) / (book[3].size - 1) * 1e9)
    return [(value, min(each)) for value, each in taken.items()]


def picture(name: str, points: list[tuple[int, float]]) -> str:
    """A line on logarithmic axes, every point with its figure."""
    across = np.log10([value for value, _ in points])
    up = np.log10([cost for _, cost in points])
    low, high = np.floor(up.min() * 2) / 2 - 0.1, np.ceil(up.max() * 2) / 2 + 0.1
    x = LEFT + (across - across[0]) / (across[-1] - across[0]) * (WIDTH - LEFT - RIGHT - 24) + 12
    y = HEIGHT - BOTTOM - (up - low) / (high - low) * (HEIGHT - BOTTOM - TOP)
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    floor, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"',
        ' font-family="sans-serif" font-size="11">',
        f"<title>Nanoseconds per account by {name}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="18" font-size="13" fill="#222222">ns per account by {name}</text>',
        f'<path d="M{LEFT} {TOP}V{floor}H{right}" fill="none" stroke="#888888"/>',
        f'<polyline points="{line}" fill="none" stroke="#1f5fa8" stroke-width="2"/>',
    ]
    text = '<text text-anchor="middle"'
    for a, b, (value, cost) in zip(x, y, points, strict=True):
        parts += [
            f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="#1f5fa8"/>',
            f'{text} x="{a:.1f}" y="{b - 8:.1f}" fill="#222222">{cost:.0f}</text>',
            f'{text} x="{a:.1f}" y="{floor + 16}" fill="#555555">{value:,}</text>',
        ]
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(
        f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle" fill="#555555">{name}</text>'
    )
    return "\n".join([*parts, "</svg>\n"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    print(f"backend {backend_name()}, {options.rounds} rounds")
    for name in PICTURES:
        with one_core():
            points = measured(name, options.rounds)
        print(f"{name:12}" + "".join(f"{value:>10,}: {cost:7.1f}" for value, cost in points))
        (options.out / f"cost_by_{name}.svg").write_text(picture(name, points), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
