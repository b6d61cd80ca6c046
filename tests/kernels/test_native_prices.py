import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.kernels import coefficients, log_fixed, native, reference
from tests.kernels.native_sets import every_way, needs_native, running
from tests.style.sources import ROOT

pytestmark = needs_native


def chain(seed: int, rows: int, cells: int):
    """Options far and near, expired and endless, at and beside the money, worthless forwards."""
    rng = np.random.default_rng(seed)
    forward = 10.0 ** rng.uniform(-3.0, 6.0, (rows, cells))
    distance = rng.choice([0.0, 0.01, 0.3, 3.0], (rows, 1))
    strike = forward[:, :1] * 10.0 ** (distance * rng.normal(size=(rows, 1)))
    deviation = 10.0 ** rng.uniform(-6.0, 3.0, (rows, cells))
    special = rng.random((rows, cells))
    deviation[special < 0.05] = 0.0
    forward[(special > 0.05) & (special < 0.08)] = 0.0
    strike = np.where(rng.random((rows, 1)) < 0.05, 0.0, strike)
    with np.errstate(divide="ignore", invalid="ignore"):
        moneyness = log_fixed(forward / strike)
    for column in (forward, deviation, moneyness):
        column[rng.random((rows, cells)) < 0.01] = np.nan
    years = np.where(rng.random((rows, 1)) < 0.2, 0.0, rng.uniform(0.0, 2.0, (rows, 1)))
    is_call = rng.random((rows, 1)) < 0.5
    return forward, strike, moneyness, deviation, years, is_call


def same(found: np.ndarray, expected: np.ndarray) -> bool:
    """The same bits; a NaN is a NaN, whatever it carries."""
    lost = np.isnan(expected)
    return bool(
        found.shape == expected.shape
        and np.array_equal(np.isnan(found), lost)
        and found[~lost].tobytes() == np.ascontiguousarray(expected)[~lost].tobytes()
    )


@pytest.mark.parametrize(
    ("rows", "cells"), [(200, 60), (40, 1), (30, 7), (30, 8), (20, 13), (1, 3)]
)
def test_prices_and_greeks_have_the_bits_of_the_twin(rows: int, cells: int) -> None:
    forward, strike, moneyness, deviation, years, is_call = chain(rows, rows, cells)
    price = reference.black_prices(forward, strike, moneyness, deviation, is_call)
    greeks = reference.black_greeks(forward, strike, moneyness, deviation, years, is_call)
    for way in every_way():
        with running(*way):
            found = native.black_prices(forward, strike, moneyness, deviation, is_call)
            assert same(found, price), way
            each = native.black_greeks(forward, strike, moneyness, deviation, years, is_call)
            assert [same(*pair) for pair in zip(each, greeks, strict=True)] == [True] * 4, way


@settings(max_examples=80)
@given(
    st.floats(0.0, 1e9),
    st.floats(0.0, 1e9),
    st.floats(0.0, 300.0) | st.just(float("nan")),
    st.floats(0.0, 10.0),
    st.booleans(),
)
def test_any_option_has_the_bits_of_the_twin(forward, strike, deviation, years, is_call) -> None:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        moneyness = log_fixed(np.array([[forward]]) / strike)
    columns = (np.array([[forward]]), np.array([[strike]]), moneyness, np.array([[deviation]]))
    flags = np.array([[is_call]])
    price = reference.black_prices(*columns, flags)
    greeks = reference.black_greeks(*columns, np.array([[years]]), flags)
    for way in every_way():
        with running(*way):
            assert same(native.black_prices(*columns, flags), price)
            found = native.black_greeks(*columns, np.array([[years]]), flags)
            assert [same(*pair) for pair in zip(found, greeks, strict=True)] == [True] * 4


def test_every_way_to_broadcast_gives_the_same_prices() -> None:
    forward, strike, moneyness, deviation, _, is_call = chain(3, 24, 10)
    expected = reference.black_prices(forward, strike, moneyness, deviation, is_call)
    wide = np.repeat(forward, 2, axis=1)[:, ::2]
    turned = np.asfortranarray(deviation)
    flags = np.broadcast_to(is_call, forward.shape)[:, ::-1]
    for columns in (
        (wide, strike, moneyness, turned, flags),
        (forward, np.repeat(strike, 10, axis=1), moneyness, deviation, flags.copy()),
    ):
        assert same(native.black_prices(*columns), expected)
    out = np.empty((10, 24)).T
    assert native.black_prices(forward, strike, moneyness, deviation, is_call, out) is out
    assert same(out, expected)
    one_row = native.black_prices(forward[:1], strike[:1], moneyness[:1], 0.3, True)
    assert same(one_row, reference.black_prices(forward[:1], strike[:1], moneyness[:1], 0.3, True))
    assert native.black_prices(forward[:0], strike[:0], moneyness[:0], 0.2, is_call[:0]).size == 0


def test_greeks_take_and_give_any_shape() -> None:
    for shape in ((7,), (1, 1), (2, 3, 5)):
        columns = [np.full(shape, value) for value in (100.0, 90.0, 0.10536, 0.2, 0.5)]
        expected = reference.black_greeks(*columns, np.full(shape, True))
        found = native.black_greeks(*columns, np.full(shape, True))
        assert [same(*pair) for pair in zip(found, expected, strict=True)] == [True] * 4


@pytest.mark.parametrize("name", ["forward", "strike", "deviation", "years"])
def test_a_negative_argument_is_refused_by_name(name: str) -> None:
    columns = {key: np.full((2, 9), 1.0) for key in ("forward", "strike", "deviation", "years")}
    columns[name][1, 8] = -0.5
    columns["log_moneyness"], columns["is_call"] = np.zeros((2, 9)), np.ones((2, 9), dtype=bool)
    for way in every_way():
        with running(*way):
            with pytest.raises(ValueError, match=f"{name} must not be negative"):
                native.black_greeks(**columns)
            if name != "years":
                prices = {key: value for key, value in columns.items() if key != "years"}
                with pytest.raises(ValueError, match=f"{name} must not be negative"):
                    native.black_prices(**prices)


def test_arguments_of_a_wrong_shape_are_refused() -> None:
    one = np.ones((2, 3))
    with pytest.raises(ValueError, match="out must be float64"):
        native.black_prices(one, one, one, one, one > 0, np.empty((3, 2)))
    with pytest.raises(ValueError, match=r"\(rows, scenarios\)"):
        native.black_prices(np.ones(3), np.ones(3), np.ones(3), np.ones(3), np.ones(3) > 0)


def test_the_native_coefficients_are_those_of_the_twin() -> None:
    text = (ROOT / "native" / "src" / "coefficients.hpp").read_text(encoding="utf-8")
    found = {
        name: [float(number) for number in re.findall(r"[-+\d.e]+", re.sub(r"//.*", "", values))]
        for name, values in re.findall(r"(\w+)(?:\[\])? = \{?([^;}]*)\}?;", text)
    }
    assert len(found) >= 12
    for name, values in found.items():
        expected = getattr(coefficients, name)
        assert values == list(expected if isinstance(expected, tuple) else (expected,)), name
