"""A forward comes from the best there is, and says from what."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.domain.instrument import Right
from crossmargin.market.forward import completed_expiries
from crossmargin.market.quoted import SourceKind
from crossmargin.market.snapshot import ExpiryQuote, ListingQuote
from tests.market import markets

KEY = ("BTC", markets.NEAR_NS)
YEARS = 30 / 365


def _forward(
    listings: list[ListingQuote], expiries: list[ExpiryQuote] | None = None
) -> tuple[float, SourceKind, str]:
    forward = completed_expiries(markets.snapshot(listings, expiries))[KEY].forward
    assert forward is not None
    return forward.value, forward.source.kind, forward.source.text


def _pair(strike: str, call: float, put: float, *, inverse: bool) -> list[ListingQuote]:
    return [
        markets.quote(
            f"x:{strike}C", markets.option(strike, Right.CALL, inverse=inverse), mark=call
        ),
        markets.quote(f"x:{strike}P", markets.option(strike, Right.PUT, inverse=inverse), mark=put),
    ]


def test_a_given_forward_stands_whatever_else_there_is() -> None:
    future = markets.quote("okx:f", markets.future(), mark=66000.0)
    value, kind, _ = _forward([future], [markets.expiry(forward=65500.0)])
    assert (value, kind) == (65500.0, SourceKind.GIVEN)


def test_the_middle_dated_future_gives_the_forward_in_dollars() -> None:
    marks = {"a:f": 65900.0, "b:f": 66000.0, "c:f": 99000.0}
    futures = [markets.quote(name, markets.future(), mark=x) for name, x in marks.items()]
    value, kind, text = _forward(futures)
    assert value == pytest.approx(66000.0 * 0.998, rel=1e-15)
    assert kind is SourceKind.DERIVED
    assert "b:f" in text


@given(st.floats(20000.0, 200000.0), st.floats(-0.02, 0.02))
@settings(max_examples=40)
def test_parity_of_coin_marks_gives_the_forward_back(forward: float, tilt: float) -> None:
    pairs = []
    for strike in ("50000", "65000", "90000"):
        put = 0.05 + max(float(strike) / forward - 1.0, 0.0) + tilt
        pairs += _pair(strike, put + 1.0 - float(strike) / forward, put, inverse=True)
    value, kind, _ = _forward(pairs)
    assert value == pytest.approx(forward, rel=1e-9)
    assert kind is SourceKind.DERIVED


def test_parity_of_linear_marks_is_undiscounted_with_the_rate() -> None:
    rate, forward = 0.05, 64000.0
    pairs = _pair("60000", 5000.0, 5000.0 - math.exp(-rate * YEARS) * 4000.0, inverse=False)
    market = markets.snapshot(
        pairs,
        [markets.expiry(rate=rate)],
        [markets.asset("BTC", index=65000.0), markets.asset("USDC", index=1.0)],
    )
    quoted = completed_expiries(market)[KEY].forward
    assert quoted is not None
    assert quoted.value == pytest.approx(forward, rel=1e-12)


def test_without_anything_the_index_is_assumed_and_a_lone_call_is_not_a_pair() -> None:
    lone = markets.quote("x:C", markets.option("65000", Right.CALL), mark=0.05)
    value, kind, text = _forward([lone])
    assert (value, kind) == (65000.0, SourceKind.ASSUMED)
    assert "index of BTC" in text


def test_without_an_index_either_there_is_no_forward() -> None:
    lone = markets.quote("x:C", markets.option("65000", Right.CALL), mark=0.05)
    assert completed_expiries(markets.snapshot([lone], assets=[]))[KEY].forward is None


def test_a_rate_that_nobody_gives_is_assumed_to_be_zero() -> None:
    rate = completed_expiries(markets.snapshot([], [markets.expiry(forward=1.0)]))[KEY].rate
    assert rate is not None
    assert (rate.value, rate.source.kind) == (0.0, SourceKind.ASSUMED)


def test_a_future_quoted_in_an_unpriced_currency_is_no_forward() -> None:
    future = markets.quote("okx:f", markets.future(), mark=66000.0)
    market = markets.snapshot([future], assets=[markets.asset("BTC", index=65000.0)])
    forward = completed_expiries(market)[KEY].forward
    assert forward is not None
    assert forward.source.kind is SourceKind.ASSUMED
