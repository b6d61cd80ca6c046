"""Rates that the key of a group says: the same figures as group by group."""

from dataclasses import replace

import numpy as np
import pytest

from crossmargin.rulebook.amount import Amount
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.rate import (
    Affine,
    Combined,
    FromField,
    FromParameter,
    Growth,
    HeldMin,
    LowConfidence,
    Number,
    Ramp,
    Rounded,
    Shortfall,
    SizeLinear,
    Step,
)
from crossmargin.rulebook.rate_value import _of_groups, is_zero, key_table, rate_of
from tests.rulebook.small_book import small_context

LISTINGS = {
    "okx:BTC/USDT:USDT": {"mark": 100.0},
    "okx:ETH/USDT:USDT": {"mark": 10.0},
    "deribit:BTC/USD:BTC-260130-90-C": {"mark": 0.05, "vol": 0.5},
    "deribit:BTC/USD:BTC-260227-90-C": {"mark": 0.07, "vol": 0.5},
}
HALF = Number(value=0.5)
BY_ASSET = FromParameter(name="by_asset")
RATES = {
    "number": HALF,
    "parameter": BY_ASSET,
    "field": FromField(field="index"),
    "affine": Affine(base=HALF, slope=BY_ASSET, field="term_years"),
    "shortfall": Shortfall(base=HALF, slope=HALF, field="index", below=Number(value=50.0)),
    "ramp": Ramp(base=HALF, lower=Number(value=1.0), upper=Number(value=90.0), field="index"),
    "step": Step(field="days", bounds=(40.0,), rates=(1.0, 0.0)),
    "growth": Growth(base=HALF, rate=BY_ASSET, field="term_years"),
    "rounded": Rounded(rate=BY_ASSET, unit=Number(value=0.05), up=True),
    "low confidence": LowConfidence(confidence=BY_ASSET, below=HALF, factor=Number(value=2.0)),
    "largest": Combined(how="max", rates=(BY_ASSET, HALF, FromField(field="years"))),
}
NEEDS_ROWS = {
    "a size": SizeLinear(base=HALF, slope=HALF, amount=Amount.GROSS, of="coins"),
    "what is held": HeldMin(by="account", field="index", selection=None),
    "an account": FromParameter(name="by_account"),
    "a part that is a size": Combined(
        how="sum",
        rates=(HALF, SizeLinear(base=HALF, slope=HALF, amount=Amount.GROSS, of="coins")),
    ),
}


@pytest.fixture
def context() -> Context:
    contracts = [(1.0, 0.0, -2.0, 3.0), (0.0, 2.0, 0.0, -1.0), (0.0, 0.0, 0.0, 0.0)]
    return small_context(
        accounts={
            f"a{i}": {"positions": dict(zip(LISTINGS, own, strict=True)), "balances": {"BTC": 1.0}}
            for i, own in enumerate(contracts)
        },
        prices={"BTC": 100.0, "ETH": 10.0, "USDT": 1.0},
        listings=LISTINGS,
        parameters={
            "by_asset": {"by": "asset", "value": {"BTC": 0.12}, "otherwise": 0.31},
            "by_account": {"by": "account", "value": {"a0": 0.1}, "otherwise": 0.2},
        },
        balances_grouped=True,
        explain=False,
    )


@pytest.mark.parametrize("at", ["maturity", "expiry", "listing"])
@pytest.mark.parametrize("rate", RATES.values(), ids=RATES)
def test_the_rate_of_a_key_is_that_of_each_of_its_groups(context, rate, at):
    assert key_table(rate, context, at) is not None
    found, expected = rate_of(rate, context, at), _of_groups(rate, context, at)
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("rate", NEEDS_ROWS.values(), ids=NEEDS_ROWS)
def test_what_needs_rows_is_found_group_by_group(context, rate):
    assert key_table(rate, context, "underlying") is None
    found = rate_of(rate, context, "underlying")
    assert found.tobytes() == _of_groups(rate, context, "underlying").tobytes()


def test_a_field_that_differs_within_a_key_is_no_matter_of_the_key(context):
    assert key_table(FromField(field="years"), context, "underlying") is None
    assert key_table(HALF, context, "account") is None


def test_a_rate_of_zero_is_seen_over_the_listings_that_count(context):
    assert is_zero(Number(value=0.0), context, "listing", None)
    assert not is_zero(BY_ASSET, context, "underlying", None)
    assert not is_zero(NEEDS_ROWS["a size"], context, "underlying", None)
    fresh = replace(context, found={}, run=replace(context.run, kept={}))
    step = Step(field="days", bounds=(0.0,), rates=(1.0, 0.0))
    assert np.isnan(rate_of(step, fresh, "maturity")).any()
