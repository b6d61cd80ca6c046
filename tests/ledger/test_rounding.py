from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.ledger.entry import Code
from crossmargin.ledger.ledger import Ledger, balance, trial_balance
from crossmargin.ledger.path import account_path, rounding_path
from crossmargin.ledger.rounding import charge_drafts
from tests.ledger.money import post

PAYER, RECEIVER = account_path("payer", "USDC"), account_path("receiver", "USDC")
CHARGES = st.fractions(min_value=0, max_value=10**6, max_denominator=1000)


def charged(amounts):
    ledger = Ledger()
    for amount in amounts:
        drafts = charge_drafts(PAYER, RECEIVER, "USDC", amount, Code.FUNDING)
        ledger = post(ledger, *drafts)
    return ledger


@given(CHARGES)
def test_the_payer_pays_up_the_receiver_gets_down_and_the_rest_is_kept(amount):
    ledger = charged([amount])
    paid, received = -balance(ledger, "payer", "USDC"), balance(ledger, "receiver", "USDC")
    kept = ledger.held(rounding_path("USDC")).posted_units
    assert received <= amount <= paid < amount + 1
    assert received > amount - 1
    assert kept == paid - received
    assert set(trial_balance(ledger).values()) <= {0}


@given(st.lists(CHARGES, min_size=1, max_size=12))
def test_many_small_charges_differ_from_one_big_by_less_than_a_unit_each(amounts):
    total = sum(amounts, Fraction(0))
    paid = -balance(charged(amounts), "payer", "USDC")
    assert 0 <= paid - total < len(amounts)


def test_a_charge_of_nothing_makes_no_entry():
    assert charge_drafts(PAYER, RECEIVER, "USDC", Fraction(0), Code.FEE) == ()


def test_a_negative_charge_is_refused():
    with pytest.raises(ValueError, match="swap the sides"):
        charge_drafts(PAYER, RECEIVER, "USDC", Fraction(-1, 2), Code.FEE)
