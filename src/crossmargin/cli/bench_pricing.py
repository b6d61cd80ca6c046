"""Prices of 2,000 options in 200 scenarios, one core: vector erfc, QuantLib, NumPy with ndtr."""

import math
from time import thread_time
from typing import Any, Final, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.cli.bench_case import Measured, Target, compared, medians, one_core, peer
from crossmargin.kernels import black_prices, log_fixed
from crossmargin.kernels.native import LIBRARY

F8 = NDArray[np.float64]
OPTIONS: Final = 2_000
SCENARIOS: Final = 200
ROWS_TOGETHER: Final = 64
PEER_ROWS: Final = 10
"""Rows that a peer prices which takes one option at a time; counted per price."""


@final
class Chain:
    """Options as (options, 1), moves of price and vol as (1, scenarios)."""

    def __init__(self) -> None:
        draw = np.random.default_rng(20261120)
        self.forward = np.full((OPTIONS, 1), 60_000.0)
        self.strike = self.forward * np.exp(draw.normal(0.0, 0.25, (OPTIONS, 1)))
        self.years = draw.uniform(1 / 365, 0.9, (OPTIONS, 1))
        self.vol = draw.uniform(0.35, 1.1, (OPTIONS, 1))
        self.is_call = draw.random((OPTIONS, 1)) < 0.5
        self.move = np.repeat(np.linspace(0.7, 1.3, 20), 10)[None, :]
        self.vol_move = np.tile(np.linspace(0.6, 1.5, 10), 20)[None, :]
        self.price = np.empty((OPTIONS, SCENARIOS))


def pricing_cases(*, quick: bool) -> list[Measured]:
    """Nanoseconds per price beside everything that prices the same options."""
    chain = Chain()
    kernel = _kernel_arguments(chain)
    library, ndtr, quantlib = LIBRARY, peer("scipy.special"), peer("QuantLib")
    variants: dict[str, Any] = {
        "kernel": lambda: black_prices(*kernel, chain.price),
        "ours": lambda: _ours(chain),
    }
    cells = {"kernel": OPTIONS * SCENARIOS, "ours": OPTIONS * SCENARIOS}
    points, values = np.linspace(-3.0, 3.0, 1 << 16), np.empty(1 << 16)
    if library is not None and library.vector_erfc(points, values):
        variants["erfc"] = lambda: library.vector_erfc(points, values)
        cells["erfc"] = points.size // 2  # two of them to a price
    if ndtr is not None:
        variants["ndtr"] = lambda: _numpy_ndtr(chain, ndtr.ndtr)
        cells["ndtr"] = OPTIONS * SCENARIOS
    if quantlib is not None:
        options = _option_objects(chain, quantlib)
        variants["formula"] = lambda: _black_formula(chain, quantlib)
        variants["objects"] = lambda: _npv_of_each(options)
        cells |= dict.fromkeys(("formula", "objects"), PEER_ROWS * SCENARIOS)
    with one_core():
        seconds = medians(variants, 7 if quick else 25, 3.0 if quick else 15.0, thread_time)
    each = {name: seconds[name] / cells[name] * 1e9 for name in seconds}
    ours, lines = each["ours"], []
    for name, key, target in (
        ("pricing against QuantLib blackFormula", "formula", Target(must=20.0, aim=80.0)),
        ("pricing against QuantLib option objects", "objects", Target(must=170.0, aim=700.0)),
        ("pricing against NumPy with ndtr, 64 rows at a time", "ndtr", Target(must=1.5, aim=7.0)),
    ):
        lines.append(compared(name, "ns per price", target, ours, each.get(key)))
    limit = Target(must=4.0, aim=1.0, ceiling=True)
    name = "pricing kernel against two vector erfc"
    return [compared(name, "ns per price", limit, each["kernel"], each.get("erfc")), *lines]


def _kernel_arguments(chain: Chain) -> tuple[F8, F8, F8, F8, NDArray[np.bool_]]:
    return (
        chain.forward * chain.move,
        chain.strike,
        log_fixed(chain.forward / chain.strike) + log_fixed(chain.move),
        chain.vol * np.sqrt(chain.years) * chain.vol_move,
        chain.is_call,
    )


def _ours(chain: Chain) -> None:
    """From the same inputs as the peers: forwards, moneyness and deviations count."""
    log_move = log_fixed(chain.move)
    log_ratio = log_fixed(chain.forward / chain.strike)
    base = chain.vol * np.sqrt(chain.years)
    forwards, moneyness, deviation = (np.empty((ROWS_TOGETHER, SCENARIOS)) for _ in range(3))
    for start in range(0, OPTIONS, ROWS_TOGETHER):
        rows = slice(start, start + ROWS_TOGETHER)
        here = len(base[rows])
        np.multiply(chain.forward[rows], chain.move, out=forwards[:here])
        np.add(log_ratio[rows], log_move, out=moneyness[:here])
        np.multiply(base[rows], chain.vol_move, out=deviation[:here])
        black_prices(
            forwards[:here],
            chain.strike[rows],
            moneyness[:here],
            deviation[:here],
            chain.is_call[rows],
            chain.price[rows],
        )


def _numpy_ndtr(chain: Chain, ndtr: Any) -> None:
    log_move = np.log(chain.move)
    for start in range(0, OPTIONS, ROWS_TOGETHER):
        rows = slice(start, start + ROWS_TOGETHER)
        forward, strike = chain.forward[rows] * chain.move, chain.strike[rows]
        deviation = chain.vol[rows] * np.sqrt(chain.years[rows]) * chain.vol_move
        sign = np.where(chain.is_call[rows], 1.0, -1.0)
        first = (np.log(chain.forward[rows] / strike) + log_move) / deviation + 0.5 * deviation
        chain.price[rows] = sign * (
            forward * ndtr(sign * first) - strike * ndtr(sign * (first - deviation))
        )


def _black_formula(chain: Chain, quantlib: Any) -> None:
    formula, moves, vol_moves = (
        quantlib.blackFormula,
        chain.move[0].tolist(),
        chain.vol_move[0].tolist(),
    )
    for row in range(PEER_ROWS):
        kind = quantlib.Option.Call if chain.is_call[row, 0] else quantlib.Option.Put
        forward, strike = float(chain.forward[row, 0]), float(chain.strike[row, 0])
        deviation = float(chain.vol[row, 0]) * math.sqrt(chain.years[row, 0])
        for move, vol_move in zip(moves, vol_moves, strict=True):
            formula(kind, strike, forward * move, deviation * vol_move)


def _option_objects(chain: Chain, quantlib: Any) -> list[Any]:
    """One option object per row with the quotes that move it."""
    today = quantlib.Date(20, 11, 2026)
    quantlib.Settings.instance().evaluationDate = today
    days, calendar = quantlib.Actual365Fixed(), quantlib.NullCalendar()
    rate = quantlib.YieldTermStructureHandle(quantlib.FlatForward(today, 0.0, days))
    made = []
    for row in range(PEER_ROWS):
        forward = quantlib.SimpleQuote(float(chain.forward[row, 0]))
        vol = quantlib.SimpleQuote(float(chain.vol[row, 0]))
        flat = quantlib.BlackConstantVol(today, calendar, quantlib.QuoteHandle(vol), days)
        process = quantlib.BlackProcess(
            quantlib.QuoteHandle(forward), rate, quantlib.BlackVolTermStructureHandle(flat)
        )
        kind = quantlib.Option.Call if chain.is_call[row, 0] else quantlib.Option.Put
        option = quantlib.VanillaOption(
            quantlib.PlainVanillaPayoff(kind, float(chain.strike[row, 0])),
            quantlib.EuropeanExercise(today + max(1, round(365 * chain.years[row, 0]))),
        )
        option.setPricingEngine(quantlib.AnalyticEuropeanEngine(process))
        made.append((option, forward, vol, chain, row))
    return made


def _npv_of_each(options: list[Any]) -> None:
    for option, forward, vol, chain, row in options:
        start, level = float(chain.forward[row, 0]), float(chain.vol[row, 0])
        for move, vol_move in zip(chain.move[0].tolist(), chain.vol_move[0].tolist(), strict=True):
            forward.setValue(start * move)
            vol.setValue(level * vol_move)
            option.NPV()
