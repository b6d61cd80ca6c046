import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.kernels import ImpliedReason, black_greeks, black_prices, implied_vol, log_fixed


def price_of(forward, strike, vol, years, is_call) -> np.ndarray:
    columns = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(x, float)) for x in (forward, strike, vol, years)), is_call
    )
    forward, strike, vol, years, is_call = (column[:, None] for column in columns)
    moneyness = log_fixed(forward / strike)
    return black_prices(forward, strike, moneyness, vol * np.sqrt(years), is_call)[:, 0]


def vega_of(forward, strike, vol, years) -> np.ndarray:
    forward, strike, vol, years = (x[:, None] for x in (forward, strike, vol, years))
    moneyness, deviation = log_fixed(forward / strike), vol * np.sqrt(years)
    found = black_greeks(forward, strike, moneyness, deviation, years, np.array([[True]]))
    return found[2][:, 0]


def one(price, forward=100.0, strike=100.0, years=0.25, is_call=True, tick=1e-4):
    vol, reason = implied_vol(
        *(np.atleast_1d(np.asarray(x, float)) for x in (price, forward, strike, years)),
        np.array([is_call]),
        np.array([tick]),
    )
    return float(vol[0]), ImpliedReason(reason[0])


def test_every_vol_of_a_chain_comes_back_as_exactly_as_its_price_allows() -> None:
    rng = np.random.default_rng(21)
    count = 2_000
    forward = 10.0 ** rng.uniform(-2.0, 5.0, count)
    vol = 10.0 ** rng.uniform(-2.0, np.log10(20.0), count)
    years = 10.0 ** rng.uniform(np.log10(1 / 365), np.log10(2.0), count)
    strike = forward * np.exp(
        np.clip(vol * np.sqrt(years) * rng.uniform(-3.0, 3.0, count), -9.0, 9.0)
    )
    is_call = rng.random(count) < 0.5
    price = price_of(forward, strike, vol, years, is_call)
    found, reason = implied_vol(price, forward, strike, years, is_call, np.zeros(count))
    told = reason == ImpliedReason.FOUND
    assert told.mean() > 0.98
    assert np.isnan(found[~told]).all()
    # An ulp of the price, or of the intrinsic value taken from it, over vega.
    noise = 8.0 * np.spacing(np.maximum(forward, strike)) / vega_of(forward, strike, vol, years)
    assert (np.abs(found - vol)[told] <= (noise + 1e-13 * vol)[told]).all()


@settings(max_examples=60, deadline=None)
@given(
    vol=st.floats(0.05, 5.0),
    years=st.floats(0.02, 2.0),
    deviations=st.floats(-2.0, 2.0),
    is_call=st.booleans(),
)
def test_an_implied_vol_prices_back_to_the_price(
    vol: float, years: float, deviations: float, is_call: bool
) -> None:
    strike = 100.0 * float(np.exp(deviations * vol * np.sqrt(years)))
    price = price_of(100.0, strike, vol, years, is_call)[0]
    found, reason = one(price, strike=strike, years=years, is_call=is_call, tick=0.0)
    if reason is ImpliedReason.FOUND:
        again = price_of(100.0, strike, found, years, is_call)[0]
        assert abs(again - price) <= 8.0 * np.spacing(max(100.0, strike))
    else:
        # Deep in the money with hardly any time value left beside the strike's last digit.
        assert price - max((100.0 - strike) * (1 if is_call else -1), 0.0) <= 1e-13 * strike


@pytest.mark.parametrize("is_call", [True, False])
def test_less_than_a_tick_above_intrinsic_value_has_no_vol(is_call: bool) -> None:
    strike, tick = (90.0, 0.0625) if is_call else (110.0, 0.0625)
    for excess in (-3.0, 0.0, 0.0624):
        vol, reason = one(10.0 + excess, strike=strike, is_call=is_call, tick=tick)
        assert np.isnan(vol)
        assert reason is ImpliedReason.BELOW_TICK
    vol, reason = one(10.0 + tick, strike=strike, is_call=is_call, tick=tick)
    assert reason is ImpliedReason.FOUND
    assert price_of(100.0, strike, vol, 0.25, is_call)[0] == pytest.approx(10.0625, abs=1e-13)


def test_nothing_above_intrinsic_value_has_no_vol_even_without_a_tick() -> None:
    assert one(10.0, strike=90.0, tick=0.0)[1] is ImpliedReason.BELOW_TICK


@pytest.mark.parametrize(("price", "is_call"), [(100.0, True), (1e9, True), (110.0, False)])
def test_a_price_at_or_above_its_bound_has_no_vol(price: float, is_call: bool) -> None:
    vol, reason = one(price, strike=110.0, is_call=is_call)
    assert np.isnan(vol)
    assert reason is ImpliedReason.ABOVE_BOUND


def test_the_range_ends_at_five_thousand_percent_and_at_a_hundredth_of_one() -> None:
    price = price_of(100.0, 100.0, [49.9, 50.1, 1.01e-4, 0.99e-4], 0.001, True)
    found = [one(p, years=0.001, tick=0.0) for p in price]
    assert [reason for _, reason in found] == [
        ImpliedReason.FOUND,
        ImpliedReason.ABOVE_BOUND,
        ImpliedReason.FOUND,
        ImpliedReason.BELOW_RANGE,
    ]
    assert found[0][0] == pytest.approx(49.9, rel=1e-12)
    assert found[2][0] == pytest.approx(1.01e-4, rel=1e-6)


@pytest.mark.parametrize(
    "broken",
    [
        {"price": np.nan},
        {"price": np.inf},
        {"forward": np.nan},
        {"forward": 0.0},
        {"strike": -1.0},
        {"strike": np.inf},
        {"years": np.nan},
    ],
)
def test_unusable_input_has_no_vol_and_says_so(broken: dict[str, float]) -> None:
    vol, reason = one(**({"price": 5.0} | broken))
    assert np.isnan(vol)
    assert reason is ImpliedReason.UNUSABLE_INPUT


@pytest.mark.parametrize("years", [0.0, -0.1])
def test_an_expired_option_has_no_vol(years: float) -> None:
    assert one(5.0, years=years)[1] is ImpliedReason.EXPIRED


@pytest.mark.parametrize("tick", [-1e-9, np.nan])
def test_a_tick_that_is_no_tick_is_refused(tick: float) -> None:
    with pytest.raises(ValueError, match="tick must be at least 0"):
        one(5.0, tick=tick)


def test_rows_do_not_disturb_each_other() -> None:
    price = np.array([5.0, np.nan, 0.0, 200.0, 3.0])
    together, reason = implied_vol(
        price, np.array(100.0), np.array(100.0), np.array(0.25), np.array(True), np.array(1e-4)
    )
    apart = [one(p) for p in price]
    assert reason.tolist() == [code for _, code in apart]
    assert np.array_equal(together, [vol for vol, _ in apart], equal_nan=True)
    assert reason.dtype == np.int8
