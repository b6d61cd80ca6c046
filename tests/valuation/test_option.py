import math
from dataclasses import replace
from decimal import Decimal
from math import inf

import numpy as np
import pytest
import QuantLib
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.base.instant import NS_PER_DAY
from crossmargin.domain.instrument import Right
from crossmargin.domain.universe import Universe, build_universe
from crossmargin.market.columns import MarketColumns
from crossmargin.scenario.scenario_set import ScenarioSet
from crossmargin.valuation.risk_arrays import risk_arrays
from tests.scenario.tables import DERIBIT, PARADEX, SPAN, built
from tests.valuation.markets import (
    DAYS_30_YEARS,
    MARKET,
    UNIVERSE,
    market_of,
    option,
    row_of,
    without,
)
from tests.valuation.test_linear import price_scenarios


def black(right: Right, strike: float, forward: float, deviation: float) -> float:
    kind = QuantLib.Option.Call if right is Right.CALL else QuantLib.Option.Put
    return float(QuantLib.blackFormula(kind, strike, forward, deviation))


@pytest.mark.parametrize(
    ("name", "right", "strike", "size"),
    [
        ("call-linear", Right.CALL, 55_000.0, 0.1),
        ("put-linear", Right.PUT, 55_000.0, 0.1),
    ],
)
def test_a_linear_option_is_worth_its_discounted_black_price_everywhere(
    name: str, right: Right, strike: float, size: float
) -> None:
    moves = [-0.9, -0.2, 0.0, 0.3, 4.0]
    risk = risk_arrays(UNIVERSE, MARKET, price_scenarios(moves), "model")
    row = row_of(UNIVERSE, name)
    discount = math.exp(-0.05 * DAYS_30_YEARS)
    expected = [
        size * discount * black(right, strike, 50_000 * (1 + m), 0.6 * math.sqrt(DAYS_30_YEARS))
        for m in moves
    ]
    assert risk.value[row] == pytest.approx(expected[2], rel=1e-10)
    assert risk.value[row] + risk.change[row] == pytest.approx(expected, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("name", "right", "strike"),
    [("call-coin", Right.CALL, 55_000.0), ("put-coin", Right.PUT, 45_000.0)],
)
def test_a_coin_settled_option_is_worth_the_black_price_over_the_forward(
    name: str, right: Right, strike: float
) -> None:
    moves = [-0.9, -0.2, 0.0, 0.3, 4.0]
    risk = risk_arrays(UNIVERSE, MARKET, price_scenarios(moves), "model")
    row = row_of(UNIVERSE, name)
    expected = []
    for m in moves:
        forward = 50_000 * (1 + m)
        expected.append(black(right, strike, forward, 0.6 * math.sqrt(DAYS_30_YEARS)) / forward)
    assert risk.value[row] + risk.change[row] == pytest.approx(expected, rel=1e-9, abs=1e-13)


def test_from_the_mark_the_change_is_still_from_model_to_model() -> None:
    scenarios = price_scenarios([-0.2, 0.3])
    model, mark = (risk_arrays(UNIVERSE, MARKET, scenarios, base) for base in ("model", "mark"))
    row = row_of(UNIVERSE, "call-coin")
    assert mark.value[row] == 0.05
    assert model.value[row] != 0.05
    assert mark.change[row].tolist() == model.change[row].tolist()


def one_option(
    right: Right, strike: str, forward: float, vol: float
) -> tuple[Universe, MarketColumns]:
    listings = [option("x", strike, right, inverse=False)]
    universe = build_universe(listings, ["BTC", "USD"])
    index = {"BTC": forward, "USD": 1.0}
    return universe, market_of(universe, index=index, marks={}, vol=vol, rate=0.0)


def grid_over(universe: Universe, text: str) -> ScenarioSet:
    return built(text, assets=universe.assets, venues=universe.venues)


def test_the_published_paradex_scan_of_a_short_call_is_met() -> None:
    universe, market = one_option(Right.CALL, "50000", 50_000.0, 0.6)
    scenarios = grid_over(universe, PARADEX)
    risk = risk_arrays(universe, market, scenarios, "model")
    assert risk.value[0] == pytest.approx(3426.97035913, abs=1e-4)
    loss = risk.change[0] * scenarios.loss_weight
    assert loss.max() == pytest.approx(7890.336949, abs=1e-4)
    assert int(loss.argmax()) == 23


def test_the_span_scan_of_a_short_strangle_is_met() -> None:
    listings = [
        option("call", "21000", Right.CALL, inverse=False),
        option("put", "19000", Right.PUT, inverse=False),
    ]
    universe = build_universe(listings, ["BTC", "USD"])
    market = market_of(universe, index={"BTC": 20_000.0, "USD": 1.0}, marks={}, vol=0.15, rate=0.0)
    scenarios = grid_over(universe, SPAN)
    risk = risk_arrays(universe, market, scenarios, "model")
    loss = risk.change[:2].sum(axis=0) * scenarios.loss_weight
    assert loss.max() == pytest.approx(915.768752, abs=1e-4)
    assert -risk.value[:2].sum() == pytest.approx(-104.173017, abs=1e-4)
    # The first of the two extremes, number 15 in the published table.
    assert int(loss.argmax()) == 14


def test_a_scenario_in_which_nothing_happens_changes_exactly_nothing() -> None:
    for base in ("model", "mark"):
        risk = risk_arrays(UNIVERSE, MARKET, price_scenarios([0.0]), base)
        assert (risk.change == 0.0).all()


def test_an_option_that_expires_while_time_passes_is_worth_its_intrinsic_value() -> None:
    scenarios = price_scenarios([0.2, -0.2], time_ns=31 * NS_PER_DAY)
    risk = risk_arrays(UNIVERSE, MARKET, scenarios, "model")
    worth = risk.value[:, None] + risk.change
    assert worth[row_of(UNIVERSE, "call-linear")] == pytest.approx([500.0, 0.0], abs=1e-9)
    assert worth[row_of(UNIVERSE, "put-linear")] == pytest.approx([0.0, 1_500.0], abs=1e-9)
    assert worth[row_of(UNIVERSE, "call-coin")] == pytest.approx([5_000 / 60_000, 0.0], abs=1e-12)


@pytest.mark.parametrize(
    ("field", "text"), [("forward", "no forward"), ("vol", "no vol"), ("rate", "no rate")]
)
def test_an_option_that_lacks_something_is_not_worth_zero(field: str, text: str) -> None:
    row = row_of(UNIVERSE, "call-linear")
    risk = risk_arrays(UNIVERSE, without(MARKET, field, row), price_scenarios([0.1]), "model")
    assert risk.missing[row] == text
    assert np.isnan(risk.value[row])
    assert np.isnan(risk.change[row]).all()
    assert [text for i, text in enumerate(risk.missing) if i != row] == [""] * (
        UNIVERSE.instruments_count - 1
    )
    assert np.isfinite(np.delete(risk.change, row, axis=0)).all()


def test_a_mark_is_needed_where_it_is_the_value() -> None:
    row = row_of(UNIVERSE, "call-coin")
    market = without(MARKET, "mark", row)
    assert risk_arrays(UNIVERSE, market, price_scenarios([0.1]), "model").missing[row] == ""
    assert risk_arrays(UNIVERSE, market, price_scenarios([0.1]), "mark").missing[row] == "no mark"
    perp = row_of(UNIVERSE, "perp-linear")
    lost = risk_arrays(UNIVERSE, without(MARKET, "mark", perp), price_scenarios([0.1]), "model")
    assert lost.missing[perp] == "no mark"
    assert np.isnan(lost.change[perp]).all()


def test_funding_is_needed_only_when_time_passes() -> None:
    perp = row_of(UNIVERSE, "perp-linear")
    market = without(MARKET, "funding_rate", perp)
    still = risk_arrays(UNIVERSE, market, price_scenarios([0.1]), "mark")
    later = risk_arrays(UNIVERSE, market, price_scenarios([0.1], time_ns=NS_PER_DAY), "mark")
    assert still.missing[perp] == ""
    assert later.missing[perp] == "no funding rate"


def test_an_infinite_forward_or_a_negative_vol_is_missing_too() -> None:
    row = row_of(UNIVERSE, "call-linear")
    for field, value in (("forward", inf), ("vol", -0.1), ("forward", 0.0)):
        column = getattr(MARKET, field).copy()
        column[row] = value
        risk = risk_arrays(
            UNIVERSE, replace(MARKET, **{field: column}), price_scenarios([0.1]), "model"
        )
        assert risk.missing[row] == f"no {field}"


def test_an_expired_option_is_not_valued() -> None:
    row = row_of(UNIVERSE, "put-coin")
    column = MARKET.years.copy()
    column[row] = -0.001
    risk = risk_arrays(UNIVERSE, replace(MARKET, years=column), price_scenarios([0.1]), "model")
    assert "expired" in risk.missing[row]


def test_a_listing_is_worth_the_same_alone_and_among_hundreds() -> None:
    strikes = [str(20_000 + 500 * k) for k in range(130)]
    many = [option(f"c{k}", k, Right.CALL, inverse=True) for k in strikes]
    universe = build_universe(many, ["BTC", "USD"])
    index = {"BTC": 50_000.0, "USD": 1.0}
    market = market_of(universe, index=index, marks={})
    risk = risk_arrays(universe, market, grid_over(universe, DERIBIT), "model")
    for k in (0, 63, 64, 129):
        alone = build_universe([many[k]], ["BTC", "USD"])
        single = risk_arrays(
            alone, market_of(alone, index=index, marks={}), grid_over(alone, DERIBIT), "model"
        )
        row = row_of(universe, f"c{strikes[k]}")
        assert single.change[0].tolist() == risk.change[row].tolist()
        assert single.value[0] == risk.value[row]


@given(
    move=st.floats(-0.95, 5.0),
    forward=st.floats(1.0, 1e6),
    strike=st.integers(1, 1_000_000),
    vol=st.floats(0.01, 5.0),
)
def test_a_call_less_a_put_moves_like_its_forward(
    move: float, forward: float, strike: int, vol: float
) -> None:
    listings = [
        option("call", str(Decimal(strike)), Right.CALL, inverse=False),
        option("put", str(Decimal(strike)), Right.PUT, inverse=False),
    ]
    universe = build_universe(listings, ["BTC", "USD"])
    market = market_of(universe, index={"BTC": forward, "USD": 1.0}, marks={}, vol=vol, rate=0.0)
    spot = price_scenarios([move]).spot_move[:2]
    scenarios = grid_over(universe, 'kind="grid"\nprice_move=[0.0]\nvol=["same"]')
    risk = risk_arrays(universe, market, replace(scenarios, spot_move=spot), "model")
    call, put = row_of(universe, "call"), row_of(universe, "put")
    tolerance = 1e-11 * max(forward * (1 + max(move, 0.0)), strike)
    parity = risk.change[call, 0] - risk.change[put, 0]
    assert parity == pytest.approx(forward * move, abs=tolerance)
    # A long option never loses more than it is worth.
    assert (risk.value[:2] + risk.change[:2, 0] >= -tolerance).all()
