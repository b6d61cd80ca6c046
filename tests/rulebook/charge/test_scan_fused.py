"""A scan that only adds up gives the same with and without what explains it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.domain.universe import Kind
from crossmargin.rulebook.charge.expected_shortfall import ExpectedShortfall
from crossmargin.rulebook.charge.scan import Component, is_plain
from crossmargin.rulebook.charge.scan_loss import ScanLoss
from crossmargin.rulebook.charge.value_at_risk import ValueAtRisk
from crossmargin.rulebook.run import ScanArrays
from crossmargin.rulebook.selection import Selection
from crossmargin.scenario.assemble import assemble
from tests.rulebook.small_book import small_context

LISTINGS = {
    "okx:BTC/USDT:USDT": {"mark": 100.0},
    "okx:ETH/USDT:USDT": {"mark": 10.0},
    "deribit:BTC/USD:BTC-260130-90-C": {"mark": 0.05, "vol": 0.5},
}
PRICES = {"BTC": 100.0, "ETH": 10.0, "USDT": 1.0}
SCENARIOS = 8
BALANCES = Component(selection=Selection(kinds=(Kind.BALANCE,)))
OPTIONS = Component(selection=Selection(kinds=(Kind.OPTION,)))
GROUPS = {
    "positions": (),
    "positions and balances": (Component(), BALANCES),
    "options twice and balances": (Component(), OPTIONS, BALANCES),
}
CHARGES = {
    "scan_loss": lambda groups: ScanLoss(scenarios="days", groups=groups),
    "expected_shortfall": lambda groups: ExpectedShortfall(
        scenarios="days", level=0.7, groups=groups
    ),
    "value_at_risk": lambda groups: ValueAtRisk(scenarios="days", level=0.7, groups=groups),
}
CONTRACTS = st.integers(-4, 4).map(float)


@pytest.mark.parametrize("at", ["account", "underlying"])
@pytest.mark.parametrize("groups", GROUPS.values(), ids=GROUPS)
@pytest.mark.parametrize("charge", CHARGES.values(), ids=CHARGES)
@settings(max_examples=15, deadline=None)
@given(
    held=st.lists(st.tuples(CONTRACTS, CONTRACTS, CONTRACTS, CONTRACTS), min_size=1, max_size=4),
    seed=st.integers(0, 99),
    lacking=st.booleans(),
)
def test_amount_and_driver_do_not_depend_on_whether_they_are_explained(
    charge, groups, at, held, seed, lacking
):
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
        balances_grouped=True,
    )
    universe = context.run.universe
    scenarios = assemble(
        "days",
        universe.assets,
        universe.venues,
        [f"day {i}" for i in range(SCENARIOS)],
        ["days"] * SCENARIOS,
        spot_move=np.zeros((len(universe.assets), SCENARIOS)),
        probability=np.full(SCENARIOS, 1 / SCENARIOS),
    )
    draw = np.random.default_rng(seed)
    missing = np.zeros(universe.instruments_count, dtype=np.bool_)
    missing[0] = lacking
    change = np.rint(draw.normal(0.0, 3.0, (universe.instruments_count, SCENARIOS)))
    change[missing] = 0.0
    context.run.scans["days"] = ScanArrays(
        scenarios=scenarios,
        value=np.zeros(universe.instruments_count),
        change=change,
        missing=missing,
    )
    plain = replace(context, explain=False, answers={}, found={}, blocks={})
    made = charge(groups)
    assert is_plain(plain, groups, at)

    fused, explained = made.evaluate(plain, at), made.evaluate(context, at)

    np.testing.assert_array_equal(fused.amount, explained.amount)
    np.testing.assert_array_equal(fused.driver, explained.driver)
    assert fused.driver_names == explained.driver_names
    assert (fused.parts, explained.parts is None) == (None, False)
