import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.kernels import (
    NotFinite,
    TickOverflow,
    gross_bound_ticks,
    net_ticks,
    net_update,
    net_worst_tail,
    row_ticks,
    segment_rows,
    tail,
)

LIMIT = 2.0**53


def book(seed, *, groups=40, listings=25, scenarios=30, rows_max=7, coarse=False):
    draw = np.random.default_rng(seed)
    count = draw.integers(0, rows_max + 1, groups)
    indptr = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    listing = draw.integers(0, listings, indptr[-1])
    contracts = np.round(draw.normal(0, 5, indptr[-1]), 1)
    change = draw.normal(0, 1e6, (listings, scenarios))
    # multiples of a half make exact ties of the rounding, a few levels make ties between scenarios
    change = np.round(draw.normal(0, 2, change.shape)) / 2 if coarse else change
    return change, listing, contracts, indptr


def by_hand(change, listing, contracts, indptr):
    groups = len(indptr) - 1
    ticks = [[0] * change.shape[1] for _ in range(groups)]
    for group in range(groups):
        for row in range(indptr[group], indptr[group + 1]):
            for scenario in range(change.shape[1]):
                product = float(contracts[row]) * float(change[listing[row], scenario])
                ticks[group][scenario] += round(product)
    return ticks


def tail_by_hand(ticks, tail_count, tail_fraction):
    lowest = sorted(ticks)
    following = tail_fraction * lowest[tail_count] if tail_fraction else 0
    return min(ticks), ticks.index(min(ticks)), sum(lowest[:tail_count]) + following


@pytest.mark.parametrize("coarse", [False, True])
@pytest.mark.parametrize("rows_max", [1, 7, 60])
def test_ticks_equal_python_integers(rows_max, coarse):
    rows = book(rows_max, rows_max=rows_max, coarse=coarse)
    assert net_ticks(*rows).tolist() == by_hand(*rows)


@pytest.mark.parametrize("coarse", [False, True])
@pytest.mark.parametrize(("tail_count", "tail_fraction"), [(1, 0.0), (2, 0.0), (0, 0.5), (9, 0.25)])
def test_the_fused_tail_equals_python_integers(coarse, tail_count, tail_fraction):
    rows = book(3, groups=300, coarse=coarse)
    worst, scenario, tail_sum = net_worst_tail(*rows, tail_count, tail_fraction=tail_fraction)
    expected = [tail_by_hand(ticks, tail_count, tail_fraction) for ticks in by_hand(*rows)]
    assert list(zip(worst.tolist(), scenario.tolist(), tail_sum.tolist(), strict=True)) == expected


def test_groups_too_close_to_call_are_decided_by_whole_ticks():
    change, listing, contracts, indptr = book(4, groups=200, rows_max=3, scenarios=12)
    # scenarios less than a tick apart: the roundings, not the float sum, say which is lower
    change[:] = change[:, :1] + np.linspace(0.4, -0.4, 12)
    expected = [tail_by_hand(t, 2, 0.0) for t in by_hand(change, listing, contracts, indptr)]
    worst, scenario, tail_sum = net_worst_tail(change, listing, contracts, indptr, 2)
    assert list(zip(worst.tolist(), scenario.tolist(), tail_sum.tolist(), strict=True)) == expected


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), coarse=st.booleans())
def test_screening_never_changes_a_figure(seed, coarse):
    rows = book(seed, groups=200, rows_max=12, coarse=coarse)
    screened = net_worst_tail(*rows, 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tail, "SCREEN_ROWS_PER_LISTING", 10**9)
        exact = net_worst_tail(*rows, 3)
    assert [part.tobytes() for part in screened] == [part.tobytes() for part in exact]


def test_a_hedged_book_is_not_judged_by_its_rough_sum():
    # long and short of nearly the same thing: the difference is lost in float32
    draw = np.random.default_rng(9)
    base = draw.normal(0, 3e8, (20, 40))
    change = np.vstack([base, base + np.rint(draw.normal(0, 100, base.shape))])
    one = draw.integers(0, 20, 400)
    listing = np.column_stack([one, one + 20]).reshape(-1)
    contracts = np.tile([3.0, -3.0], 400)
    rows = (change, listing, contracts, np.arange(0, 801, 2))
    expected = [tail_by_hand(ticks, 2, 0.0) for ticks in by_hand(*rows)]
    worst, scenario, tail_sum = net_worst_tail(*rows, 2)
    assert list(zip(worst.tolist(), scenario.tolist(), tail_sum.tolist(), strict=True)) == expected


def test_figures_beyond_float32_are_not_screened_but_right():
    draw = np.random.default_rng(10)
    rows = (draw.normal(0, 1e6, (4, 9)), draw.integers(0, 4, 200), draw.normal(0, 3, 200))
    far = (rows[0] * 2.0**140, rows[1], rows[2] * 2.0**-140)
    indptr = np.arange(0, 201, 2)
    for one, other in zip(
        net_worst_tail(*rows, indptr, 2), net_worst_tail(*far, indptr, 2), strict=True
    ):
        assert one.tobytes() == other.tobytes()


def test_figures_do_not_depend_on_the_size_of_chunks(monkeypatch):
    rows = book(5, groups=500, rows_max=12)
    whole = net_worst_tail(*rows, 2)
    monkeypatch.setattr(segment_rows, "BUFFER_BYTES", 20 * 8 * 30)
    monkeypatch.setattr(segment_rows, "BLOCK_GROUPS", 64)
    monkeypatch.setattr(segment_rows, "BLOCK_ROWS", 200)
    for one, other in zip(whole, net_worst_tail(*rows, 2), strict=True):
        assert one.tobytes() == other.tobytes()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), coarse=st.booleans())
def test_an_account_alone_equals_the_same_account_in_a_batch(seed, coarse):
    change, listing, contracts, indptr = book(seed, coarse=coarse, groups=60)
    ticks = net_ticks(change, listing, contracts, indptr)
    batch = net_worst_tail(change, listing, contracts, indptr, 3)
    group = seed % 60
    rows = slice(indptr[group], indptr[group + 1])
    own = np.array([0, indptr[group + 1] - indptr[group]])
    alone = net_worst_tail(change, listing[rows], contracts[rows], own, 3)
    assert (
        net_ticks(change, listing[rows], contracts[rows], own)[0].tobytes()
        == ticks[group].tobytes()
    )
    assert [part[group] for part in batch] == [part[0] for part in alone]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), coarse=st.booleans())
def test_the_order_of_rows_changes_nothing(seed, coarse):
    change, listing, contracts, indptr = book(seed, coarse=coarse)
    order = np.arange(len(listing))
    draw = np.random.default_rng(seed)
    for first, last in pairwise(indptr):
        draw.shuffle(order[first:last])
    one = net_ticks(change, listing, contracts, indptr)
    assert net_ticks(change, listing[order], contracts[order], indptr).tobytes() == one.tobytes()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), coarse=st.booleans())
def test_many_updates_equal_one_recomputation_bit_for_bit(seed, coarse):
    change, listing, contracts, indptr = book(seed, groups=1, rows_max=12, coarse=coarse)
    row = net_ticks(change, listing, contracts, indptr)[0]
    draw = np.random.default_rng(seed)
    for _ in range(20 if len(listing) else 0):
        at = draw.integers(len(listing))
        new = float(np.round(draw.normal(0, 5), 1)) * float(draw.integers(0, 2))
        row = net_update(row, change[listing[at]], float(contracts[at]), new)
        contracts[at] = new
    assert row.tobytes() == net_ticks(change, listing, contracts, indptr)[0].tobytes()


@given(contracts=st.floats(-1e6, 1e6), seed=st.integers(0, 1000))
def test_an_exact_opposite_returns_the_former_value(contracts, seed):
    change, listing, held, indptr = book(seed, groups=1)
    former = net_ticks(change, listing, held, indptr)[0]
    there = net_update(former, change[0], 0.0, contracts)
    assert net_update(there, change[0], contracts, 0.0).tobytes() == former.tobytes()


def test_an_empty_group_is_zero_and_so_is_an_empty_book():
    change = np.array([[-5.0, 3.0]])
    rows = (np.array([0]), np.array([2.0]), np.array([0, 0, 1, 1]))
    assert net_ticks(change, *rows).tolist() == [[0, 0], [-10, 6], [0, 0]]
    worst, scenario, tail_sum = net_worst_tail(change, *rows, 1)
    assert (worst.tolist(), scenario.tolist(), tail_sum.tolist()) == (
        [0, -10, 0],
        [0, 0, 0],
        [0, -10, 0],
    )
    nothing = (np.zeros(0, np.int64), np.zeros(0), np.zeros(1, np.int64))
    assert net_ticks(change, *nothing).shape == (0, 2)


def test_no_sum_is_a_negative_zero():
    change = np.array([[-0.3, 0.0]])
    ticks = net_ticks(change, np.array([0]), np.array([1.0]), np.array([0, 1]))
    assert [math.copysign(1, value) for value in ticks[0]] == [1, 1]
    _, _, tail_sum = net_worst_tail(change, np.array([0]), np.array([1.0]), np.array([0, 1]), 2)
    assert math.copysign(1, tail_sum[0]) == 1


def test_terms_that_end_below_the_limit_but_pass_it_are_refused():
    terms = np.array([[LIMIT - 1], [1.0], [1.0], [1 - LIMIT]])
    rows = (np.array([0, 0, 1, 2, 3]), np.ones(5), np.array([0, 1, 5]))
    assert gross_bound_ticks(terms, *rows).tolist() == [LIMIT - 1, 2 * LIMIT]
    with pytest.raises(TickOverflow, match="group 1") as refusal:
        net_ticks(terms, *rows)
    assert refusal.value.group == 1
    with pytest.raises(TickOverflow, match="group 1"):
        net_worst_tail(terms, *rows, 1)


def test_a_large_bound_is_no_refusal_where_every_scenario_fits():
    # the bound adds the largest of both rows, which no scenario has together
    change = np.array([[LIMIT - 1, 0.0], [0.0, LIMIT - 1]])
    rows = (np.array([0, 1]), np.ones(2), np.array([0, 2]))
    assert net_ticks(change, *rows).tolist() == [[LIMIT - 1, LIMIT - 1]]


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_refused_with_its_group(bad):
    change = np.array([[1.0, 2.0], [3.0, bad]])
    held = (np.array([0, 1]), np.ones(2), np.array([0, 1, 2]))
    for call in (lambda: net_ticks(change, *held), lambda: net_worst_tail(change, *held, 1)):
        with pytest.raises(NotFinite, match="group 1") as refusal:
            call()
        assert refusal.value.group == 1
    with pytest.raises(NotFinite):
        net_ticks(np.ones((1, 1)), np.array([0]), np.array([bad]), np.array([0, 1]))
    with pytest.raises(NotFinite):
        net_update(np.zeros(2), change[1], 0.0, 1.0)


def test_a_listing_without_data_that_nobody_holds_disturbs_nobody():
    change, listing, contracts, indptr = book(6, groups=300)
    with_gap = np.vstack([change, np.full((1, change.shape[1]), np.nan)])
    for one, other in zip(
        net_worst_tail(change, listing, contracts, indptr, 2),
        net_worst_tail(with_gap, listing, contracts, indptr, 2),
        strict=True,
    ):
        assert one.tobytes() == other.tobytes()


def test_a_product_beyond_float64_is_an_overflow():
    change = np.full((1, 2), 1e200)
    with pytest.raises(TickOverflow):
        net_ticks(change, np.array([0]), np.array([1e200]), np.array([0, 1]))
    with pytest.raises(TickOverflow):
        net_update(np.zeros(2), change[0], 0.0, 1.0)


def test_a_part_is_the_rounded_product_of_its_own_scenario():
    change = np.array([[1.5, 2.5], [-0.2, 7.0]])
    parts = row_ticks(change, np.array([0, 0, 1]), np.array([1.0, 1, 1]), np.array([0, 1, 0]))
    assert parts.tolist() == [2, 2, 0]


@pytest.mark.parametrize(
    ("listing", "contracts", "indptr", "message"),
    [
        ([1], [1.0], [0, 1], "outside"),
        ([-1], [1.0], [0, 1], "outside"),
        ([0], [1.0], [0, 2], "indptr"),
        ([0, 0], [1.0, 1.0], [0, 2, 1, 2], "decrease"),
        ([0], [1.0, 2.0], [0, 1], "rows"),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(listing, contracts, indptr, message):
    with pytest.raises(ValueError, match=message):
        net_ticks(np.ones((1, 2)), np.array(listing), np.array(contracts), np.array(indptr))


@pytest.mark.parametrize(("count", "fraction"), [(0, 0.0), (3, 0.0), (2, 0.5), (1, 1.0)])
def test_a_tail_outside_the_scenarios_is_refused(count, fraction):
    rows = (np.ones((1, 2)), np.array([0]), np.ones(1), np.array([0, 1]))
    with pytest.raises(ValueError, match="tail"):
        net_worst_tail(*rows, count, tail_fraction=fraction)


def test_the_caller_may_give_the_result_its_memory():
    rows = book(8)
    out = np.empty((40, 30))
    assert net_ticks(*rows, out=out) is out
    assert out.tobytes() == net_ticks(*rows).tobytes()
    with pytest.raises(ValueError, match="out must be"):
        net_ticks(*rows, out=np.empty((40, 29)))
