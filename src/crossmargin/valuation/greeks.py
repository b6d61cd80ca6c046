"""Greeks of one long contract of every instrument, in coins, settlement currency and dollars."""

from dataclasses import dataclass, fields
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.domain.universe import Kind, Universe
from crossmargin.kernels import black_greeks, exp_fixed, log_fixed
from crossmargin.market.columns import MarketColumns
from crossmargin.valuation.missing import missing_fields
from crossmargin.valuation.option import option_value
from crossmargin.valuation.unit_value import faces, owned, unit_value

F8 = NDArray[np.float64]


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Greeks:
    """(I,) float64 each, of one long contract, NaN where an instrument lacks data. Read-only.

    Relative Greeks are derivatives by the relative move p of the price, per 100 %: `delta_settle`
    and `gamma_settle` (the second derivative) of the value in settlement currency, `delta_cash` and
    `gamma_cash` of what it is worth in dollars when the settlement coin moves with the underlying
    (shocked conversion). So `delta_cash` is the exposure in dollars, and an inverse perpetual has
    no `gamma_cash`.

    `delta_coins` is that exposure in coins of the underlying: size x N(d1), size, or face / mark;
    `gamma_coins` its change per 1 of the forward. `delta_net_coins` is what the holder of the
    premium is left with, N(d1) - premium for a coin-settled option, as Deribit's net transaction
    delta; elsewhere it equals `delta_coins`.

    Vega is per 1.00 of vol, theta per year that passes (forward and vol unchanged, funding not
    in it), rho per 1.00 of the continuous rate at an unchanged forward: the discount alone.
    """

    delta_coins: F8
    delta_net_coins: F8
    delta_settle: F8
    delta_cash: F8
    gamma_coins: F8
    gamma_settle: F8
    gamma_cash: F8
    vega_settle: F8
    vega_cash: F8
    theta_settle: F8
    theta_cash: F8
    rho_settle: F8
    rho_cash: F8


def greeks(universe: Universe, market: MarketColumns) -> Greeks:
    """(I,) each, see `Greeks`. An option at its expiry has the Greeks of its intrinsic value."""
    missing = missing_fields(universe, market, base="model", time_passes=False)
    value = unit_value(universe, market)
    columns = {field.name: np.zeros(universe.instruments_count) for field in fields(Greeks)}
    _linear(universe, market, value, columns)
    options = np.flatnonzero(universe.kind == Kind.OPTION)
    present = options[[not missing[row] for row in options]]
    value[present] = option_value(universe, market, present)
    _options(universe, market, present, value, columns)
    _cash(universe, market, value, columns)
    lost = np.array([bool(text) for text in missing])
    for column in columns.values():
        column[lost] = np.nan
        column.setflags(write=False)
    return Greeks(**columns)


def _linear(universe: Universe, market: MarketColumns, value: F8, columns: dict[str, F8]) -> None:
    """All rows but options; a balance is worth one of itself whatever it is worth in dollars."""
    face = faces(universe)
    settle = np.where(face, -value, value * universe.leverage)
    settle[universe.kind == Kind.BALANCE] = 0.0
    coins = universe.contract_size * universe.multiplier
    # A leveraged token is no number of coins: its exposure over the index is.
    token = universe.leverage != 1.0
    dollars = settle * market.index[universe.settle]
    with np.errstate(divide="ignore", invalid="ignore"):
        coins = np.where(token, dollars / market.index[universe.underlying], coins)
        columns["gamma_coins"][face] = value[face] / market.mark[face]
    coins[face] = -value[face]
    columns["delta_coins"][:] = coins
    columns["delta_net_coins"][:] = coins
    columns["delta_settle"][:] = settle
    columns["gamma_settle"][face] = 2.0 * value[face]


def _options(
    universe: Universe,
    market: MarketColumns,
    rows: NDArray[np.int64],
    value: F8,
    columns: dict[str, F8],
) -> None:
    forward, strike = market.forward[rows], universe.strike[rows]
    years, rate = market.years[rows], market.rate[rows]
    found = black_greeks(
        forward[:, None],
        strike[:, None],
        log_fixed(forward / strike)[:, None],
        (market.vol[rows] * np.sqrt(years))[:, None],
        years[:, None],
        universe.is_call[rows, None],
    )
    delta, gamma, vega, theta = (np.array(greek[:, 0]) for greek in found)
    coin = universe.inverse[rows]
    rate = np.where(coin, 0.0, rate)
    # Per unit of undiscounted price: settlement currency per contract.
    discounted = universe.contract_size[rows] * exp_fixed(-rate * years)
    share = np.where(coin, discounted / forward, discounted)
    own = value[rows]
    linear_delta = share * delta * forward
    linear_gamma = share * gamma * forward * forward
    settle_delta = np.where(coin, linear_delta - own, linear_delta)
    coins = discounted * delta * universe.multiplier[rows]
    columns["delta_coins"][rows] = coins
    columns["delta_net_coins"][rows] = np.where(coin, settle_delta, coins)
    columns["gamma_coins"][rows] = discounted * gamma * universe.multiplier[rows]
    columns["delta_settle"][rows] = settle_delta
    columns["gamma_settle"][rows] = linear_gamma - np.where(coin, 2.0 * settle_delta, 0.0)
    columns["vega_settle"][rows] = share * vega
    columns["theta_settle"][rows] = share * theta + rate * own
    columns["rho_settle"][rows] = np.where(coin, 0.0, -years * own)


def _cash(universe: Universe, market: MarketColumns, value: F8, columns: dict[str, F8]) -> None:
    """Dollars: what is settled in its underlying moves with it, so (value + change) x (1 + p)."""
    dollars = market.index[universe.settle]
    moves_along = universe.settle == universe.underlying
    held = np.where(moves_along & owned(universe), value, 0.0)
    delta, gamma = columns["delta_settle"], columns["gamma_settle"]
    columns["delta_cash"][:] = (delta + held) * dollars
    columns["gamma_cash"][:] = (gamma + np.where(moves_along, 2.0 * delta, 0.0)) * dollars
    for name in ("vega", "theta", "rho"):
        columns[f"{name}_cash"][:] = columns[f"{name}_settle"] * dollars
