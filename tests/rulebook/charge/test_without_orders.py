"""Charges that count open orders, over accounts that have none."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crossmargin
from crossmargin import api
from crossmargin.rulebook.amount import Amount
from crossmargin.rulebook.charge.exposure import Exposure
from crossmargin.rulebook.charge.orders import OrderFill
from crossmargin.rulebook.charge.scan import Component
from crossmargin.rulebook.charge.without_orders import without_orders
from crossmargin.rulebook.evaluate import evaluate
from crossmargin.rulebook.node import Leaf
from crossmargin.rulebook.rate import Number, SizeExcess
from tests.rulebook.small_book import small_context

LISTINGS = {
    "okx:BTC/USDT:USDT": {"mark": 100.0},
    "okx:ETH/USDT:USDT": {"mark": 10.0, "size": 0.1},
    "deribit:BTC/USD:BTC-260130-90-C": {"mark": 0.05, "vol": 0.5},
}
FILLS = (OrderFill.WORST, OrderFill.UNPROTECTED)
CONTRACTS = st.sampled_from([-3.7, -1.1, 0.0, 0.3, 2.9])


def charge_of(amount: Amount, of: str, within: str | None, fill: OrderFill) -> Exposure:
    size = Amount.ABS_NET if amount is Amount.HEDGED else amount
    rate = SizeExcess(
        slope=Number(value=0.01),
        threshold=Number(value=0.5),
        cap=Number(value=0.7),
        amount=size,
        of="coins",
        orders=fill,
    )
    return Exposure(amount=amount, of=of, by="underlying", rate=rate, within=within, orders=fill)


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("within", [None, "maturity"])
@pytest.mark.parametrize("of", ["delta_cash", "coins"])
@pytest.mark.parametrize("amount", [each for each in Amount if each is not Amount.HELD])
@settings(max_examples=10, deadline=None)
@given(held=st.lists(st.tuples(CONTRACTS, CONTRACTS, CONTRACTS), min_size=1, max_size=3))
def test_a_charge_without_its_orders_has_the_same_bits(amount, of, within, fill, held):
    context = small_context(
        accounts={
            f"a{i}": {"positions": dict(zip(LISTINGS, own, strict=True))}
            for i, own in enumerate(held)
        },
        prices={"BTC": 100.0, "ETH": 10.0, "USDT": 1.0},
        listings=LISTINGS,
        explain=False,
    )
    charge = charge_of(amount, of, within, fill)
    settled = without_orders(charge)
    ours = settled.evaluate(context, "account").amount
    theirs = charge.evaluate(context, "account").amount
    assert ours.tobytes() == theirs.tobytes()


def test_sums_of_broken_amounts_keep_the_orders_that_say_in_which_order_they_run():
    whole = charge_of(Amount.HEDGED, "delta_cash", "maturity", OrderFill.WORST)
    assert without_orders(whole).orders is OrderFill.NONE
    broken = replace(whole, of="coins")
    assert without_orders(broken).orders is OrderFill.WORST


def test_a_held_amount_keeps_its_orders_and_is_refused_for_them():
    charge = Exposure(
        amount=Amount.HELD,
        of="notional",
        by="underlying",
        rate=Number(value=1.0),
        orders=OrderFill.WORST,
    )
    assert without_orders(charge) == charge


def test_nodes_with_equal_charges_are_answered_once():
    context = small_context(
        accounts={"a": {"positions": {"okx:BTC/USDT:USDT": 1.0}}},
        prices={"BTC": 100.0, "ETH": 10.0, "USDT": 1.0},
        listings=LISTINGS,
        explain=False,
    )
    with_orders = Leaf(
        name="b", charge=charge_of(Amount.GROSS, "delta_cash", None, OrderFill.WORST)
    )
    plain = Leaf(name="a", charge=charge_of(Amount.GROSS, "delta_cash", None, OrderFill.NONE))
    first, second = (evaluate(leaf, context, "account") for leaf in (plain, with_orders))
    assert (first.node.name, second.node.name) == ("a", "b")
    assert first.outcome is second.outcome


def test_every_part_of_every_bundled_recipe_can_do_without_orders():
    for name in crossmargin.recipe_names():
        for level in api.recipe_of(name).levels:
            for charge in _charges(level.requirement):
                assert type(without_orders(charge)) is type(charge)
    component = Component(orders=OrderFill.WORST, hedging=True)
    assert without_orders((component,)) == (Component(hedging=True),)


def _charges(node):
    if isinstance(node, Leaf):
        return [node.charge]
    below = getattr(node, "parts", None) or (node.part,)
    return [charge for each in below for charge in _charges(each)]
