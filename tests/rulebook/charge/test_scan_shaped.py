"""A shaped scan gives the same with and without what explains it, whatever computes it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin import kernels
from crossmargin.domain.universe import Kind
from crossmargin.kernels import native
from crossmargin.rulebook.charge.orders import OrderFill
from crossmargin.rulebook.charge.scan import Component
from crossmargin.rulebook.charge.scan_loss import ScanLoss
from crossmargin.rulebook.charge.scan_worst import worst_of_scan
from crossmargin.rulebook.rate import FromParameter, Number, SizeLinear
from crossmargin.rulebook.run import ScanArrays
from crossmargin.rulebook.selection import Selection
from crossmargin.rulebook.shaping import (
    Chain,
    Damping,
    GainShare,
    MinusAbsolute,
    RangeShare,
    SignDiscount,
)
from crossmargin.scenario.assemble import assemble
from tests.rulebook.small_book import small_context

LISTINGS = {
    "okx:BTC/USDT:USDT": {"mark": 100.0},
    "okx:ETH/USDT:USDT": {"mark": 10.0},
    "deribit:BTC/USD:BTC-260130-90-C": {"mark": 0.05, "vol": 0.5},
    "deribit:BTC/USD:BTC-260227-90-C": {"mark": 0.07, "vol": 0.5},
}
PRICES = {"BTC": 100.0, "ETH": 10.0, "USDT": 1.0}
PARAMETERS = {
    "range": {"by": "asset", "value": {"BTC": 0.2, "ETH": 0.3}, "otherwise": 0.25},
    "share": {"by": "asset", "value": {"BTC": 0.0, "ETH": 0.6}, "otherwise": 0.4},
}
SCENARIOS = 9
OPTIONS = Selection(kinds=(Kind.OPTION,))
BALANCES = Component(selection=Selection(kinds=(Kind.BALANCE,)))
ALONG = Chain(
    shapes=(
        RangeShare(range=FromParameter(name="range")),
        Damping(range=FromParameter(name="range"), allowance=Number(value=3.0)),
        GainShare(share=FromParameter(name="share")),
    )
)
GROUPS = {
    "chain by risk unit with coins": (Component(by="risk_unit", with_balances=True, shape=ALONG),),
    "discount by expiry beside the rest": (
        Component(
            selection=OPTIONS,
            by="expiry",
            shape=SignDiscount(positive=Number(value=0.9), negative=Number(value=1.1)),
        ),
        Component(selection=Selection(kinds=(Kind.PERPETUAL,))),
        BALANCES,
    ),
    "nothing offsets": (Component(by="expiry", selection=OPTIONS, shape=MinusAbsolute()),),
    "only added up": (Component(), BALANCES),
}
BACKENDS = ["reference"] + ["native"] * (native.LIBRARY is not None)
CONTRACTS = st.integers(-4, 4).map(float)


def context_of(held, seed, lacking):
    context = small_context(
        accounts={
            f"a{i}": {
                "positions": dict(zip(LISTINGS, contracts, strict=True)),
                "balances": {"BTC": coins, "USDT": 2.0 * coins},
            }
            for i, (*contracts, coins) in enumerate(held)
        },
        prices=PRICES,
        listings=LISTINGS,
        parameters=PARAMETERS,
        balances_grouped=True,
    )
    universe = context.run.universe
    draw = np.random.default_rng(seed)
    scenarios = assemble(
        "days",
        universe.assets,
        universe.venues,
        [f"day {i}" for i in range(SCENARIOS)],
        ["days"] * SCENARIOS,
        spot_move=draw.uniform(-0.6, 0.6, (len(universe.assets), SCENARIOS)),
        loss_weight=draw.choice([0.35, 1.0], SCENARIOS),
    )
    missing = np.zeros(universe.instruments_count, dtype=np.bool_)
    missing[2] = lacking
    change = np.rint(draw.normal(0.0, 900.0, (universe.instruments_count, SCENARIOS)))
    change[missing] = 0.0
    context.run.scans["days"] = ScanArrays(
        scenarios=scenarios,
        value=np.where(missing, 0.0, np.rint(draw.normal(0.0, 900.0, len(missing)))),
        change=change,
        missing=missing,
    )
    return context


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("at", ["account", "risk_unit"])
@pytest.mark.parametrize("groups", GROUPS.values(), ids=GROUPS)
@settings(max_examples=15, deadline=None)
@given(
    held=st.lists(st.tuples(*[CONTRACTS] * 5), min_size=1, max_size=4),
    seed=st.integers(0, 99),
    lacking=st.booleans(),
)
def test_amount_and_driver_do_not_depend_on_whether_they_are_explained(
    groups, at, backend, held, seed, lacking
):
    context = context_of(held, seed, lacking)
    plain = replace(context, explain=False, answers={}, found={}, blocks={}, parents={})
    charge = ScanLoss(scenarios="days", groups=groups)
    before = kernels.backend_name()
    kernels.use_backend(backend)
    try:
        fused, explained = charge.evaluate(plain, at), charge.evaluate(context, at)
    finally:
        kernels.use_backend(before)
    assert fused.amount.tobytes() == explained.amount.tobytes()
    np.testing.assert_array_equal(fused.driver, explained.driver)


def test_a_shape_whose_figures_need_the_rows_is_left_to_who_holds_them_all():
    context = replace(context_of([(1.0, 2.0, -1.0, 3.0, 1.0)], 1, lacking=False), explain=False)
    by_size = SizeLinear(
        base=Number(value=0.5), slope=Number(value=0.01), amount="gross", of="coins"
    )
    grouped = Component(by="risk_unit", shape=GainShare(share=by_size))
    assert worst_of_scan(context, "days", (grouped,), "account") is None
    along = Component(by="risk_unit", shape=ALONG)
    assert worst_of_scan(context, "days", (along,), "account") is not None
    with_orders = replace(along, orders=OrderFill.WORST)
    assert worst_of_scan(context, "days", (with_orders,), "account") is not None
