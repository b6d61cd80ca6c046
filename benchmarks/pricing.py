"""2,000 options x 200 scenarios (20 moves x 10 vol moves): the twin beside its peers, one core.

All of them price the same cells in the same run, interleaved; medians over the rounds. QuantLib's
`blackFormula` takes one option at a time and therefore prices 20 of the rows, counted per price.
The vectorised peer is NumPy with `scipy.special.ndtr`, 64 rows at a time, ln F/K hoisted as ours.

Run: python benchmarks/pricing.py [--rounds N] [--must RATIO]; exit 3 when the twin is slower than
RATIO times QuantLib's rate.
"""

import argparse
import math
import platform
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import QuantLib as ql  # noqa: N813
from scipy.special import ndtr

from crossmargin.kernels.black import black_prices
from crossmargin.kernels.normal import log_fixed

OPTIONS, SCENARIOS, SCALAR_ROWS = 2_000, 200, 20


class Chain:
    """Rows as (options, 1), scenarios as (1, scenarios)."""

    def __init__(self) -> None:
        rng = np.random.default_rng(20261120)
        self.forward = np.full((OPTIONS, 1), 60_000.0)
        self.strike = self.forward * np.exp(rng.normal(0.0, 0.25, (OPTIONS, 1)))
        self.years = rng.uniform(1 / 365, 0.9, (OPTIONS, 1))
        self.vol = rng.uniform(0.35, 1.1, (OPTIONS, 1))
        self.is_call = rng.random((OPTIONS, 1)) < 0.5
        self.move = np.repeat(np.linspace(0.7, 1.3, 20), 10)[None, :]
        self.vol_move = np.tile(np.linspace(0.6, 1.5, 10), 20)[None, :]


def twin(chain: Chain, out: np.ndarray) -> None:
    """Ours, from the inputs that valuation has: the arrays of forwards and deviations count."""
    black_prices(
        chain.forward * chain.move,
        chain.strike,
        log_fixed(chain.forward / chain.strike) + log_fixed(chain.move),
        chain.vol * np.sqrt(chain.years) * chain.vol_move,
        chain.is_call,
        out,
    )


def numpy_ndtr(chain: Chain, out: np.ndarray) -> None:
    """Textbook formula with scipy's normal law, in blocks of 64 rows."""
    log_move = np.log(chain.move)
    for start in range(0, OPTIONS, 64):
        rows = slice(start, start + 64)
        forward, strike = chain.forward[rows] * chain.move, chain.strike[rows]
        deviation = chain.vol[rows] * np.sqrt(chain.years[rows]) * chain.vol_move
        sign = np.where(chain.is_call[rows], 1.0, -1.0)
        first = (np.log(chain.forward[rows] / strike) + log_move) / deviation + 0.5 * deviation
        out[rows] = sign * (
            forward * ndtr(sign * first) - strike * ndtr(sign * (first - deviation))
        )


def quantlib(chain: Chain, out: np.ndarray) -> None:
    """`blackFormula`, one price a call, on the first rows."""
    formula, moves, vol_moves = ql.blackFormula, chain.move[0].tolist(), chain.vol_move[0].tolist()
    for row in range(SCALAR_ROWS):
        kind = ql.Option.Call if chain.is_call[row, 0] else ql.Option.Put
        forward, strike = float(chain.forward[row, 0]), float(chain.strike[row, 0])
        deviation = float(chain.vol[row, 0]) * math.sqrt(chain.years[row, 0])
        for column in range(SCENARIOS):
            out[row, column] = formula(
                kind, strike, forward * moves[column], deviation * vol_moves[column]
            )


def seconds(work: Callable[[Chain, np.ndarray], None], chain: Chain, out: np.ndarray) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work(chain, out)
    return time.perf_counter() - start


def main() -> int:
    """Check that all agree, time them, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--must", type=float, default=1.5)
    options = parser.parse_args()
    chain = Chain()
    prices = {name: np.empty((OPTIONS, SCENARIOS)) for name in ("ours", "ndtr", "quantlib")}
    peers = {"ours": twin, "ndtr": numpy_ndtr, "quantlib": quantlib}
    cells = dict.fromkeys(peers, OPTIONS * SCENARIOS) | {"quantlib": SCALAR_ROWS * SCENARIOS}
    for name, work in peers.items():
        work(chain, prices[name])
    worst = float(np.abs(prices["ours"] - prices["ndtr"]).max())
    head = np.s_[:SCALAR_ROWS]
    worst_ql = float(np.abs(prices["ours"][head] - prices["quantlib"][head]).max())
    times: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(options.rounds):
        for name, work in peers.items():
            times[name].append(seconds(work, chain, prices[name]) / cells[name] * 1e9)
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    print(f"Python {platform.python_version()}, NumPy {np.__version__}, QuantLib {ql.__version__}")
    print(f"greatest difference to ndtr {worst:.1e}, to QuantLib {worst_ql:.1e} of 60,000")
    print(f"{'':34}{'median ns':>10}{'best ns':>10}{'ratio':>8}")
    for name, label in (
        ("ours", "twin (fixed sequence)"),
        ("ndtr", "NumPy + ndtr, 64 rows at a time"),
        ("quantlib", "QuantLib blackFormula one by one"),
    ):
        ratio = medians[name] / medians["ours"]
        print(f"{label:34}{medians[name]:10.2f}{min(times[name]):10.2f}{ratio:8.2f}")
    print(f"QuantLib one by one must be at least {options.must:g} times as slow")
    return 0 if medians["quantlib"] / medians["ours"] >= options.must else 3


if __name__ == "__main__":
    sys.exit(main())
