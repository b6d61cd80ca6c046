from fractions import Fraction
from math import ceil, floor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.conformance.case import Case
from crossmargin.conformance.runner import verdict_of
from crossmargin.conformance.verdict import Matched, Unsupported
from tests.conformance.vectors import published, verdict

MILLION = 1_000_000
WHOLE = {"rounding": "up"}
ACTIONS = ("bankruptcy price", "fillable price", "insurance fund delta")


@pytest.mark.parametrize("case", published("dydx"), ids=lambda case: case.name)
def test_a_published_vector_matches_or_says_why_it_cannot_run(case: Case) -> None:
    found = verdict_of(case)
    if case.name.startswith(ACTIONS):
        assert isinstance(found, Unsupported)
        assert "needs the floor action" in found.reason
    elif "max uints" in case.name:
        assert found == Unsupported(reason="its amounts lie outside float64 ticks")
    else:
        assert found == Matched(figures=len(case.expected))


def fraction_ppm(base: int, open_interest: int, lower: int, upper: int) -> int:
    if upper == 0 or open_interest <= lower:
        return base
    if open_interest >= upper:
        return MILLION
    return base + (MILLION - base) * (open_interest - lower) // (upper - lower)


def share_up(amount: int, ppm: int) -> int:
    return -(-amount * ppm // MILLION)


PPM = st.one_of(st.sampled_from([0, 100, 10_000, 200_000, MILLION]), st.integers(0, MILLION))
CAPS = st.sampled_from(
    [(0, 0), (10**6, 2 * 10**6), (10**13, 2 * 10**13), (10**6, 10**6), (0, 5 * 10**12)]
)
OPEN_INTEREST = st.one_of(
    st.sampled_from([0, 10**6, 10**6 + 1, 2 * 10**6 - 1, 2 * 10**13 - 1]),
    st.integers(0, 3 * 10**13),
)


@settings(max_examples=60, deadline=None)
@given(
    size=st.one_of(st.integers(-10_000, 10_000), st.integers(-(10**7), 10**7)),
    price=st.one_of(st.just(0), st.integers(1, 10**5)),
    exponents=st.tuples(st.integers(-5, 0), st.sampled_from([-6, -8, -10])),
    initial=PPM,
    maintenance=PPM,
    caps=CAPS,
    open_interest=st.one_of(st.just(0), st.integers(0, 10**12)),
)
def test_margins_in_quantums_are_those_of_integers(
    size: int,
    price: int,
    exponents: tuple[int, int],
    initial: int,
    maintenance: int,
    caps: tuple[int, int],
    open_interest: int,
) -> None:
    per_quantum = price * Fraction(10) ** (exponents[0] + exponents[1] + 6)
    notional, open_notional = floor(abs(size) * per_quantum), floor(open_interest * per_quantum)
    inputs = {
        "size_base_quantums": str(size),
        "oracle_price_int": str(price),
        "oracle_exponent": exponents[0],
        "base_atomic_resolution": exponents[1],
        "quote_atomic_resolution": -6,
        "open_interest_base_quantums": open_interest,
    }
    params = {
        "initial_margin_ppm": initial,
        "maintenance_fraction_ppm": maintenance,
        "oi_lower_cap_quote_quantums": caps[0],
        "oi_upper_cap_quote_quantums": caps[1],
    }
    ppm = fraction_ppm(initial, open_notional, *caps)
    expected = {
        "initial_margin_quote_quantums": str(share_up(notional, ppm)),
        "maintenance_margin_quote_quantums": str(
            share_up(share_up(notional, initial), maintenance)
        ),
    }
    assert verdict("dydx-v4", inputs, params, expected, WHOLE) == Matched(figures=2)


@settings(max_examples=60, deadline=None)
@given(
    notional=st.one_of(st.integers(0, 100), st.integers(0, 10**12)),
    initial=PPM,
    caps=CAPS,
    open_interest=OPEN_INTEREST,
    custom=st.one_of(st.none(), PPM),
)
def test_fractions_follow_open_interest_and_the_users_own_choice(
    notional: int, initial: int, caps: tuple[int, int], open_interest: int, custom: int | None
) -> None:
    params: dict[str, Any] = {
        "initial_margin_ppm": initial,
        "oi_lower_cap": caps[0],
        "oi_upper_cap": caps[1],
    }
    if custom is not None:
        params["custom_imf_ppm"] = custom
    ppm = max(fraction_ppm(initial, open_interest, *caps), custom or 0)
    market = {"open_interest_notional": open_interest}
    assert verdict("dydx-v4", market, params, {"imf_ppm": ppm}, WHOLE) == Matched(figures=1)
    inputs = {**market, "position_notional": notional}
    expected = {"initial_margin": share_up(notional, ppm)}
    assert verdict("dydx-v4", inputs, params, expected, WHOLE) == Matched(figures=1)


@settings(max_examples=40, deadline=None)
@given(initial=PPM, maintenance=PPM)
def test_the_maintenance_fraction_is_cut_to_whole_millionths(
    initial: int, maintenance: int
) -> None:
    params = {"initial_margin_ppm": initial, "maintenance_fraction_ppm": maintenance}
    expected = {"maintenance_margin_ppm": initial * maintenance // MILLION}
    assert verdict("dydx-v4", {}, params, expected) == Matched(figures=1)


@pytest.mark.parametrize("size", [88, -88, 10**6 + 1])
def test_whole_quantums_are_exact_up_to_what_a_float_can_count(size: int) -> None:
    # 4,200,000 dollars a coin: 88 coins are 369,600,000,000,000 quantums.
    inputs = {
        "size_base_quantums": str(size),
        "oracle_price_int": "420",
        "oracle_exponent": 4,
        "base_atomic_resolution": 0,
        "quote_atomic_resolution": -6,
    }
    params = {"initial_margin_ppm": 10_001, "maintenance_fraction_ppm": 500_003}
    notional = abs(size) * 42 * 10**11
    expected = {"initial_margin_quote_quantums": str(share_up(notional, 10_001))}
    found = verdict("dydx-v4", inputs, params, expected, WHOLE)
    if notional < 2**53:
        assert found == Matched(figures=1)
    else:
        assert found == Unsupported(reason="its amounts lie outside float64 ticks")


def test_a_quantum_that_ticks_cannot_hold_is_refused_and_never_approximated() -> None:
    inputs = {"position_notional": 10**16, "open_interest_notional": 0}
    params = {"initial_margin_ppm": 200_000, "oi_lower_cap": 0, "oi_upper_cap": 0}
    found = verdict("dydx-v4", inputs, params, {"initial_margin": ceil(10**16 / 5)}, WHOLE)
    assert found == Unsupported(reason="its amounts lie outside float64 ticks")
    shares = {"position_notional": "100000000000000.5", "open_interest_notional": 0}
    found = verdict("dydx-v4", shares, params, {"initial_margin": 2 * 10**13 + 1}, WHOLE)
    assert found == Unsupported(reason="its amounts lie outside float64 ticks")


def test_a_shape_that_nobody_knows_is_named() -> None:
    inputs = {"quote_balance": 1.0, "positions": []}
    found = verdict("dydx-v4", inputs, {}, {"maintenance": 1})
    assert isinstance(found, Unsupported)
    assert "unknown keys" in found.reason
    assert "inputs.quote_balance" in found.reason


def test_open_interest_that_is_null_is_none() -> None:
    inputs = {"position_notional": 500_000, "open_interest_notional": None}
    params = {"initial_margin_ppm": 200_000, "oi_lower_cap": 1, "oi_upper_cap": 2}
    assert verdict("dydx-v4", inputs, params, {"initial_margin": 100_000}, WHOLE) == Matched(
        figures=1
    )


@pytest.mark.parametrize("value", ["x", [], True, "NaN"])
def test_what_is_no_number_is_refused_with_its_path(value: Any) -> None:
    inputs = {"position_notional": 500_000}
    params = {"initial_margin_ppm": 200_000, "oi_lower_cap": value, "oi_upper_cap": 2}
    found = verdict("dydx-v4", inputs, params, {"initial_margin": 100_000}, WHOLE)
    assert isinstance(found, Unsupported)
    assert f"refused: params.oi_lower_cap: {value!r} is not a number" in found.reason
    both = params | {"custom_imf_ppm": value}
    found = verdict("dydx-v4", inputs, both, {"initial_margin": 100_000}, WHOLE)
    assert isinstance(found, Unsupported)
    assert f"oi_lower_cap or params.custom_imf_ppm: {value!r} is not a number" in found.reason
