import math
from dataclasses import replace

import numpy as np
import pytest
import QuantLib
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.domain.universe import Kind
from crossmargin.market.columns import MarketColumns
from crossmargin.scenario.assemble import assemble
from crossmargin.scenario.scenario_set import ScenarioSet, VolRule, VolShock
from crossmargin.valuation.greeks import greeks
from crossmargin.valuation.reported import reported_change
from crossmargin.valuation.risk_arrays import risk_arrays
from crossmargin.valuation.taylor import taylor_arrays
from tests.valuation.markets import DAYS_30_YEARS, MARKET, UNIVERSE, market_of, row_of, without
from tests.valuation.test_linear import price_scenarios

GREEKS = greeks(UNIVERSE, MARKET)
OPTIONS = np.flatnonzero(UNIVERSE.kind == Kind.OPTION)
DOLLAR = UNIVERSE.assets.index("USD")


def settle_value(market: MarketColumns) -> np.ndarray:
    return risk_arrays(UNIVERSE, market, price_scenarios([0.0]), "model").value


def bumped(field: str, step: float) -> MarketColumns:
    column = getattr(MARKET, field) + np.where(UNIVERSE.kind == Kind.OPTION, step, 0.0)
    return replace(MARKET, **{field: column})


def by_difference(field: str, step: float) -> np.ndarray:
    return (settle_value(bumped(field, step)) - settle_value(bumped(field, -step))) / (2 * step)


def differences(step: float, *, dollars: bool) -> tuple[np.ndarray, np.ndarray]:
    """First and second derivative of the value by the relative move, from revaluation."""
    scenarios = price_scenarios([-step, step])
    risk = risk_arrays(UNIVERSE, MARKET, scenarios, "model")
    change = risk.change
    if dollars:
        _, change = reported_change(UNIVERSE, MARKET.index, risk, scenarios, DOLLAR, shocked=True)
    down, up = change.T
    return (up - down) / (2 * step), (up + down) / step**2


def test_settlement_deltas_and_gammas_are_derivatives_of_the_same_value() -> None:
    delta, gamma = differences(1e-4, dollars=False)
    assert GREEKS.delta_settle == pytest.approx(delta, rel=2e-7, abs=1e-8)
    assert GREEKS.gamma_settle == pytest.approx(gamma, rel=2e-6, abs=2e-4)


def test_cash_deltas_and_gammas_are_derivatives_of_the_worth_in_dollars() -> None:
    delta, gamma = differences(1e-4, dollars=True)
    # A balance of dollars is an exposure to the dollar, which no scenario moves.
    still = np.array([code != "BTC" for code in UNIVERSE.assets])
    rows = np.ones(UNIVERSE.instruments_count, dtype=bool)
    rows[UNIVERSE.listings_count :] = ~still
    assert GREEKS.delta_cash[rows] == pytest.approx(delta[rows], rel=2e-7, abs=1e-6)
    assert GREEKS.gamma_cash[rows] == pytest.approx(gamma[rows], rel=2e-6, abs=2e-2)
    assert GREEKS.delta_cash[UNIVERSE.listings_count :][still].tolist() == [1.0, 1.0]


def test_vega_theta_and_rho_are_derivatives_of_the_same_value() -> None:
    vega = by_difference("vol", 1e-5)
    theta = -by_difference("years", 1e-6)
    rho = by_difference("rate", 1e-4)
    assert GREEKS.vega_settle[OPTIONS] == pytest.approx(vega[OPTIONS], rel=1e-6)
    assert GREEKS.theta_settle[OPTIONS] == pytest.approx(theta[OPTIONS], rel=1e-5)
    assert GREEKS.rho_settle[OPTIONS] == pytest.approx(rho[OPTIONS], rel=1e-6, abs=1e-12)
    others = np.setdiff1d(np.arange(UNIVERSE.instruments_count), OPTIONS)
    for column in (GREEKS.vega_settle, GREEKS.theta_settle, GREEKS.rho_settle):
        assert not column[others].any()


@pytest.mark.parametrize(
    ("name", "kind"),
    [("call-linear", QuantLib.Option.Call), ("put-linear", QuantLib.Option.Put)],
)
def test_greeks_of_a_linear_option_are_those_of_quantlib(name: str, kind: int) -> None:
    discount = math.exp(-0.05 * DAYS_30_YEARS)
    payoff = QuantLib.PlainVanillaPayoff(kind, 55_000.0)
    oracle = QuantLib.BlackCalculator(payoff, 50_000.0, 0.6 * math.sqrt(DAYS_30_YEARS), discount)
    row, size = row_of(UNIVERSE, name), 0.1
    assert GREEKS.delta_coins[row] == pytest.approx(size * oracle.deltaForward(), rel=1e-9)
    assert GREEKS.gamma_coins[row] == pytest.approx(size * oracle.gammaForward(), rel=1e-9)
    assert GREEKS.vega_settle[row] == pytest.approx(size * oracle.vega(DAYS_30_YEARS), rel=1e-9)
    assert GREEKS.delta_cash[row] == pytest.approx(size * oracle.deltaForward() * 50_000, rel=1e-9)


def test_an_inverse_perpetual_is_its_face_value_of_exposure_without_gamma_in_dollars() -> None:
    row = row_of(UNIVERSE, "perp-inverse")
    assert GREEKS.delta_coins[row] == 10 / 50_000
    assert GREEKS.delta_cash[row] == pytest.approx(10.0)
    assert GREEKS.gamma_cash[row] == pytest.approx(0.0, abs=1e-15)
    assert GREEKS.gamma_settle[row] == pytest.approx(-2 * 10 / 50_000)
    assert GREEKS.gamma_coins[row] == pytest.approx(-10 / 50_000**2)


def test_the_net_transaction_delta_of_a_coin_settled_option_is_less_its_premium() -> None:
    row = row_of(UNIVERSE, "call-coin")
    premium = settle_value(MARKET)[row]
    assert GREEKS.delta_net_coins[row] == pytest.approx(GREEKS.delta_coins[row] - premium)
    linear = row_of(UNIVERSE, "call-linear")
    assert GREEKS.delta_net_coins[linear] == GREEKS.delta_coins[linear]


def test_exposures_of_delta_one_rows_are_their_sizes() -> None:
    coins = {
        "perp-linear": 0.01,
        "future-linear": 1.0,
        "spot": 1.0,
        "BTC": 1.0,
        "BTC3L": 3 * 12 / 50_000,
        "BTC3S": -3 * 7 / 50_000,
    }
    for name, expected in coins.items():
        row = row_of(UNIVERSE, name)
        assert GREEKS.delta_coins[row] == pytest.approx(expected)
        assert GREEKS.delta_cash[row] == pytest.approx(expected * 50_000)


def test_greeks_of_what_lacks_data_are_not_zero() -> None:
    row = row_of(UNIVERSE, "call-coin")
    found = greeks(UNIVERSE, without(MARKET, "vol", row))
    assert np.isnan(found.delta_cash[row])
    assert np.isnan(found.vega_settle[row])
    assert np.isfinite(np.delete(found.delta_cash, row)).all()
    with pytest.raises(ValueError, match="read-only"):
        found.delta_cash[0] = 1.0


def small_moves(size: float) -> ScenarioSet:
    s = price_scenarios([size, -size])
    return assemble(
        "small",
        s.assets,
        s.venues,
        s.labels,
        s.family,
        spot_move=s.spot_move,
        vol_move=np.full((len(s.assets), 2), size),
        vol_rules=[VolRule(shock=VolShock.RELATIVE)] * 2,
    )


def test_greeks_predict_small_changes() -> None:
    for size, tolerance in ((1e-2, 5e-2), (1e-3, 5e-3)):
        scenarios = small_moves(size)
        full = risk_arrays(UNIVERSE, MARKET, scenarios, "model")
        short = taylor_arrays(UNIVERSE, MARKET, scenarios, GREEKS)
        assert (short.value == full.value).all()
        assert short.change == pytest.approx(full.change, rel=tolerance, abs=1e-7)
    row = row_of(UNIVERSE, "perp-linear")
    assert short.change[row] == pytest.approx(full.change[row], rel=1e-12)


def test_a_row_without_finite_greeks_is_told_not_valued() -> None:
    # At the strike at expiry gamma is infinite.
    row = row_of(UNIVERSE, "call-coin")
    years = MARKET.years.copy()
    years[row] = 0.0
    forward = MARKET.forward.copy()
    forward[row] = 55_000.0
    market = replace(MARKET, years=years, forward=forward)
    found = taylor_arrays(UNIVERSE, market, small_moves(0.01), greeks(UNIVERSE, market))
    assert "no finite Greeks" in found.missing[row]
    assert np.isnan(found.change[row]).all()


@given(vol=st.floats(0.05, 3.0), rate=st.floats(-0.2, 0.5))
def test_a_call_less_a_put_has_the_delta_of_its_forward(vol: float, rate: float) -> None:
    found = greeks(UNIVERSE, market_of(UNIVERSE, vol=vol, rate=rate))
    call, put = row_of(UNIVERSE, "call-linear"), row_of(UNIVERSE, "put-linear")
    parity = 0.1 * math.exp(-rate * DAYS_30_YEARS)
    assert found.delta_coins[call] - found.delta_coins[put] == pytest.approx(parity, rel=1e-12)
    assert found.gamma_coins[call] == pytest.approx(found.gamma_coins[put], rel=1e-12)
    assert found.vega_cash[call] == pytest.approx(found.vega_cash[put], rel=1e-12)
