import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.netting.amount import added_ticks
from crossmargin.netting.grouping import Grouping, coarsen, group_rows, nest

ROWS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(-1, 3), st.integers(-1000, 1000)), max_size=30
)


def column(values):
    return np.array(values, dtype=np.int64)


@given(ROWS)
def test_groups_are_the_pairs_that_are_present_in_order(rows):
    account, key = column([r[0] for r in rows]), column([r[1] for r in rows])
    grouping = group_rows("expiry", account, key)
    present = sorted({(a, k) for a, k, _ in rows if k >= 0})
    pairs = zip(grouping.group_account.tolist(), grouping.group_key.tolist(), strict=True)
    assert list(pairs) == present
    for group, pair in enumerate(present):
        members = grouping.order[grouping.indptr[group] : grouping.indptr[group + 1]].tolist()
        assert members == [row for row, (a, k, _) in enumerate(rows) if (a, k) == pair]
        assert set(grouping.row_group[members].tolist()) == {group}
    assert (grouping.row_group[key == -1] == -1).all()


@given(ROWS)
def test_a_coarse_sum_added_up_from_a_finer_one_is_the_sum_of_its_rows(rows):
    rows = [row for row in rows if row[1] >= 0]
    account, key = column([r[0] for r in rows]), column([r[1] for r in rows])
    ticks = np.array([[r[2], -r[2]] for r in rows], dtype=float).reshape(-1, 2)
    fine = group_rows("expiry", account, key)
    coarse = group_rows("account", account, np.zeros_like(key))
    direct = added_ticks(coarse, ticks)
    assert added_ticks(nest(fine, coarse), added_ticks(fine, ticks)).tolist() == direct.tolist()


def test_a_coarse_group_without_fine_groups_stays_and_is_zero():
    account = column([0, 0, 1])
    expiry = group_rows("expiry", account, column([5, 6, -1]))
    by_account = group_rows("account", account, column([0, 0, 0]))
    nested = nest(expiry, by_account)
    assert coarsen(expiry, by_account).tolist() == [0, 0]
    assert nested.indptr.tolist() == [0, 2, 2]
    assert added_ticks(nested, np.ones((2, 1))).tolist() == [[2], [0]]


def test_what_is_not_finer_cannot_be_added_up():
    account, zero = column([0, 0]), column([0, 0])
    fine, coarse = group_rows("venue", account, zero), group_rows("settle", account, column([1, 2]))
    with pytest.raises(ValueError, match="venue is not finer than settle"):
        coarsen(fine, coarse)
    with pytest.raises(ValueError, match="different rows"):
        coarsen(fine, group_rows("settle", column([0]), column([0])))


def test_fine_groups_outside_the_coarse_grouping_have_no_parent():
    account = column([0, 0])
    fine = group_rows("listing", account, column([3, 4]))
    assert coarsen(fine, group_rows("expiry", account, column([-1, 9]))).tolist() == [-1, 0]


def test_groups_without_rows_have_no_parent():
    everyone = Grouping(
        name="account",
        row_group=column([1]),
        group_account=column([0, 1]),
        group_key=column([0, 0]),
        order=column([0]),
        indptr=column([0, 0, 1]),
    )
    assert coarsen(everyone, group_rows("owner", column([0]), column([0]))).tolist() == [-1, 0]


@pytest.mark.parametrize(
    ("account", "key"), [([0, 1], [0]), ([-1], [0]), ([0], [-2]), ([[0]], [[0]])]
)
def test_columns_that_do_not_fit_are_refused_by_name(account, key):
    with pytest.raises(ValueError, match="grouping strike"):
        group_rows("strike", column(account), column(key))


def test_a_grouping_cannot_be_written_to():
    grouping = group_rows("venue", column([0]), column([0]))
    with pytest.raises(ValueError, match="read-only"):
        grouping.order[0] = 1
