from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.conformance.case import Case
from crossmargin.conformance.runner import verdict_of
from crossmargin.conformance.verdict import Differing, Matched, Unsupported
from tests.conformance.vectors import published, verdict
from tests.conformance.vega_formulas import (
    levels,
    liquidation_price,
    maintenance,
    order_margin,
)

WHOLE = {"rounding": "ceil, then floor"}
TRANSITIONS = ("isolated margin release",)


@pytest.mark.parametrize("case", published("vega"), ids=lambda case: case.name)
def test_a_published_vector_matches_or_says_why_it_cannot_run(case: Case) -> None:
    found = verdict_of(case)
    if case.name.startswith(TRANSITIONS):
        assert isinstance(found, Unsupported)
        assert "needs the floor action" in found.reason
    else:
        assert found == Matched(figures=len(case.expected))


PRICES = st.one_of(st.integers(1, 20_000), st.integers(1, 9_999).map(lambda n: n / 10))
FACTORS = st.sampled_from([0, 0.1, 0.25, 0.8007282079881541, 3.55690359146832])
POSITION_FACTORS = st.sampled_from([1, 1.0, 10, 100.0])
RELATIVE = {"rel": 1e-9}


def order(*, market: bool) -> st.SearchStrategy[dict[str, Any]]:
    said: dict[str, Any] = {"size": st.integers(0, 500), "price": PRICES}
    limit = st.fixed_dictionaries({**said, "market_order": st.just(False)} if market else said)
    if not market:
        return limit
    at_market = {"size": said["size"], "price": st.just(0.0), "market_order": st.just(True)}
    return st.one_of(limit, limit, st.fixed_dictionaries(at_market))


MARKET_PARAMS = {
    "position_factor": POSITION_FACTORS,
    "linear_slippage": st.sampled_from([0.0, 0.001, 0.25, 2.0]),
    "quadratic_slippage": st.sampled_from([0.0, 0.0, 1e-6, 0.001]),
    "risk_factor_long": FACTORS,
    "risk_factor_short": FACTORS,
}
LEVEL_PARAMS = {
    "search": st.sampled_from([1.1, 1.2, 3.2]),
    "initial": st.sampled_from([1.2, 1.5, 4]),
    "release": st.sampled_from([1.3, 1.4, 2.0, 5]),
}
MARKET_INPUTS = {
    "mark_price": PRICES,
    "position_units": st.one_of(st.integers(-50, 50), st.integers(-1_000, 1_000)),
    "buy_orders": st.lists(order(market=True), max_size=3),
    "sell_orders": st.lists(order(market=True), max_size=3),
}
STATE = {
    "auction": st.booleans(),
    "auction_price": st.one_of(st.just(0.0), PRICES),
    "funding_per_unit": st.sampled_from([0.0, 10.0, -300.0, 0.125]),
}


@settings(max_examples=60, deadline=None)
@given(
    inputs=st.fixed_dictionaries(MARKET_INPUTS, optional=STATE),
    params=st.fixed_dictionaries(MARKET_PARAMS | LEVEL_PARAMS),
)
def test_levels_are_those_of_exact_fractions(
    inputs: dict[str, Any], params: dict[str, Any]
) -> None:
    assert verdict("vega", inputs, params, levels(inputs, params), WHOLE) == Matched(figures=4)


@settings(max_examples=40, deadline=None)
@given(
    inputs=st.fixed_dictionaries(MARKET_INPUTS, optional=STATE),
    params=st.fixed_dictionaries(MARKET_PARAMS),
)
def test_without_level_factors_the_estimate_is_not_rounded(
    inputs: dict[str, Any], params: dict[str, Any]
) -> None:
    expected = {"maintenance": float(maintenance(inputs, params))}
    assert verdict("vega", inputs, params, expected, RELATIVE) == Matched(figures=1)


@settings(max_examples=40, deadline=None)
@given(
    inputs=st.fixed_dictionaries(
        {
            "mark_price": st.integers(1, 20_000).map(float),
            "position_units": st.integers(-500, 500).map(float),
            "buy_order_units": st.integers(0, 500),
            "sell_order_units": st.integers(0, 500),
            "auction": st.just(False),
        }
    ),
    params=st.fixed_dictionaries(MARKET_PARAMS | LEVEL_PARAMS),
)
def test_replayed_scenarios_state_only_the_units_of_orders(
    inputs: dict[str, Any], params: dict[str, Any]
) -> None:
    expected = levels(inputs, params)
    del expected["search"]
    assert verdict("vega", inputs, params, expected, WHOLE) == Matched(figures=3)


ISOLATED = st.fixed_dictionaries(
    {
        "position_units": st.integers(-70, 70),
        "buy_orders": st.lists(order(market=False), max_size=4),
        "sell_orders": st.lists(order(market=False), max_size=4),
        "auction_price": st.one_of(st.just(0), st.integers(1, 20_000)),
    }
)


@settings(max_examples=40, deadline=None)
@given(
    inputs=ISOLATED,
    params=st.fixed_dictionaries(
        {
            "margin_factor": st.sampled_from([0.1, 0.5, 0.9, 1.0]),
            "position_factor": POSITION_FACTORS,
        }
    ),
)
def test_isolated_orders_are_those_of_exact_fractions(
    inputs: dict[str, Any], params: dict[str, Any]
) -> None:
    expected = {"order_margin": order_margin(inputs, params)}
    assert verdict("vega", inputs, params, expected, WHOLE) == Matched(figures=1)


@settings(max_examples=25, deadline=None)
@given(
    inputs=st.fixed_dictionaries(
        {
            "mark_price": PRICES,
            "position_units": st.integers(-5_000, 5_000).filter(bool),
            "buy_orders": st.just([]),
            "sell_orders": st.just([]),
            "collateral_multiple_of_maintenance": st.sampled_from([1.0, 1.1, 1.7, 3.0]),
        },
        optional={"funding_per_unit": st.sampled_from([0.0, 300.0, -300.0])},
    ),
    params=st.fixed_dictionaries(MARKET_PARAMS),
)
def test_the_engine_has_nothing_to_spare_at_the_price_of_the_closed_form(
    inputs: dict[str, Any], params: dict[str, Any]
) -> None:
    multiple = Fraction(str(inputs["collateral_multiple_of_maintenance"]))
    there, here = (liquidation_price(inputs, params, each) for each in (multiple, Fraction(1)))
    if there is None or here is None:
        return
    expected = {
        "maintenance": float(maintenance(inputs, params)),
        "liquidation_price": float(there),
        "liquidation_price_when_collateral_equals_maintenance": float(here),
    }
    assert verdict("vega", inputs, params, expected, {"rel": 1e-6}) == Matched(figures=3)


TABLE = next(case for case in published("vega") if case.name.startswith("maintenance margin table"))


def test_a_wrong_figure_is_reported_with_what_was_got() -> None:
    found = verdict("vega", TABLE.inputs, TABLE.params, {**TABLE.expected, "search": 1}, WHOLE)
    assert isinstance(found, Differing)
    (difference,) = found.differences
    assert (difference.figure, difference.expected) == ("search", 1)
    assert difference.got == TABLE.expected["search"]


def test_unknown_keys_are_named_and_nothing_is_run() -> None:
    inputs = {**TABLE.inputs, "price_cap": 100}
    assert verdict("vega", inputs, TABLE.params, TABLE.expected, WHOLE) == Unsupported(
        reason="unknown keys inputs.price_cap"
    )


def test_a_level_without_its_factor_is_not_guessed() -> None:
    params = {key: value for key, value in TABLE.params.items() if key != "release"}
    assert verdict("vega", TABLE.inputs, params, TABLE.expected, WHOLE) == Unsupported(
        reason="missing keys params.release"
    )


def test_orders_may_be_none_and_flags_are_true_or_false() -> None:
    inputs = {**TABLE.inputs, "buy_orders": None, "sell_orders": None}
    expected = levels({**inputs, "buy_orders": [], "sell_orders": []}, TABLE.params)
    assert verdict("vega", inputs, TABLE.params, expected, WHOLE) == Matched(figures=4)
    found = verdict("vega", {**inputs, "auction": "no"}, TABLE.params, expected, WHOLE)
    assert isinstance(found, Unsupported)
    assert "inputs.auction: 'no' is not true or false" in found.reason


def test_orders_in_an_auction_need_their_prices() -> None:
    inputs = {"mark_price": 10.0, "position_units": 1.0, "buy_order_units": 2.0, "auction": True}
    found = verdict("vega", inputs, TABLE.params, {"maintenance": 1}, WHOLE)
    assert found == Unsupported(reason="the prices of orders in an auction are not stated")


def test_a_liquidation_price_after_fills_is_not_guessed() -> None:
    case = next(case for case in published("vega") if case.name.startswith("liquidation price"))
    inputs = {**case.inputs, "buy_orders": [{"size": 1, "price": 100.0}]}
    found = verdict("vega", inputs, case.params, case.expected, case.tolerance)
    assert isinstance(found, Unsupported)
    assert "after fills" in found.reason


def test_amounts_beyond_exact_ticks_are_refused() -> None:
    inputs = {**TABLE.inputs, "position_units": 10**15}
    assert verdict("vega", inputs, TABLE.params, TABLE.expected, WHOLE) == Unsupported(
        reason="its amounts lie outside float64 ticks"
    )
