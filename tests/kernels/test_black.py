import hashlib

import mpmath
import numpy as np
import pytest
import QuantLib as ql  # noqa: N813
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.kernels import black, black_prices, exp_fixed, log_fixed
from tests.kernels import scalar_sequence

EXACT = mpmath.mp.clone()
EXACT.dps = 50


def priced(forward, strike, deviation, is_call) -> np.ndarray:
    """One price per row of equally long columns."""
    columns = np.broadcast_arrays(
        np.asarray(forward, float), np.asarray(strike, float), np.asarray(deviation, float), is_call
    )
    forward, strike, deviation, is_call = (np.atleast_1d(column)[:, None] for column in columns)
    return black_prices(forward, strike, log_fixed(forward / strike), deviation, is_call)[:, 0]


def exact_price(forward, strike, deviation, is_call):
    """Textbook formula with 50 digits."""
    forward, strike, deviation = (EXACT.mpf(float(x)) for x in (forward, strike, deviation))
    first = EXACT.log(forward / strike) / deviation + deviation / 2
    second = first - deviation
    law = EXACT.ncdf
    if is_call:
        return forward * law(first) - strike * law(second)
    return strike * law(-second) - forward * law(-first)


def drawn(count: int, seed: int):
    """Half anywhere in K/F 1e-6 to 1e6, half within a few deviations of the forward."""
    rng = np.random.default_rng(seed)
    forward = 10.0 ** rng.uniform(-3.0, 6.0, count)
    vol = 10.0 ** rng.uniform(-2.0, np.log10(20.0), count)
    deviation = vol * np.sqrt(10.0 ** rng.uniform(np.log10(1 / 365), np.log10(2.0), count))
    ratio = np.where(
        rng.random(count) < 0.5,
        10.0 ** rng.uniform(-6.0, 6.0, count),
        np.exp(np.clip(deviation * rng.normal(0.0, 2.5, count), -13.8, 13.8)),
    )
    return forward, forward * ratio, deviation, rng.random(count) < 0.5


def test_ten_thousand_prices_agree_with_fifty_digits() -> None:
    columns = drawn(10_000, seed=5)
    found = priced(*columns)
    exact = [exact_price(*row) for row in zip(*columns, strict=True)]
    error = np.array(
        [float(abs(EXACT.mpf(float(f)) - e)) for f, e in zip(found, exact, strict=True)]
    )
    greater = np.maximum(columns[0], columns[1])
    truth = np.array([float(e) for e in exact])
    material = truth >= 1e-8 * greater
    assert 6_000 < material.sum() < 9_500
    assert (error[material] / truth[material]).max() < 1e-10
    assert (error[~material] / np.spacing(greater[~material])).max() <= 4.0
    assert (error / np.spacing(greater)).max() <= 4.0


def test_prices_agree_with_quantlib() -> None:
    forward, strike, deviation, is_call = drawn(3_000, seed=6)
    kinds = [ql.Option.Call if call else ql.Option.Put for call in is_call]
    peer = np.array(
        [
            ql.blackFormula(*row)
            for row in zip(
                kinds, strike.tolist(), forward.tolist(), deviation.tolist(), strict=True
            )
        ]
    )
    error = np.abs(priced(forward, strike, deviation, is_call) - peer)
    assert (error / np.maximum(forward, strike)).max() < 2e-15


def test_every_bit_equals_the_same_sequence_on_plain_floats() -> None:
    forward, strike, deviation, is_call = drawn(4_000, seed=7)
    deviation[:400] = 0.0
    strike[200:600] = forward[200:600]
    deviation[600:700] = 1e3
    moneyness = log_fixed(forward / strike)
    found = priced(forward, strike, deviation, is_call)
    rows = zip(*(x.tolist() for x in (forward, strike, moneyness, deviation, is_call)), strict=True)
    spelled = np.array([scalar_sequence.price(*row) for row in rows])
    assert found.tobytes() == spelled.tobytes()


def test_prices_have_the_same_bits_on_every_machine() -> None:
    move = np.linspace(0.05, 3.0, 60)[None, :]
    strike = 60_000.0 * np.linspace(0.1, 4.0, 50)[:, None]
    deviation = np.linspace(0.001, 3.0, 50)[:, None] * np.linspace(0.5, 2.0, 60)[None, :]
    moneyness = log_fixed(60_000.0 / strike) + log_fixed(move)
    is_call = np.arange(50)[:, None] % 2 == 0
    prices = black_prices(60_000.0 * move, strike, moneyness, deviation, is_call)
    digest = hashlib.sha256(prices.astype("<f8").tobytes()).hexdigest()
    assert digest == "60d568807181b90a8f925d6b2647e525d4d35754958e2a8646274e881120c73a"


@pytest.mark.parametrize("cells", [1, 7, 64, 1_000])
def test_a_price_does_not_depend_on_what_is_priced_beside_it(monkeypatch, cells: int) -> None:
    forward, strike, deviation, is_call = (x.reshape(20, 50) for x in drawn(1_000, seed=8))
    moneyness = log_fixed(forward / strike)
    together = black_prices(forward, strike, moneyness, deviation, is_call)
    monkeypatch.setattr(black, "CELLS_PER_BLOCK", cells)
    apart = black_prices(forward, strike, moneyness, deviation, is_call)
    assert together.tobytes() == apart.tobytes()


def test_rows_and_scenarios_broadcast_into_the_given_array() -> None:
    forward = np.array([[90.0, 100.0, 110.0]])
    strike, is_call = np.array([[95.0], [105.0]]), np.array([[True], [False]])
    out = np.empty((2, 3))
    moneyness = log_fixed(forward) - log_fixed(strike)
    found = black_prices(forward, strike, moneyness, np.full((2, 1), 0.2), is_call, out)
    assert found is out
    assert out[1, 2] == pytest.approx(float(exact_price(110.0, 105.0, 0.2, False)), rel=1e-12)
    assert black_prices(forward, strike[:0], moneyness[:0], 0.2, is_call[:0]).shape == (0, 3)


def test_an_out_array_of_another_shape_or_type_is_refused() -> None:
    one = np.ones((2, 3))
    for out in (np.empty((3, 2)), np.empty((2, 3), dtype=np.float32)):
        with pytest.raises(ValueError, match="out must be float64"):
            black_prices(one, one, 0.0 * one, one, one > 0, out)
    with pytest.raises(ValueError, match=r"\(rows, scenarios\)"):
        black_prices(np.ones(3), np.ones(3), np.zeros(3), np.ones(3), np.ones(3, dtype=bool))


@pytest.mark.parametrize("name", ["forward", "strike", "deviation"])
def test_a_negative_argument_is_refused_by_name(name: str) -> None:
    arguments = {
        key: np.array([[1.0, np.nan]])
        for key in ("forward", "strike", "log_moneyness", "deviation")
    }
    arguments[name] = np.array([[np.nan, -1e-300]])
    with pytest.raises(ValueError, match=f"{name} must not be negative"):
        black_prices(**arguments, is_call=np.array([[True]]))


@pytest.mark.parametrize("position", range(4))
@pytest.mark.parametrize("bits", [0x7FF8000000000000, 0x7FF8000000000FFF, -1])
def test_not_a_number_stays_in_its_cell(position: int, bits: int) -> None:
    arguments = [np.full((1, 4), x) for x in (100.0, 110.0, -0.0953, 0.3)]
    arguments[position][0, 1:3] = np.array(bits).view(np.float64)
    prices = black_prices(*arguments, np.array([[True, True, False, False]]))
    assert np.isnan(prices).tolist() == [[False, True, True, False]]


def test_without_deviation_the_price_is_the_intrinsic_value_exactly() -> None:
    forward = np.array([90.0, 100.0, 100.1, 1e-9, 90.0, 100.0, 100.1])
    is_call = np.array([True] * 4 + [False] * 3)
    for deviation in (0.0, 5e-324, 1e-300):
        found = priced(forward, 100.0, deviation, is_call)
        assert found.tolist() == [0.0, 0.0, 100.1 - 100.0, 0.0, 10.0, 0.0, 0.0]
        assert not np.signbit(found).any()


@pytest.mark.parametrize("deviation", [90.0, 1e3, 1e300, np.inf])
def test_with_endless_deviation_the_price_is_its_upper_bound_exactly(deviation: float) -> None:
    found = priced([1e-6, 100.0, 1e6] * 2, 100.0, deviation, [True] * 3 + [False] * 3)
    assert found.tolist() == [1e-6, 100.0, 1e6, 100.0, 100.0, 100.0]


@pytest.mark.parametrize("deviation", [0.0, 0.3, 50.0, np.inf])
def test_a_worthless_forward_leaves_the_put_at_its_strike_and_the_call_at_nothing(
    deviation: float,
) -> None:
    zero, one = np.zeros((2, 1)), np.full((2, 1), 7.0)
    is_call = np.array([[True], [False]])
    moneyness = np.full((2, 1), -np.inf)
    spread = np.full((2, 1), deviation)
    assert black_prices(zero, one, moneyness, spread, is_call).tolist() == [[0.0], [7.0]]
    assert black_prices(one, zero, -moneyness, spread, is_call).tolist() == [[7.0], [0.0]]


positive = st.floats(-6.0, 6.0).map(lambda power: 10.0**power)
spreads = st.floats(-4.0, 1.5).map(lambda power: 10.0**power)
# Prices are right within 4 ulp of max(F, K); differences of two of them within 8.
ULPS = 8.0


@settings(max_examples=150, deadline=None)
@given(forward=positive, ratio=positive, deviation=spreads)
def test_parity_and_bounds_hold(forward: float, ratio: float, deviation: float) -> None:
    strike = forward * ratio
    call, put = priced(forward, strike, deviation, np.array([True, False])).tolist()
    assert abs((call - put) - (forward - strike)) <= 1e-12 * max(forward, strike)
    assert max(forward - strike, 0.0) <= call <= forward
    assert max(strike - forward, 0.0) <= put <= strike


@settings(max_examples=100, deadline=None)
@given(forward=positive, ratio=positive, deviation=spreads, width=st.floats(1e-9, 0.9))
def test_prices_are_monotone_and_convex_in_the_strike(
    forward: float, ratio: float, deviation: float, width: float
) -> None:
    middle = forward * ratio
    strike = np.array([middle * (1.0 - width), middle, middle * (1.0 + width)])
    slack = ULPS * np.spacing(max(forward, strike[2]))
    call = priced(forward, strike, deviation, True)
    put = priced(forward, strike, deviation, False)
    assert np.all(np.diff(call) <= slack)
    assert np.all(np.diff(put) >= -slack)
    for low, centre, high in (call, put):
        assert (low + high) - 2.0 * centre >= -2.0 * slack


@settings(max_examples=100, deadline=None)
@given(forward=positive, ratio=positive, deviation=spreads, more=st.floats(1.0, 3.0))
def test_prices_rise_with_the_deviation(
    forward: float, ratio: float, deviation: float, more: float
) -> None:
    strike = forward * ratio
    low, high = priced(forward, strike, np.array([deviation, deviation * more]), True)
    assert high - low >= -ULPS * np.spacing(max(forward, strike))


@settings(max_examples=100, deadline=None)
@given(forward=positive, ratio=positive, deviation=spreads, power=st.integers(-40, 40))
def test_a_change_of_unit_by_a_power_of_two_scales_every_bit(
    forward: float, ratio: float, deviation: float, power: int
) -> None:
    unit, strike = 2.0**power, forward * ratio
    scaled = priced(forward, strike, deviation, True)[0] * unit
    found = priced(forward * unit, strike * unit, deviation, True)[0]
    assert found == scaled or max(found, scaled) < 1e-280


def test_hoisting_the_logarithm_costs_no_accuracy_that_matters() -> None:
    move, strike = np.linspace(-0.6, 2.0, 53)[None, :], 50_000.0 * exp_fixed([[-0.9], [0.0], [0.9]])
    hoisted = log_fixed(60_000.0 / strike) + log_fixed(1.0 + move)
    forward = 60_000.0 * (1.0 + move)
    is_call, deviation = np.array([[True]]), np.array([[0.25]])
    found = black_prices(forward, strike, hoisted, deviation, is_call)
    direct = black_prices(forward, strike, log_fixed(forward / strike), deviation, is_call)
    assert np.abs(found - direct).max() < 4.0 * np.spacing(180_000.0)
