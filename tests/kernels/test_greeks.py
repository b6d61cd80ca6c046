import mpmath
import numpy as np
import pytest
import QuantLib as ql  # noqa: N813

from crossmargin.kernels import black_greeks, black_prices, log_fixed

EXACT = mpmath.mp.clone()
EXACT.dps = 70

NAMES = ("delta", "gamma", "vega", "theta")


def greeks(forward, strike, vol, years, is_call) -> np.ndarray:
    """(4, rows): delta, gamma, vega, theta of equally long columns."""
    forward, strike, vol, years, is_call = (
        np.atleast_1d(column)[:, None]
        for column in np.broadcast_arrays(
            *(np.asarray(x, float) for x in (forward, strike, vol, years)), is_call
        )
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        moneyness = log_fixed(forward / strike)
    deviation = vol * np.sqrt(years)
    found = black_greeks(forward, strike, moneyness, deviation, years, is_call)
    return np.stack(found)[:, :, 0]


def exact_value(forward, strike, vol, years, is_call):
    """Textbook price with 70 digits."""
    deviation = vol * EXACT.sqrt(years)
    first = EXACT.log(forward / strike) / deviation + deviation / 2
    second = first - deviation
    if is_call:
        return forward * EXACT.ncdf(first) - strike * EXACT.ncdf(second)
    return strike * EXACT.ncdf(-second) - forward * EXACT.ncdf(-first)


def exact_greeks(f, k, v, t, call):
    """Numerical derivatives of the exact price, good to thirty digits."""
    small, f, k, v, t = (EXACT.mpf(x) for x in ("1e-18", f, k, v, t))
    return (
        EXACT.diff(lambda x: exact_value(x, k, v, t, call), f, h=f * small),
        EXACT.diff(lambda x: exact_value(x, k, v, t, call), f, 2, h=f * small),
        EXACT.diff(lambda x: exact_value(f, k, x, t, call), v, h=v * small),
        -EXACT.diff(lambda x: exact_value(f, k, v, x, call), t, h=t * small),
    )


def drawn(count: int, seed: int):
    """Strikes within four deviations of the forward, a day to two years, 5 % to 500 %."""
    rng = np.random.default_rng(seed)
    forward = 10.0 ** rng.uniform(-3.0, 5.0, count)
    vol = 10.0 ** rng.uniform(np.log10(0.05), np.log10(5.0), count)
    years = 10.0 ** rng.uniform(np.log10(1 / 365), np.log10(2.0), count)
    strike = forward * np.exp(vol * np.sqrt(years) * rng.uniform(-4.0, 4.0, count))
    return forward, strike, vol, years, rng.random(count) < 0.5


def test_greeks_are_the_derivatives_of_the_exact_price() -> None:
    columns = drawn(200, seed=11)
    found = greeks(*columns)
    worst = dict.fromkeys(NAMES, 0.0)
    for row, (*numbers, is_call) in enumerate(zip(*columns, strict=True)):
        exact = exact_greeks(*(float(x) for x in numbers), bool(is_call))
        for name, ours, truth in zip(NAMES, found[:, row], exact, strict=True):
            worst[name] = max(worst[name], float(abs(EXACT.mpf(float(ours)) / truth - 1)))
    assert max(worst.values()) < 1e-8, worst


def test_greeks_are_the_differences_of_our_own_prices() -> None:
    forward, strike, vol, years, _ = drawn(500, seed=12)
    # Out of the money, where the last digit of an intrinsic value does not drown the difference.
    is_call = forward <= strike

    def price(f, v, t):
        columns = (f, strike, log_fixed(f / strike), v * np.sqrt(t), is_call)
        return black_prices(*(column[:, None] for column in columns))[:, 0]

    delta, gamma, vega, theta = greeks(forward, strike, vol, years, is_call)
    step = 1e-4 * vol * np.sqrt(years)
    up, down = (price(forward * (1 + side * step), vol, years) for side in (1, -1))
    here = price(forward, vol, years)
    scale = 1.0 / (forward * vol * np.sqrt(years))
    assert np.allclose((up - down) / (2 * forward * step), delta, rtol=0, atol=1e-6)
    second = (up - 2 * here + down) / (forward * step) ** 2
    assert np.allclose(second / scale, gamma / scale, rtol=0, atol=1e-4)
    more, less = (price(forward, vol * (1 + side * 1e-5), years) for side in (1, -1))
    slope = (more - less) / (2e-5 * vol)
    assert np.allclose(slope / forward, vega / forward, rtol=1e-6, atol=1e-9)
    later, sooner = (price(forward, vol, years * (1 + side * 1e-5)) for side in (-1, 1))
    decay = (later - sooner) / (2e-5 * years)
    assert np.allclose(decay / forward, theta / forward, rtol=1e-6, atol=1e-9)


def test_greeks_agree_with_quantlib() -> None:
    forward, strike, vol, years, is_call = drawn(300, seed=13)
    found = greeks(forward, strike, vol, years, is_call)
    for row in range(300):
        kind = ql.Option.Call if is_call[row] else ql.Option.Put
        peer = ql.BlackCalculator(
            ql.PlainVanillaPayoff(kind, float(strike[row])),
            float(forward[row]),
            float(vol[row] * np.sqrt(years[row])),
            1.0,
        )
        expected = (peer.deltaForward(), peer.gammaForward(), peer.vega(float(years[row])))
        assert found[:3, row] == pytest.approx(expected, rel=1e-9, abs=1e-13)


def test_call_and_put_differ_by_one_delta_and_by_nothing_else() -> None:
    forward, strike, vol, years, _ = drawn(500, seed=14)
    call = greeks(forward, strike, vol, years, True)
    put = greeks(forward, strike, vol, years, False)
    assert np.abs(call[0] - put[0] - 1.0).max() <= 2.0**-52
    assert np.array_equal(call[1:], put[1:])
    assert (call[1:3] >= 0.0).all()
    assert (call[3] <= 0.0).all()


def test_at_expiry_delta_is_a_step_and_the_rest_is_nothing() -> None:
    forward = [90.0, 110.0]
    call, put = (greeks(forward, 100.0, 0.5, 0.0, kind).tolist() for kind in (True, False))
    assert call == [[0.0, 1.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]
    assert put == [[-1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [0.0, 0.0]]


def test_at_expiry_on_the_strike_gamma_and_decay_are_endless_and_say_so() -> None:
    assert greeks(100.0, 100.0, 0.5, 0.0, True)[:, 0].tolist() == [0.5, np.inf, 0.0, -np.inf]
    assert greeks(100.0, 100.0, 0.5, 0.0, False)[:, 0].tolist() == [-0.5, np.inf, 0.0, -np.inf]


def test_without_vol_only_the_strike_itself_has_vega() -> None:
    delta, gamma, vega, theta = greeks([90.0, 100.0, 110.0], 100.0, 0.0, 0.25, True)
    assert delta.tolist() == [0.0, 0.5, 1.0]
    assert gamma.tolist() == [0.0, np.inf, 0.0]
    assert vega.tolist() == [0.0, pytest.approx(100.0 * 0.5 / np.sqrt(2 * np.pi)), 0.0]
    assert theta.tolist() == [0.0, 0.0, 0.0]


def test_with_endless_vol_a_call_is_the_forward() -> None:
    assert greeks(90.0, 100.0, np.inf, 1.0, True)[:, 0].tolist() == [1.0, 0.0, 0.0, 0.0]
    assert greeks(90.0, 100.0, np.inf, 1.0, False)[:, 0].tolist() == [0.0, 0.0, 0.0, 0.0]


def test_a_worthless_forward_has_the_delta_of_a_certain_put() -> None:
    for vol, years in ((0.5, 1.0), (0.0, 1.0), (0.5, 0.0)):
        assert greeks(0.0, 100.0, vol, years, True)[:, 0].tolist() == [0.0, 0.0, 0.0, 0.0]
        assert greeks(0.0, 100.0, vol, years, False)[:, 0].tolist() == [-1.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("position", range(4))
def test_not_a_number_gives_no_greeks(position: int) -> None:
    columns = [np.full(1, x) for x in (100.0, 100.0, 0.5, 0.5)]
    columns[position][0] = np.nan
    found = greeks(*columns, True)[:, 0]
    # Years enter delta and gamma through the deviation only, which is NaN here as well.
    assert np.isnan(found).all()


def test_greeks_broadcast_to_rows_and_scenarios_and_refuse_negative_time() -> None:
    forward, strike = np.linspace(80.0, 120.0, 5)[None, :], np.array([[90.0], [110.0]])
    moneyness = log_fixed(forward) - log_fixed(strike)
    is_call = np.array([[True], [False]])
    found = black_greeks(forward, strike, moneyness, np.array([[0.2]]), np.array([[1.0]]), is_call)
    assert [array.shape for array in found] == [(2, 5)] * 4
    with pytest.raises(ValueError, match="years must not be negative"):
        black_greeks(forward, strike, moneyness, np.array([[0.2]]), np.array([[-1.0]]), is_call)
