from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.kernels import net_ticks
from crossmargin.netting.grouping import group_rows
from crossmargin.netting.merge import merge_exact

AMOUNT = st.decimals(-(10**9), 10**9, places=8)
POSITIONS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), AMOUNT), max_size=20)
CHANGE = np.random.default_rng(1).normal(0, 1e3, (5, 6))


def merged(positions):
    account, listing, contracts = zip(*positions, strict=True) if positions else ((), (), ())
    return merge_exact(np.array(account, int), np.array(listing, int), contracts)


def ticks_of(positions):
    rows = merged(positions)
    groups = group_rows("account", rows.account_index, np.zeros_like(rows.account_index))
    return net_ticks(CHANGE, rows.listing_index, rows.contracts, groups.indptr)


@settings(max_examples=50, deadline=None)
@given(positions=POSITIONS, seed=st.randoms(use_true_random=False))
def test_the_order_of_positions_changes_nothing(positions, seed):
    shuffled = list(positions)
    seed.shuffle(shuffled)
    assert ticks_of(shuffled).tobytes() == ticks_of(positions).tobytes()


@settings(max_examples=50, deadline=None)
@given(positions=POSITIONS, part=AMOUNT)
def test_splitting_a_position_changes_nothing(positions, part):
    split = [piece for a, i, amount in positions for piece in ((a, i, part), (a, i, amount - part))]
    assert ticks_of(split).tobytes() == ticks_of(positions).tobytes()


@settings(max_examples=50, deadline=None)
@given(positions=POSITIONS, amount=AMOUNT)
def test_an_exact_opposite_returns_the_former_value(positions, amount):
    held = [*positions, (0, 0, Decimal(1))]
    there_and_back = [*held, (0, 2, amount), (0, 2, -amount)]
    assert ticks_of(there_and_back).tobytes() == ticks_of(held).tobytes()


def test_a_third_of_a_cent_ten_times_is_added_exactly_before_it_is_a_float():
    rows = merged([(0, 0, Decimal("0.1"))] * 3 + [(0, 1, Decimal("1E-8"))])
    assert rows.contracts.tolist() == [0.3, 1e-8]
    assert rows.contracts_exact == (Decimal("0.3"), Decimal("1E-8"))
    assert rows.position_row.tolist() == [0, 0, 0, 1]


def test_positions_that_cancel_stay_as_a_row_of_nothing():
    rows = merged([(0, 0, Decimal(-2)), (0, 0, Decimal(2)), (1, 0, Decimal("-0"))])
    assert rows.contracts.tobytes() == np.zeros(2).tobytes()


@pytest.mark.parametrize("bad", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_contracts_that_are_not_finite_are_refused_by_place(bad):
    with pytest.raises(ValueError, match=r"positions\[1\]\.contracts is not a finite number"):
        merged([(0, 0, Decimal(1)), (0, 0, Decimal(bad))])


def test_contracts_too_far_apart_to_add_are_refused_not_rounded():
    with pytest.raises(ValueError, match=r"positions\[1\]\.contracts does not add exactly"):
        merged([(0, 0, Decimal("1E+100")), (0, 0, Decimal("1E-100"))])


def test_columns_of_different_length_are_refused():
    with pytest.raises(ValueError, match="one entry per position"):
        merge_exact(np.zeros(2, int), np.zeros(1, int), [Decimal(1)])
