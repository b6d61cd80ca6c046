"""Total variance is linear between quotes and expiries; outside them the surface says so."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.market.arbitrage import ArbitrageKind, surface_violations
from crossmargin.market.surface import VolPoint, VolSurface, fit_surface, surface_vol
from tests.market import markets

STRIKES = (50.0, 80.0, 100.0, 125.0, 200.0)


def _points(
    expiry_ns: int, years: float, vols: tuple[float, ...], strikes: tuple[float, ...] = STRIKES
) -> list[VolPoint]:
    return [
        VolPoint(
            expiry_ns=expiry_ns,
            years=years,
            forward=100.0,
            strike=strike,
            is_call=strike >= 100.0,
            vol=vol,
        )
        for strike, vol in zip(strikes, vols, strict=True)
    ]


def _surface(near: tuple[float, ...], far: tuple[float, ...]) -> VolSurface:
    points = _points(markets.NEAR_NS, 0.25, near) + _points(markets.FAR_NS, 1.0, far)
    surface = fit_surface("BTC", points)
    assert surface is not None
    return surface


SMILE = _surface((0.70, 0.60, 0.55, 0.57, 0.66), (0.65, 0.60, 0.58, 0.59, 0.63))


def test_a_quote_is_given_back_as_it_was() -> None:
    for strike, vol in zip(STRIKES, (0.70, 0.60, 0.55, 0.57, 0.66), strict=True):
        read = surface_vol(SMILE, 0.25, float(np.log(100.0 / strike)))
        assert read.vol == pytest.approx(vol, rel=1e-9)


def test_between_two_expiries_total_variance_is_linear_in_time() -> None:
    read = surface_vol(SMILE, 0.5, 0.0)
    variance = 0.55**2 * 0.25 + (0.58**2 - 0.55**2 * 0.25) * (0.25 / 0.75)
    assert read.fallback is None
    assert read.vol == pytest.approx((variance / 0.5) ** 0.5, rel=1e-12)


def test_between_two_strikes_total_variance_is_linear_in_log_moneyness() -> None:
    middle = (np.log(100.0 / 100.0) + np.log(100.0 / 125.0)) / 2
    read = surface_vol(SMILE, 0.25, float(middle))
    assert read.vol == pytest.approx(((0.55**2 + 0.57**2) / 2) ** 0.5, rel=1e-12)


@pytest.mark.parametrize(
    ("years", "log_moneyness", "vol", "words"),
    [
        (0.01, 0.0, 0.55, "before the first"),
        (3.0, 0.0, 0.58, "after the last"),
        (0.25, 2.0, 0.70, "beyond the strikes"),
        (0.25, -2.0, 0.66, "beyond the strikes"),
    ],
)
def test_outside_the_quotes_the_nearest_vol_holds_and_is_called_a_fallback(
    years: float, log_moneyness: float, vol: float, words: str
) -> None:
    read = surface_vol(SMILE, years, log_moneyness)
    assert read.vol == pytest.approx(vol, rel=1e-12)
    assert read.fallback is not None
    assert words in read.fallback


def test_the_out_of_the_money_option_counts_at_a_strike_with_both() -> None:
    call, put = (
        VolPoint(expiry_ns=1, years=1.0, forward=100.0, strike=120.0, is_call=is_call, vol=vol)
        for is_call, vol in ((True, 0.5), (False, 0.9))
    )
    for points in ([call, put], [put, call]):
        surface = fit_surface("BTC", points)
        assert surface is not None
        assert surface_vol(surface, 1.0, float(np.log(100.0 / 120.0))).vol == pytest.approx(0.5)


def test_points_without_time_left_make_no_surface() -> None:
    assert fit_surface("BTC", _points(1, 0.0, (0.5,) * 5)) is None


def test_a_smile_without_arbitrage_has_no_violation() -> None:
    assert surface_violations(SMILE) == ()


def test_variance_that_falls_with_time_is_a_calendar_violation() -> None:
    surface = _surface((0.9,) * 5, (0.3,) * 5)
    found = surface_violations(surface)
    assert {x.kind for x in found} == {ArbitrageKind.CALENDAR}
    assert {x.expiry_ns for x in found} == {markets.FAR_NS}
    assert all(x.excess == pytest.approx(0.9**2 * 0.25 - 0.3**2, rel=1e-2) for x in found)
    assert "BTC" in str(found[0])
    assert "calendar" in str(found[0])


def test_a_vol_that_sticks_out_is_a_butterfly_violation() -> None:
    strikes = (95.0, 98.0, 100.0, 102.0, 105.0)
    surface = fit_surface("BTC", _points(1, 0.25, (0.5, 0.5, 0.6, 0.5, 0.5), strikes))
    assert surface is not None
    found = surface_violations(surface)
    assert ArbitrageKind.BUTTERFLY in {x.kind for x in found}
    assert min(abs(x.log_moneyness) for x in found) == pytest.approx(0.0, abs=1e-12)


def test_a_call_that_costs_more_at_a_higher_strike_is_a_vertical_violation() -> None:
    surface = fit_surface("BTC", _points(1, 1.0, (0.3, 1.5), (150.0, 160.0)))
    assert surface is not None
    assert {x.kind for x in surface_violations(surface)} == {ArbitrageKind.VERTICAL}


@given(st.floats(0.05, 3.0), st.floats(0.01, 2.0))
@settings(max_examples=40)
def test_a_flat_surface_has_no_violation_and_one_vol_everywhere(vol: float, years: float) -> None:
    points = _points(1, years, (vol,) * 5) + _points(2, 2 * years, (vol,) * 5)
    surface = fit_surface("BTC", points)
    assert surface is not None
    assert surface_violations(surface) == ()
    for moneyness in (-3.0, -0.1, 0.0, 0.37, 3.0):
        for time in (years / 2, years, 1.5 * years, 3 * years):
            assert surface_vol(surface, time, moneyness).vol == pytest.approx(vol, rel=1e-9)


@given(st.floats(-0.5, 0.5), st.floats(0.25, 1.0), st.floats(0.0, 0.5))
@settings(max_examples=40)
def test_interpolated_variance_never_falls_with_time(
    log_moneyness: float, years: float, more: float
) -> None:
    later = min(years + more, 1.0)
    variance, variance_later = (
        surface_vol(SMILE, time, log_moneyness).vol ** 2 * time for time in (years, later)
    )
    assert variance_later >= variance * (1.0 - 1e-12)
