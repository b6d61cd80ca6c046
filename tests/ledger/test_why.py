from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.ledger.entry import Code, EntryState
from crossmargin.ledger.ledger import Ledger
from crossmargin.ledger.path import account_path, fees_path, world_path
from crossmargin.ledger.why import CAUSE_OF_CODE, Cause, Valuation, equity_change, equity_of
from tests.ledger.money import ASSETS, deposit, histories, move, post

DESK = account_path("desk", "USDC")
FRACTIONS = st.fractions(min_value=0, max_value=10**6, max_denominator=997)
HAIRCUTS = st.fractions(min_value=0, max_value=1, max_denominator=997)


def valued(sequence, price, haircut=0, unrealised=0, asset="USDC"):
    return Valuation(
        sequence=sequence,
        as_of_ns=sequence,
        price={asset: Fraction(price)},
        haircut_frac={asset: Fraction(haircut)},
        unrealised=Fraction(unrealised),
    )


@given(histories(), st.data())
def test_the_causes_add_up_to_the_change_exactly(ledger, data):
    count = data.draw(st.integers(2, 4))
    sequences = sorted(data.draw(st.integers(0, ledger.count)) for _ in range(count))
    valuations = [
        Valuation(
            sequence=sequence,
            as_of_ns=sequence,
            price={asset: data.draw(FRACTIONS) for asset in ASSETS},
            haircut_frac={asset: data.draw(HAIRCUTS) for asset in ASSETS},
            unrealised=data.draw(FRACTIONS) - data.draw(FRACTIONS),
        )
        for sequence in sequences
    ]
    change = equity_change(ledger, "desk", valuations)
    assert sum(change.causes.values()) == change.equity_after - change.equity_before
    assert change.equity_after == equity_of(ledger, "desk", valuations[-1])
    assert list(change.causes) == list(Cause)


@pytest.mark.parametrize("code", list(Code))
def test_posted_money_counts_under_the_cause_of_its_code(code):
    ledger = post(Ledger(), deposit("desk", "USDC", 100), move(DESK, fees_path("USDC"), 7, code))
    change = equity_change(ledger, "desk", [valued(1, 2), valued(2, 2)])
    moved = {cause: value for cause, value in change.causes.items() if value}
    assert moved == {CAUSE_OF_CODE[code]: -14}


def test_a_day_is_told_cause_by_cause():
    ledger = post(
        Ledger(),
        deposit("desk", "USDC", 1000),
        deposit("fund", "USDC", 9),
        move(DESK, fees_path("USDC"), 4, Code.FEE),
        move(world_path("USDC"), DESK, 50, Code.REALISED),
        move(DESK, world_path("USDC"), 100, Code.WITHDRAWAL, EntryState.PENDING),
    )
    before = valued(1, "1", haircut="1/10", unrealised=60)
    after = valued(5, "9/10", haircut="1/5", unrealised=20)
    change = equity_change(ledger, "desk", [before, after])
    assert (change.equity_before, change.equity_after) == (960, Fraction(1046 * 9 * 4, 50) + 20)
    assert {cause: value for cause, value in change.causes.items() if value} == {
        Cause.FEES: Fraction(-18, 5),
        Cause.REALISED: 45,
        Cause.UNREALISED: -40,
        Cause.PRICE: -100,
        Cause.HAIRCUT: 100 - Fraction(1046 * 9, 50),
    }


def test_a_debt_is_never_reduced_by_a_haircut():
    ledger = post(Ledger(), move(DESK, world_path("USDC"), 10, Code.WITHDRAWAL))
    assert equity_of(ledger, "desk", valued(1, 3, haircut="1/2")) == -30


@pytest.mark.parametrize(
    ("valuations", "message"),
    [
        ([valued(0, 1)], "between two valuations"),
        ([valued(1, 1), valued(0, 1)], r"valuations\[1\].sequence"),
        ([valued(0, 1), valued(2, 1)], r"valuations\[1\].sequence"),
        ([valued(0, 1), valued(1, 1, asset="BTC")], r"valuations\[1\].price.USDC"),
        ([valued(0, 1), valued(1, 1, haircut=2)], r"valuations\[1\].haircut_frac.USDC"),
    ],
)
def test_valuations_that_do_not_fit_are_refused(valuations, message):
    ledger = post(Ledger(), deposit("desk", "USDC", 1))
    with pytest.raises(InputRefused, match=message):
        equity_change(ledger, "desk", valuations)


def test_an_asset_that_is_gone_still_needs_the_price_at_which_it_left():
    ledger = post(
        Ledger(), deposit("desk", "USDC", 5), move(DESK, world_path("USDC"), 5, Code.WITHDRAWAL)
    )
    last = valued(2, 3)
    change = equity_change(ledger, "desk", [valued(1, 2), last])
    assert change.causes[Cause.WITHDRAWALS] == -15
    assert change.causes[Cause.PRICE] == 5
    with pytest.raises(InputRefused, match=r"price\.USDC"):
        equity_change(ledger, "desk", [valued(1, 2), replace(last, price={})])
