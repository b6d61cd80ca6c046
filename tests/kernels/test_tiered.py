import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.kernels import native, reference, tiered_rate
from tests.kernels.native_sets import every_way, needs_native, running

WAYS = [(False, False), (True, False), (True, True)]
ODD_SIZES = [0.0, -0.0, 5e-324, 1e-300, 1e300, math.inf, math.nan, -1.0]


def product(amount: float, rate: float) -> float:
    return 0.0 if amount == 0.0 else amount * rate


def rate_of_one(size: float, bound: list[float], rate: list[float], whole: bool, below: bool):
    """One size, tier by tier, as a person would add it up."""
    if math.isnan(size):
        return math.nan
    if whole:
        reached = sum(size > end if below else size >= end for end in bound)
        return rate[reached]
    if not size > 0.0:
        return rate[0]
    total, start = 0.0, 0.0
    for tier_rate, end in zip(rate, [*bound, math.inf], strict=True):
        slice_size = min(size, end) - start
        # infinity less infinity is no number, and stays none
        total += product(slice_size if not slice_size <= 0.0 else 0.0, tier_rate)
        start = end
    return total / size


def brackets(seed: int, labels: int, tiers: int, groups: int):
    """Brackets of several lengths, some rates missing, sizes at, next to and far from bounds."""
    rng = np.random.default_rng(seed)
    bound = np.cumsum(rng.uniform(1e-3, 1e6, (labels, tiers - 1)), axis=1)
    rate = np.sort(rng.uniform(0.0, 0.9, (labels, tiers)), axis=1)
    for row in range(0, labels, 3):
        shorter = int(rng.integers(1, tiers + 1))
        bound[row, shorter - 1 :] = np.inf
        rate[row, shorter:] = rate[row, shorter - 1]
    rate[rng.random(rate.shape) < 0.05] = np.nan
    label = rng.integers(0, labels, groups)
    size = rng.uniform(0.0, 2e6, groups)
    if tiers > 1:
        at = bound[label, rng.integers(0, tiers - 1, groups)]
        size = np.select(
            [rng.random(groups) < 0.3, rng.random(groups) < 0.2, rng.random(groups) < 0.2],
            [at, np.nextafter(at, 0.0), np.nextafter(at, np.inf)],
            size,
        )
    odd = rng.random(groups) < 0.2
    size[odd] = rng.choice(ODD_SIZES, odd.sum())
    return size, bound, rate, label


def assert_native_is_the_twin(columns) -> None:
    for whole, below in WAYS:
        expected = reference.tiered_rate(*columns, whole=whole, bound_below=below)
        for way in every_way():
            with running(*way):
                found = native.tiered_rate(*columns, whole=whole, bound_below=below)
                assert found.tobytes() == expected.tobytes(), (way, whole, below)


@pytest.mark.parametrize("tiers", [1, 2, 3, 5, 12])
@pytest.mark.parametrize(("whole", "below"), WAYS)
def test_the_twin_is_the_sum_of_the_slices_one_by_one(tiers: int, whole: bool, below: bool) -> None:
    size, bound, rate, label = brackets(tiers, 7, tiers, 400)
    found = reference.tiered_rate(size, bound, rate, label, whole=whole, bound_below=below)
    expected = [
        rate_of_one(float(one), bound[row].tolist(), rate[row].tolist(), whole, below)
        for one, row in zip(size, label, strict=True)
    ]
    assert np.array_equal(found, expected, equal_nan=True)
    assert np.isfinite(found).sum() > 100


@needs_native
@pytest.mark.parametrize("tiers", [1, 2, 3, 5, 12])
@pytest.mark.parametrize("groups", [0, 1, 2, 3, 7, 8, 9, 17, 1_000])
def test_native_rates_equal_the_twin_bit_for_bit(tiers: int, groups: int) -> None:
    assert_native_is_the_twin(brackets(groups + tiers, 7, tiers, groups))


@needs_native
def test_rates_of_many_groups_are_cut_among_threads_without_changing_a_bit() -> None:
    assert_native_is_the_twin(brackets(1, 300, 10, 40_003))


numbers = st.floats(width=64)


@needs_native
@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_numbers_at_all_have_the_bits_of_the_twin(data: st.DataObject) -> None:
    groups, labels = data.draw(st.integers(0, 11)), data.draw(st.integers(1, 3))
    tiers = data.draw(st.integers(1, 4))

    def drawn(count: int, of: st.SearchStrategy[float]) -> np.ndarray:
        return np.array(data.draw(st.lists(of, min_size=count, max_size=count)), dtype=float)

    bound = drawn(labels * (tiers - 1), numbers).reshape(labels, tiers - 1)
    rate = drawn(labels * tiers, numbers).reshape(labels, tiers)
    size = drawn(groups, numbers | st.sampled_from([0.0, *bound.ravel()]))
    label = drawn(groups, st.integers(0, labels - 1).map(float)).astype(np.int64)
    assert_native_is_the_twin((size, bound, rate, label))


def test_a_missing_rate_only_harms_who_reaches_its_tier() -> None:
    bound, rate = np.array([[10.0, 20.0]]), np.array([[0.1, 0.2, np.nan]])
    size, label = np.array([5.0, 20.0, 20.5]), np.zeros(3, dtype=np.int64)
    found = tiered_rate(size, bound, rate, label, whole=False, bound_below=False)
    assert found[:2].tolist() == [0.1, 3.0 / 20.0]
    assert np.isnan(found[2])


def test_at_a_bound_a_whole_amount_takes_the_tier_above_or_below() -> None:
    columns = (np.array([10.0]), np.array([[10.0]]), np.array([[0.1, 0.2]]), np.array([0]))
    assert tiered_rate(*columns, whole=True, bound_below=False).tolist() == [0.2]
    assert tiered_rate(*columns, whole=True, bound_below=True).tolist() == [0.1]


def faulty_brackets():
    """Columns that do not fit together, each with the words of the refusal."""
    size, label = np.array([1.0, 2.0]), np.array([0, 1])
    bound, rate = np.ones((2, 1)), np.ones((2, 2))
    return {
        "label outside": ((size, bound, rate, np.array([0, 2])), "outside the brackets"),
        "label below": ((size, bound, rate, np.array([-1, 0])), "outside the brackets"),
        "no labels": ((size, bound[:0], rate[:0], label), "outside the brackets"),
        "fewer labels": ((size, bound, rate, label[:1]), r"must be \(groups,\)"),
        "no tiers": ((size, bound[:, :0], rate[:, :0], label), "one tier at least"),
        "too many bounds": ((size, rate, rate, label), r"\(labels, tiers - 1\)"),
        "small floats": ((size.astype(np.float32), bound, rate, label), "float64"),
        "small labels": ((size, bound, rate, label.astype(np.int32)), "int64"),
    }


@pytest.mark.parametrize("name", list(faulty_brackets()))
def test_brackets_that_do_not_fit_are_refused_by_both_backends(name: str) -> None:
    columns, words = faulty_brackets()[name]
    for kernels in (reference, native):
        with pytest.raises(ValueError, match=words):
            kernels.tiered_rate(*columns, whole=False, bound_below=False)


@needs_native
def test_columns_in_any_layout_are_read_alike() -> None:
    size, bound, rate, label = brackets(5, 4, 6, 50)
    expected = reference.tiered_rate(size, bound, rate, label, whole=False, bound_below=False)
    turned = (np.repeat(size, 2)[::2], np.asfortranarray(bound), np.asfortranarray(rate), label)
    found = native.tiered_rate(*turned, whole=False, bound_below=False)
    assert found.tobytes() == expected.tobytes()
