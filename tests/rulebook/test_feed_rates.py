"""Rates that read feeds: growth with time, low confidence, the least of what an account uses."""

import math

import numpy as np
import pytest

from crossmargin.domain.universe import Kind
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.rate import FromField, Growth, HeldMin, LowConfidence, Number
from crossmargin.rulebook.rate_value import rate_of
from crossmargin.rulebook.selection import Selection
from tests.rulebook.small_book import small_context

NEAR, FAR = "v:ETH/USD:ETH-270101-2000-C", "v:ETH/USD:ETH-280101-2000-C"
PERPETUAL, OTHER = "v:ETH/USD:USD", "v:BTC/USD:USD"
PERPETUALS = Selection(kinds=(Kind.PERPETUAL,))
FEEDS = {"feed": {PERPETUAL: 0.3, OTHER: 0.9, NEAR: 0.8, FAR: 0.2}}
LEAST = HeldMin(field="feed", by="account", selection=PERPETUALS)


def context_of(*held: dict[str, float]) -> Context:
    return small_context(
        accounts={str(i): {"positions": positions} for i, positions in enumerate(held)},
        prices={"ETH": 2_000.0, "BTC": 50_000.0},
        listings={
            NEAR: {"mark": 0.1, "vol": 0.5, "rate": 0.06},
            FAR: {"mark": 0.1, "vol": 0.5, "rate": -0.02},
            PERPETUAL: {"mark": 2_000.0},
            OTHER: {"mark": 50_000.0},
        },
        figures=FEEDS,
    )


def test_growth_is_compound_and_a_discount_where_the_rate_is_negative() -> None:
    context = context_of({NEAR: 1.0, FAR: 1.0})
    years = rate_of(FromField(field="years"), context, "expiry")
    grown = rate_of(
        Growth(base=Number(value=0.95), rate=FromField(field="rate"), field="years"),
        context,
        "expiry",
    )
    assert grown.tolist() == pytest.approx(
        [0.95 * math.exp(0.06 * years[0]), 0.95 * math.exp(-0.02 * years[1])], rel=1e-14
    )


@pytest.mark.parametrize(
    ("confidence", "rate"), [(1.0, 0.0), (0.55, 0.0), (0.5, 1.0), (0.0, 2.0), (math.inf, 0.0)]
)
def test_what_is_not_trusted_is_charged_below_the_threshold_only(
    confidence: float, rate: float
) -> None:
    low = LowConfidence(
        confidence=Number(value=confidence), below=Number(value=0.55), factor=Number(value=2.0)
    )
    assert rate_of(low, context_of({NEAR: 1.0}), "account").tolist() == [rate]


def test_an_unknown_confidence_is_unavailable_unless_nothing_is_charged_for_it() -> None:
    unknown = {"below": Number(value=0.5), "confidence": Number(value=math.nan)}
    context = context_of({NEAR: 1.0})
    charged = LowConfidence(factor=Number(value=1.0), **unknown)
    assert np.isnan(rate_of(charged, context, "account")).all()
    free = LowConfidence(factor=Number(value=0.0), **unknown)
    assert rate_of(free, context, "account").tolist() == [0.0]


def test_the_least_of_what_the_account_holds_reaches_every_group_of_it() -> None:
    context = context_of({NEAR: 1.0, FAR: -1.0, PERPETUAL: 2.0, OTHER: -1.0}, {NEAR: 1.0})
    assert rate_of(LEAST, context, "account").tolist() == [0.3, math.inf]
    assert rate_of(LEAST, context, "expiry").tolist() == [0.3, 0.3, math.inf]


def test_what_is_not_held_does_not_count() -> None:
    context = context_of({PERPETUAL: 0.0, OTHER: 1.0, NEAR: 1.0})
    assert rate_of(LEAST, context, "account").tolist() == [0.9]


def test_each_expiry_has_the_least_of_its_own() -> None:
    context = context_of({NEAR: 1.0, FAR: 1.0, PERPETUAL: 1.0})
    assert rate_of(HeldMin(field="feed", by="expiry"), context, "expiry").tolist() == [0.8, 0.2]


def test_a_held_row_without_the_field_is_unavailable() -> None:
    context = small_context(
        accounts={"one": {"positions": {PERPETUAL: 1.0, OTHER: 1.0}}},
        prices={"ETH": 2_000.0, "BTC": 50_000.0},
        listings={PERPETUAL: {"mark": 2_000.0}, OTHER: {"mark": 50_000.0}},
        figures={"feed": {PERPETUAL: 0.3}},
    )
    assert np.isnan(rate_of(LEAST, context, "account")).all()
