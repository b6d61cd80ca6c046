"""Scans with shapes, amounts of groups and groupings: the twin, and the native kernels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.kernels import (
    NotFinite,
    ShapedPart,
    ShapeStep,
    TickOverflow,
    native,
    reference,
)
from crossmargin.kernels.shape_step import (
    DAMPING,
    GAIN_LIMIT,
    GAIN_SHARE,
    MINUS_ABSOLUTE,
    RANGE_SHARE,
    SIGN_DISCOUNT,
    stepped,
)
from tests.kernels.native_sets import every_way, needs_native, running
from tests.kernels.test_native_sums import same_bits

WIDTHS = [1, 3, 7, 8, 9, 16, 27, 35, 48, 209, 215]
LISTINGS, LABELS = 12, 4


def rows_of(rng, groups, most):
    count = rng.integers(0, most, groups)
    indptr = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    listing = rng.integers(0, LISTINGS, indptr[-1])
    return listing, np.round(rng.normal(0.0, 5.0, indptr[-1]), 1), indptr


def every_step(rng, scenarios):
    own = rng.uniform(0.0, 1.0, (LABELS, 2))
    ranges = 1.0 + rng.uniform(0.0, 3.0, (LABELS, scenarios)) * (rng.random((LABELS, 1)) < 0.7)
    nothing = np.empty((LABELS, 0))
    return {
        RANGE_SHARE: ShapeStep(kind=RANGE_SHARE, spread=ranges, own=own),
        DAMPING: ShapeStep(kind=DAMPING, spread=ranges - 1.0, own=own * 500.0),
        GAIN_SHARE: ShapeStep(kind=GAIN_SHARE, spread=nothing, own=own),
        GAIN_LIMIT: ShapeStep(kind=GAIN_LIMIT, spread=nothing, own=own * 700.0),
        SIGN_DISCOUNT: ShapeStep(kind=SIGN_DISCOUNT, spread=nothing, own=own * 1.3),
        MINUS_ABSOLUTE: ShapeStep(kind=MINUS_ABSOLUTE, spread=nothing, own=own),
    }


def scene(seed, scenarios, outer=25):
    """Three parts over the same outer groups: chained, discounted, and only added up."""
    rng = np.random.default_rng(seed)
    change = np.round(rng.normal(0.0, 900.0, (LISTINGS, scenarios)), 3)
    change[:, 0] = change[:, -1]
    value = np.round(rng.normal(0.0, 2000.0, LISTINGS), 2)
    step = every_step(rng, scenarios)
    chains = [
        (step[RANGE_SHARE], step[DAMPING], step[GAIN_SHARE], step[GAIN_LIMIT]),
        (step[SIGN_DISCOUNT], step[MINUS_ABSOLUTE]),
        (),
    ]
    parts = []
    for steps in chains:
        inner = rng.integers(0, 4, outer)
        start = np.concatenate([[0], np.cumsum(inner)]).astype(np.int64)
        sets = (rows_of(rng, start[-1], 6), rows_of(rng, start[-1], 2))
        label = rng.integers(0, LABELS, start[-1])
        parts.append(ShapedPart(sets=sets, label=label, start=start, steps=steps))
    weight = rng.choice([0.35, 1.0], scenarios)
    return change, value, parts, weight


def by_hand(change, value, parts, weight):
    """Group after group and row after row, over all scenarios at once."""
    outer = parts[0].start.size - 1
    total = np.zeros((outer, change.shape[1]))
    for part in parts:
        for group in range(outer):
            for inner in range(part.start[group], part.start[group + 1]):
                own, worth = np.zeros((1, change.shape[1])), np.zeros(1)
                for listing, contracts, indptr in part.sets:
                    for row in range(indptr[inner], indptr[inner + 1]):
                        own += np.rint(contracts[row] * change[listing[row]])
                        worth += np.rint(contracts[row] * value[listing[row]])
                for step in part.steps:
                    own = stepped(step, part.label[inner : inner + 1], worth, own)
                total[group] += own[0]
    weighted = total * weight
    driver = weighted.argmin(axis=1)
    return weighted[np.arange(outer), driver] + 0.0, driver


@pytest.mark.parametrize("scenarios", WIDTHS)
def test_the_twin_is_row_after_row(scenarios):
    given = scene(scenarios, scenarios)
    assert same_bits(reference.net_shaped_worst(*given), by_hand(*given))


@needs_native
@pytest.mark.parametrize("scenarios", WIDTHS)
def test_shaped_scans_equal_the_twin_bit_for_bit(scenarios):
    given = scene(scenarios, scenarios, outer=90)
    expected = reference.net_shaped_worst(*given)
    for way in every_way():
        with running(*way):
            assert same_bits(native.net_shaped_worst(*given), expected), way


@pytest.mark.parametrize("kernels", [reference, pytest.param(native, marks=needs_native)])
def test_what_does_not_fit_is_refused_alike(kernels):
    change, value, parts, weight = scene(3, 9)
    with pytest.raises(TickOverflow):
        kernels.net_shaped_worst(change * 1e15, value, parts, weight)
    change[parts[0].sets[0][0][0], 2] = np.nan
    with pytest.raises(NotFinite):
        kernels.net_shaped_worst(change, value, parts, weight)
    with pytest.raises(ValueError, match="weight"):
        kernels.net_shaped_worst(change, value, parts, weight[1:])
    lost = ShapedPart(
        sets=parts[0].sets,
        label=parts[0].label + LABELS,
        start=parts[0].start,
        steps=parts[0].steps,
    )
    with pytest.raises(ValueError, match="label"):
        kernels.net_shaped_worst(change, value, [lost], weight)


@needs_native
def test_a_rough_bound_that_fails_does_not_lose_the_figure():
    change, value, parts, weight = scene(5, 16)
    change[0], change[1] = 1e-9, 1e12
    listing, contracts, indptr = parts[0].sets[0]
    contracts = np.where(listing == 0, 1e13, np.where(listing == 1, 1e-3, contracts))
    first = ShapedPart(
        sets=((listing, contracts, indptr),),
        label=parts[0].label,
        start=parts[0].start,
        steps=parts[0].steps,
    )
    expected = reference.net_shaped_worst(change, value, [first], weight)
    for way in every_way():
        with running(*way):
            found = native.net_shaped_worst(change, value, [first], weight)
            assert same_bits(found, expected), way


@needs_native
@pytest.mark.parametrize("scenarios", [1, 5, 8, 200, 431])
@pytest.mark.parametrize("tail_count", [1, 2, 3, 13])
def test_a_tail_over_several_sets_is_that_of_their_rows_together(scenarios, tail_count):
    if tail_count > scenarios:
        return
    rng = np.random.default_rng(scenarios)
    change = np.round(rng.normal(0.0, 900.0, (LISTINGS, scenarios)), 3)
    first, *more = (rows_of(rng, 40, most) for most in (7, 2, 3))
    expected = reference.net_worst_tail(change, *first, tail_count, more=more)
    whole = sum(reference.net_ticks(change, *each) for each in (first, *more))
    assert expected[0].tolist() == whole.min(axis=1).tolist()
    for way in every_way():
        with running(*way):
            found = native.net_worst_tail(change, *first, tail_count, more=more)
            assert same_bits(found, expected), way


@pytest.mark.parametrize("kernels", [reference, pytest.param(native, marks=needs_native)])
def test_net_and_gross_are_sums_of_rounded_rows(kernels):
    rng = np.random.default_rng(8)
    figure = np.round(rng.normal(0.0, 100.0, LISTINGS), 2)
    listing, contracts, indptr = rows_of(rng, 60, 9)
    net, gross = kernels.net_and_gross(figure, listing, contracts, indptr)
    ticks = np.rint(contracts * figure[listing])
    for group in range(60):
        own = ticks[indptr[group] : indptr[group + 1]]
        assert (net[group], gross[group]) == (own.sum(), np.abs(own).sum())
    assert not np.signbit(net[net == 0.0]).any()


@pytest.mark.parametrize("kernels", [reference, pytest.param(native, marks=needs_native)])
def test_amounts_that_do_not_add_exactly_are_refused(kernels):
    rows = (np.array([0, 1]), np.array([1.0, -1.0]), np.array([0, 2]))
    with pytest.raises(TickOverflow, match="group 0"):
        kernels.net_and_gross(np.array([2.0**52, 2.0**52]), *rows)
    with pytest.raises(NotFinite, match="group 0"):
        kernels.net_and_gross(np.array([np.nan, 1.0]), *rows)
    with pytest.raises(ValueError, match="outside"):
        kernels.net_and_gross(np.array([1.0]), *rows)


accounts = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 5)), max_size=12)


@settings(max_examples=120)
@given(
    first=accounts,
    second=accounts,
    key=st.lists(st.integers(-1, 3), min_size=6, max_size=6),
    is_sorted=st.booleans(),
)
def test_every_row_is_in_the_group_of_its_account_and_key(first, second, key, is_sorted):
    blocks = []
    for drawn in (first, second):
        rows = sorted(drawn, key=lambda row: row[0]) if is_sorted else drawn
        account, label = ([row[side] for row in rows] for side in (0, 1))
        blocks.append((np.array(account, dtype=np.int64), np.array(label, dtype=np.int64)))
    table = np.array(key, dtype=np.int64)
    present = sorted(
        {(a, key[label]) for drawn in (first, second) for a, label in drawn if key[label] >= 0}
    )
    for kernels in (reference, native) if native.LIBRARY is not None else (reference,):
        account, found_key, found = kernels.grouped_rows(blocks, table)
        assert list(zip(account.tolist(), found_key.tolist(), strict=True)) == present
        for (holder, label), rows in zip(blocks, found, strict=True):
            expected = [
                present.index((a, key[place])) if key[place] >= 0 else -1
                for a, place in zip(holder.tolist(), label.tolist(), strict=True)
            ]
            assert rows.row_group.tolist() == expected
            inside = [row for row in range(len(expected)) if expected[row] >= 0]
            assert rows.order.tolist() == sorted(inside, key=lambda row: expected[row])
            assert np.diff(rows.indptr).tolist() == [
                expected.count(group) for group in range(len(present))
            ]
            assert rows.in_order == (rows.order.tolist() == list(range(len(expected))))


@pytest.mark.parametrize("kernels", [reference, pytest.param(native, marks=needs_native)])
def test_groups_of_what_is_no_account_or_key_are_refused(kernels):
    one = np.array([0])
    with pytest.raises(ValueError, match="negative"):
        kernels.grouped_rows([(np.array([-1]), one)], np.array([0]))
    with pytest.raises(ValueError, match="negative"):
        kernels.grouped_rows([(one, one)], np.array([-2]))
    with pytest.raises(IndexError):
        kernels.grouped_rows([(one, np.array([7]))], np.array([0]))
