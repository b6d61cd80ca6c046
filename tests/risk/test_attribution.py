import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.kernels import net_ticks, row_ticks
from crossmargin.netting.shape import (
    Damping,
    GainLimit,
    GainShare,
    MinusAbsolute,
    SignDiscount,
    shape_slopes,
    shaped_ticks,
)
from crossmargin.risk.attribution import (
    largest_remainder,
    largest_remainder_by_group,
    scan_parts,
    shaped_parts,
    shortfall_parts,
)
from crossmargin.risk.measure import Tail, expected_shortfall, scan_loss, tail_scenarios

PARTS = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=12)
SCENARIOS = 16


def book(seed, groups=6):
    draw = np.random.default_rng(seed)
    count = draw.integers(1, 6, groups)
    indptr = np.append(0, np.cumsum(count))
    listing = draw.integers(0, 5, indptr[-1])
    contracts = np.round(draw.normal(0, 5, indptr[-1]), 1)
    change = draw.normal(0, 1e5, (5, SCENARIOS))
    return change, listing, contracts, indptr, np.repeat(np.arange(groups), count)


def sums(parts, indptr):
    return np.add.reduceat(parts, indptr[:-1])


@given(parts=PARTS, total=st.integers(-(2**40), 2**40))
def test_parts_add_up_exactly_whatever_the_total(parts, total):
    given_ticks = largest_remainder(np.array(parts), total)
    assert sum(int(part) for part in given_ticks) == total
    assert (given_ticks == np.rint(given_ticks)).all()


@given(parts=PARTS)
def test_no_part_moves_by_a_whole_tick_when_the_total_is_the_rounded_sum(parts):
    total = round(sum(map(int, np.floor(parts))) + sum(part % 1 for part in parts))
    given_ticks = largest_remainder(np.array(parts), total)
    assert np.abs(given_ticks - parts).max() <= 1


def test_a_missing_tick_goes_to_the_largest_remainder_and_to_the_lowest_index_of_equals():
    parts = np.array([1.25, 2.75, -3.25, 0.25])
    assert largest_remainder(parts, 1.0).tolist() == [1, 3, -3, 0]
    assert largest_remainder(np.full(3, 1 / 3), 1.0).tolist() == [1, 0, 0]
    assert largest_remainder(np.array([1.0, 1.0]), 5.0).tolist() == [3, 2]
    assert largest_remainder(np.array([1.0, 1.0]), 1.0).tolist() == [1, 0]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_many_groups_at_once_are_each_group_alone(seed):
    draw = np.random.default_rng(seed)
    count = draw.integers(0, 5, 8)
    indptr = np.append(0, np.cumsum(count))
    parts = np.round(draw.normal(0, 10, indptr[-1]), 1)
    total = np.where(count > 0, np.rint(draw.normal(0, 20, 8)), 0.0)
    together = largest_remainder_by_group(parts, indptr, total)
    for group in range(8):
        rows = slice(indptr[group], indptr[group + 1])
        assert together[rows].tolist() == largest_remainder(parts[rows], total[group]).tolist()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_parts_of_a_scan_add_up_without_any_correction(seed):
    *rows, row_group = book(seed)
    loss, driver = scan_loss(net_ticks(*rows))
    parts = scan_parts(*rows[:3], row_group, driver)
    lost = loss > 0
    assert (sums(parts, rows[3])[lost] == loss[lost]).all()


def test_a_hedge_has_a_negative_part_and_a_weight_applies_to_parts():
    change = np.array([[-10.0, 10.0], [-9.0, 9.0]])
    rows = (np.array([0, 1]), np.array([2.0, -1.0]))
    group, driver = np.zeros(2, int), np.array([0])
    assert scan_parts(change, *rows, group, driver).tolist() == [20, -9]
    weighted = scan_parts(change, *rows, group, driver, np.array([0.5, 1.0]))
    assert weighted.tolist() == [10, -4.5]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), halves=st.integers(1, 2 * SCENARIOS - 1))
def test_the_parts_of_a_shortfall_add_up_exactly_after_the_remainder(seed, halves):
    *rows, row_group = book(seed)
    tail = Tail(scenarios_count=SCENARIOS, whole_count=halves // 2, part_frac=(halves % 2) / 2)
    ticks = net_ticks(*rows)
    shortfall, _ = expected_shortfall(ticks, tail)
    parts = shortfall_parts(*rows[:3], row_group, tail_scenarios(ticks, tail), tail)
    np.testing.assert_allclose(sums(parts, rows[3]), shortfall, rtol=1e-12, atol=1e-6)
    whole = largest_remainder_by_group(parts, rows[3], np.rint(shortfall))
    assert (sums(whole, rows[3]) == np.rint(shortfall)).all()
    assert np.abs(whole - parts).max() <= 1


@pytest.mark.parametrize(
    "shape",
    [
        SignDiscount(positive_frac=0.95, negative_frac=1.04),
        MinusAbsolute(),
        GainShare(gain_frac=0.6),
        GainLimit(most_ticks=9e4),
        Damping(move_frac=np.linspace(-0.6, 0.6, SCENARIOS), range_frac=0.16, allowance_ticks=9e4),
    ],
)
def test_the_parts_of_a_shaped_group_add_up_to_a_tick_and_then_exactly(shape):
    change, listing, contracts, indptr, row_group = book(11)
    value = np.random.default_rng(12).normal(0, 1e5, (5, 1))
    value_ticks = net_ticks(value, listing, contracts, indptr)[:, 0]
    change_ticks = net_ticks(change, listing, contracts, indptr)
    loss, driver = scan_loss(shaped_ticks(shape, value_ticks, change_ticks))
    parts = shaped_parts(
        row_ticks(value, listing, contracts, np.zeros_like(listing)),
        row_ticks(change, listing, contracts, driver[row_group]),
        row_group,
        shape_slopes(shape, value_ticks, change_ticks, driver),
    )
    lost = loss > 0
    assert lost.any()
    assert np.abs(sums(parts, indptr) - loss)[lost].max() <= 0.5001
    total = np.where(lost, loss, 0.0)
    whole = largest_remainder_by_group(np.where(lost[row_group], parts, 0.0), indptr, total)
    assert (sums(whole, indptr) == total).all()


@pytest.mark.parametrize(
    ("parts", "total", "message"),
    [
        ([1.0, np.nan], 1.0, "group 0"),
        ([1.0, np.inf], 1.0, "group 0"),
        ([2.0**53], 1.0, "group 0"),
        ([1.0], np.nan, "group 0"),
        ([1.0], 0.5, "whole"),
        ([], 1.0, "without parts"),
    ],
)
def test_what_cannot_add_up_exactly_is_refused(parts, total, message):
    with pytest.raises(ValueError, match=message):
        largest_remainder(np.array(parts, dtype=float), total)


def test_totals_and_parts_of_different_groups_are_refused():
    with pytest.raises(ValueError, match="total_ticks"):
        largest_remainder_by_group(np.ones(2), np.array([0, 2]), np.ones(2))
