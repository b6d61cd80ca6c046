import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.netting import amount as amounts
from crossmargin.netting.grouping import group_rows, nest


def grouping_of(account):
    account = np.array(account, dtype=np.int64)
    return group_rows("account", account, np.zeros_like(account))


def test_long_and_short_give_net_gross_and_hedged():
    grouping = grouping_of([0, 0, 0, 1])
    contracts = np.array([5.0, -3.0, 0.0, -2.0])
    assert amounts.net(grouping, contracts).tolist() == [2, -2]
    assert amounts.gross(grouping, contracts).tolist() == [8, 2]
    assert amounts.long(grouping, contracts).tolist() == [5, 0]
    assert amounts.short(grouping, contracts).tolist() == [3, 2]
    assert amounts.hedged(grouping, contracts).tolist() == [3, 0]
    assert amounts.count(grouping, contracts).tolist() == [2, 1]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-(2**40), 2**40)), min_size=1))
def test_gross_is_long_plus_short_and_net_is_their_difference(rows):
    grouping = grouping_of([row[0] for row in rows])
    whole = np.array([row[1] for row in rows], dtype=float)
    long, short = amounts.long(grouping, whole), amounts.short(grouping, whole)
    assert (amounts.gross(grouping, whole) == long + short).all()
    assert (amounts.net(grouping, whole) == long - short).all()
    assert (amounts.hedged(grouping, whole) == np.minimum(long, short)).all()


def test_the_gross_of_nets_is_not_the_gross_of_rows():
    account = np.array([0, 0, 0])
    strike = group_rows("strike", account, np.array([1, 1, 2]))
    by_account = grouping_of(account)
    contracts = np.array([4.0, -4.0, 1.0])
    assert amounts.gross(by_account, contracts).tolist() == [9]
    nets = amounts.net(strike, contracts)
    assert amounts.gross(nest(strike, by_account), nets).tolist() == [1]


def test_the_smallest_and_largest_field_are_those_of_the_rows_held():
    grouping = grouping_of([0, 0, 0, 1])
    field, held = np.array([0.9, 0.4, 0.1, 0.7]), np.array([True, True, False, True])
    assert amounts.held_min(grouping, field, held).tolist() == [0.4, 0.7]
    assert amounts.held_max(grouping, field, held).tolist() == [0.9, 0.7]


def test_a_field_that_a_group_lacks_is_not_a_number():
    grouping = grouping_of([0, 0, 1, 2])
    field = np.array([0.9, np.nan, np.nan, 0.5])
    held = np.array([True, True, False, True])
    for extreme in (amounts.held_min, amounts.held_max):
        values = extreme(grouping, field, held).tolist()
        assert math.isnan(values[0])
        assert math.isnan(values[1])
        assert values[2] == 0.5


def test_nothing_held_at_all_has_no_field():
    values = amounts.held_min(grouping_of([0]), np.array([1.0]), np.array([False]))
    assert np.isnan(values).all()


def test_no_amount_of_a_missing_field_is_zero_and_some_amount_is_unavailable():
    product = amounts.times_field(np.array([0.0, 2.0, 3.0]), np.array([np.nan, np.nan, 0.5]))
    assert product[0] == 0
    assert math.isnan(product[1])
    assert product[2] == 1.5


def test_a_row_that_is_not_a_number_never_makes_a_group_smaller():
    grouping = grouping_of([0, 0, 1])
    bad = np.array([1.0, np.nan, 2.0])
    for kind in (amounts.net, amounts.gross, amounts.long, amounts.short, amounts.hedged):
        values = kind(grouping, bad)
        assert math.isnan(values[0])
        assert values[1] == abs(values[1])
    with pytest.raises(ValueError, match="not a number"):
        amounts.count(grouping, bad)
