"""Options by Black-76: linear ones in quote currency, coin-settled ones in the coin.

A linear option is worth size x discount x Black(F, K). A coin-settled one is quoted as venues quote
it, as a part of a coin: size x Black(F, K) / F, undiscounted, with F the forward of its expiry.
"""

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.instant import NS_PER_YEAR
from crossmargin.domain.universe import Universe
from crossmargin.kernels import black_prices, exp_fixed, log_fixed
from crossmargin.market.columns import MarketColumns
from crossmargin.scenario.scenario_set import ScenarioSet
from crossmargin.valuation.price_move import PriceMoves
from crossmargin.valuation.vol import vol_in_scenarios

F8 = NDArray[np.float64]
Rows = NDArray[np.int64]

ROWS_PER_CHUNK = 64
"""Temporaries of so many rows by a few hundred scenarios stay inside a second-level cache."""


def option_value(universe: Universe, market: MarketColumns, rows: Rows) -> F8:
    """(rows,) model value of one contract before any scenario, settlement currency."""
    price = _price(
        universe,
        market,
        rows,
        market.forward[rows, None],
        log_fixed(market.forward[rows] / universe.strike[rows])[:, None],
        (market.vol[rows] * np.sqrt(market.years[rows]))[:, None],
    )
    price *= _discount(universe, market, rows, market.years[rows, None])
    return price[:, 0]


def option_changes(
    universe: Universe,
    market: MarketColumns,
    scenarios: ScenarioSet,
    moves: PriceMoves,
    rows: Rows,
    change: F8,
) -> None:
    """(rows, S) model value in the scenario minus model value now, written into `change[rows]`.

    Exactly 0 in a scenario in which nothing moves and no time passes.
    """
    # One column of years is enough for all scenarios while no time passes in any of them.
    passing = scenarios.time_ns if scenarios.time_ns.any() else scenarios.time_ns[:1]
    time_years = passing / NS_PER_YEAR
    with np.errstate(divide="ignore", invalid="ignore"):
        log_moves = log_fixed(1.0 + moves.relative)
    stays = np.array([rule.turns_skew for rule in scenarios.vol_rules])[scenarios.vol_rule]
    moving = _moving_share(market, rows)
    log_before = log_fixed(market.forward[rows] / universe.strike[rows])
    before = option_value(universe, market, rows)
    for start in range(0, len(rows), ROWS_PER_CHUNK):
        chunk = rows[start : start + ROWS_PER_CHUNK]
        years = np.maximum(market.years[chunk, None] - time_years, 0.0)
        deviation = vol_in_scenarios(
            scenarios,
            universe.underlying[chunk],
            market.years[chunk],
            market.vol[chunk],
            market.forward[chunk],
            universe.strike[chunk],
        )
        deviation *= np.sqrt(years)
        log_moneyness = log_moves[moves.combination[chunk]]
        forward = moves.of_rows(chunk)
        if moving is not None:
            forward *= moving[start : start + ROWS_PER_CHUNK, None]
            log_moneyness = log_fixed(1.0 + np.maximum(forward, -1.0))
        forward[:, stays] = 0.0
        log_moneyness[:, stays] = 0.0
        log_moneyness += log_before[start : start + ROWS_PER_CHUNK, None]
        forward += 1.0
        forward *= market.forward[chunk, None]
        possible = np.maximum(forward, 0.0)
        price = _price(universe, market, chunk, possible, log_moneyness, deviation)
        price *= _discount(universe, market, chunk, years)
        price -= before[start : start + ROWS_PER_CHUNK, None]
        change[chunk] = price


def _moving_share(market: MarketColumns, rows: Rows) -> F8 | None:
    """(rows,) the share of each forward that a move acts on; None where nothing is settled yet."""
    settled = market.forward_settled
    if settled is None or not np.any(settled[rows] != 0.0):
        return None
    return np.asarray(1.0 - settled[rows] / market.forward[rows])


def _price(
    universe: Universe,
    market: MarketColumns,
    rows: Rows,
    forward: F8,
    log_moneyness: F8,
    deviation: F8,
) -> F8:
    """(rows, S) undiscounted price of one contract, settlement currency."""
    strike, is_call = universe.strike[rows, None], universe.is_call[rows, None]
    price = black_prices(forward, strike, log_moneyness, deviation, is_call)
    coin = universe.inverse[rows, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        np.divide(price, forward, out=price, where=coin)
    price *= universe.contract_size[rows, None]
    return price


def _discount(universe: Universe, market: MarketColumns, rows: Rows, years: F8) -> F8:
    """(rows, S) e^(-rate x years) of a linear option, 1 of a coin-settled one."""
    rate = np.where(universe.inverse[rows], 0.0, market.rate[rows])
    return exp_fixed(-rate[:, None] * years)
