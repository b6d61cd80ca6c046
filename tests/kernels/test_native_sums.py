import itertools
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.kernels import NotFinite, TickOverflow, native, reference
from tests.kernels.native_sets import every_way, needs_native, running

pytestmark = needs_native

# Below, at and above whole vectors of every instruction set, and above the registers of one block.
WIDTHS = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 47, 48, 49, 96, 200, 208, 209, 215, 431, 500]


def book(seed: int, listings: int, scenarios: int, groups: int, rows_max: int = 20):
    """A ragged book with empty groups, whole and broken contracts and exact ties."""
    rng = np.random.default_rng(seed)
    change = np.round(rng.normal(0.0, 1000.0, (listings, scenarios)), 3)
    change[:, rng.integers(0, scenarios)] = change[:, 0]
    count = rng.integers(0, rows_max, groups)
    indptr = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    listing = rng.integers(0, listings, indptr[-1])
    contracts = np.round(rng.normal(0.0, 5.0, indptr[-1]), 1)
    return change, listing, contracts, indptr


def same_bits(found: tuple[np.ndarray, ...], expected: tuple[np.ndarray, ...]) -> bool:
    return all(
        one.dtype == other.dtype and one.tobytes() == other.tobytes()
        for one, other in zip(found, expected, strict=True)
    )


@pytest.mark.parametrize("scenarios", WIDTHS)
def test_sums_equal_the_twin_bit_for_bit_for_every_width(scenarios: int) -> None:
    rows = book(scenarios, 40, scenarios, 60)
    expected = reference.net_ticks(*rows)
    for way in every_way():
        with running(*way):
            assert native.net_ticks(*rows).tobytes() == expected.tobytes(), way


@pytest.mark.parametrize("scenarios", WIDTHS)
def test_tails_equal_the_twin_bit_for_bit_for_every_width(scenarios: int) -> None:
    rows = book(scenarios, 40, scenarios, 60)
    counts = {1, 2, 3, 4, 5, scenarios // 40, scenarios // 2, scenarios}
    for tail_count in sorted(counts & set(range(1, scenarios + 1))):
        fraction = 0.37 if tail_count < scenarios else 0.0
        expected = reference.net_worst_tail(*rows, tail_count, tail_fraction=fraction)
        for way in every_way():
            with running(*way):
                found = native.net_worst_tail(*rows, tail_count, tail_fraction=fraction)
                assert same_bits(found, expected), (way, tail_count)


@pytest.mark.parametrize("scenarios", [1, 5, 16, 200, 431])
def test_ranks_equal_the_twin_bit_for_bit(scenarios: int) -> None:
    rows = book(scenarios, 40, scenarios, 40)
    for rank in sorted({1, 2, (scenarios + 1) // 2, scenarios} - {0}):
        if rank > scenarios:
            continue
        expected = reference.net_ranked(*rows, rank)
        for way in every_way():
            with running(*way):
                assert same_bits(native.net_ranked(*rows, rank), expected), (way, rank)


def test_a_rank_is_that_of_a_stable_sort() -> None:
    change, listing, contracts, indptr = book(5, 10, 30, 25)
    ticks = reference.net_ticks(change, listing, contracts, indptr)
    ticks_by_rank, scenario = reference.net_ranked(change, listing, contracts, indptr, 4)
    order = np.argsort(ticks, axis=1, kind="stable")[:, 3]
    assert np.array_equal(scenario, order)
    assert np.array_equal(ticks_by_rank, ticks[np.arange(len(ticks)), order])


def test_scenarios_that_are_all_equal_name_the_first() -> None:
    change = np.full((3, 100), -7.0)
    rows = (change, np.array([0, 1, 2]), np.array([1.0, 2.0, -0.5]), np.array([0, 2, 3]))
    for way in every_way():
        with running(*way):
            for tail_count in (1, 2, 30, 100):
                worst, scenario, tail = native.net_worst_tail(*rows, tail_count)
                assert worst.tolist() == [-21.0, 4.0]
                assert scenario.tolist() == [0, 0]
                assert tail.tolist() == [-21.0 * tail_count, 4.0 * tail_count]


numbers = st.floats(-1e7, 1e7, allow_nan=False, width=64)


@settings(max_examples=60)
@given(st.data())
def test_any_small_book_has_the_bits_of_the_twin(data: st.DataObject) -> None:
    scenarios = data.draw(st.integers(1, 40))
    listings = data.draw(st.integers(1, 4))
    change = np.array(
        data.draw(st.lists(numbers, min_size=listings * scenarios, max_size=listings * scenarios))
    ).reshape(listings, scenarios)
    count = data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=5))
    indptr = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
    size = int(indptr[-1])
    listing = np.array(
        data.draw(st.lists(st.integers(0, listings - 1), min_size=size, max_size=size)),
        dtype=np.int64,
    )
    contracts = np.array(
        data.draw(st.lists(st.floats(-1e3, 1e3), min_size=size, max_size=size)), dtype=float
    )
    tail_count = data.draw(st.integers(1, scenarios))
    rows = (change, listing, contracts, indptr)
    expected = (reference.net_ticks(*rows), *reference.net_worst_tail(*rows, tail_count))
    for way in every_way():
        with running(*way):
            found = (native.net_ticks(*rows), *native.net_worst_tail(*rows, tail_count))
            assert same_bits(found, expected), way


def test_a_large_book_is_cut_among_threads_without_changing_a_bit() -> None:
    rng = np.random.default_rng(1)
    change, listing, contracts, indptr = book(3, 300, 200, 4_000)
    # one group that is longer than all others together
    listing = np.concatenate([listing, rng.integers(0, 300, 60_000)])
    contracts = np.concatenate([contracts, np.ones(60_000)])
    indptr = np.concatenate([indptr, [listing.size]])
    expected = reference.net_worst_tail(change, listing, contracts, indptr, 2)
    for way in every_way():
        with running(*way):
            found = native.net_worst_tail(change, listing, contracts, indptr, 2)
            assert same_bits(found, expected), way


def test_callers_at_the_same_time_get_the_same_bits() -> None:
    rows = book(8, 200, 200, 2_000)
    expected = reference.net_ticks(*rows)
    found: list[np.ndarray] = []
    callers = [
        threading.Thread(target=lambda: found.append(native.net_ticks(*rows))) for _ in "abc"
    ]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert [one.tobytes() == expected.tobytes() for one in found] == [True] * 3


def test_changes_in_any_layout_are_read_alike() -> None:
    change, listing, contracts, indptr = book(4, 6, 43, 2_000)
    expected = reference.net_ticks(change, listing, contracts, indptr)
    aside = np.empty(change.size + 1)[1:].reshape(change.shape)
    aside[...] = change
    strided = np.repeat(contracts, 2)[::2]
    found = native.net_ticks(aside, listing, strided, indptr)
    assert found.tobytes() == expected.tobytes()
    turned = np.empty((43, 2_000)).T
    assert native.net_ticks(change, listing, contracts, indptr, turned) is turned
    assert np.array_equal(turned, expected)


def faulty_books():
    """Books that the twin refuses, each with a reason."""
    change, listing, contracts, indptr = book(9, 20, 21, 30)
    row = int(indptr[12])
    nan_change, inf_change = change.copy(), change.copy()
    nan_change[listing[row], 3], inf_change[listing[row], 20] = np.nan, -np.inf
    nan_contracts, inf_contracts, huge = contracts.copy(), contracts.copy(), contracts.copy()
    nan_contracts[row], inf_contracts[row], huge[row] = np.nan, np.inf, 1e14
    nothing_of_nan = contracts.copy()
    nothing_of_nan[:] = 0.0
    outside, below = listing.copy(), listing.copy()
    outside[row], below[row] = 20, -1
    falling, short, late = indptr.copy(), indptr.copy(), indptr.copy()
    falling[5], short[-1], late[0] = indptr[-1] + 10, indptr[-1] - 1, 1
    return {
        "nan change": (nan_change, listing, contracts, indptr),
        "infinite change": (inf_change, listing, contracts, indptr),
        "nan contracts": (change, listing, nan_contracts, indptr),
        "infinite contracts": (change, listing, inf_contracts, indptr),
        "2**53": (change, listing, huge, indptr),
        "beyond every double": (change * 1e300, listing, huge, indptr),
        "nothing of a nan": (nan_change, listing, nothing_of_nan, indptr),
        "listing outside": (change, outside, contracts, indptr),
        "listing below": (change, below, contracts, indptr),
        "falling indptr": (change, listing, contracts, falling),
        "short indptr": (change, listing, contracts, short),
        "late indptr": (change, listing, contracts, late),
        "no scenarios": (change[:, :0].copy(), listing, contracts, indptr),
        "columns first": (np.asfortranarray(change), listing, contracts, indptr),
        "small floats": (change.astype(np.float32), listing, contracts, indptr),
        "small integers": (change, listing.astype(np.int32), contracts, indptr),
        "missing contracts": (change, listing, contracts[:-1], indptr),
    }


@pytest.mark.parametrize("name", list(faulty_books()))
def test_what_the_twin_refuses_is_refused_with_the_same_words(name: str) -> None:
    rows = faulty_books()[name]
    with pytest.raises((ValueError, NotFinite, TickOverflow)) as expected:
        reference.net_ticks(*rows)
    for way in every_way():
        with running(*way):
            for kernel in (native.net_ticks, lambda *rows: native.net_worst_tail(*rows, 2)):
                with pytest.raises(type(expected.value)) as found:
                    kernel(*rows)
                if str(expected.value).startswith("no tail"):
                    continue
                assert str(found.value) in {
                    str(expected.value),
                    "no tail of 2 and 0.0 of 0 scenarios",
                }
                assert getattr(found.value, "group", None) == getattr(expected.value, "group", None)


def test_a_bound_in_doubt_does_not_refuse_an_exact_sum() -> None:
    # The bound counts 2**52 + 2**52; the scenarios never meet.
    change = np.array([[2.0**52, 0.0], [0.0, 2.0**52]])
    rows = (change, np.array([0, 1]), np.array([1.0, -1.0]), np.array([0, 2]))
    for way in every_way():
        with running(*way):
            assert native.net_ticks(*rows).tolist() == [[2.0**52, -(2.0**52)]]


def test_a_nan_that_nobody_holds_harms_nobody() -> None:
    change, listing, contracts, indptr = book(2, 20, 30, 10)
    change[7] = np.nan
    contracts = contracts[listing != 7]
    indptr = np.concatenate([[0], np.cumsum(listing != 7)])[indptr]
    rows = (change, listing[listing != 7], contracts, indptr)
    expected = reference.net_worst_tail(*rows, 1)
    for way in every_way():
        with running(*way):
            assert same_bits(native.net_worst_tail(*rows, 1), expected)


def test_bounds_of_absolute_ticks_equal_the_twin() -> None:
    for rows in (book(6, 30, 25, 50), faulty_books()["nan change"], faulty_books()["2**53"]):
        expected = reference.gross_bound_ticks(*rows)
        for way in every_way():
            with running(*way):
                found = native.gross_bound_ticks(*rows)
                assert np.array_equal(found, expected, equal_nan=True)


@pytest.mark.parametrize(
    ("tail_count", "tail_fraction"), [(0, 0.0), (31, 0.0), (30, 0.5), (-1, 0.5)]
)
def test_a_tail_that_the_scenarios_do_not_have_is_refused(tail_count, tail_fraction) -> None:
    rows = book(1, 5, 30, 3)
    for kernels in (reference, native):
        with pytest.raises(ValueError, match="no tail"):
            kernels.net_worst_tail(*rows, tail_count, tail_fraction=tail_fraction)
        with pytest.raises(ValueError, match="no rank"):
            kernels.net_ranked(*rows, 31)


def test_a_result_array_of_another_shape_is_refused() -> None:
    rows = book(1, 5, 30, 3)
    with pytest.raises(ValueError, match="out must be"):
        native.net_ticks(*rows, np.empty((3, 29)))


def test_the_first_repeated_row_is_found_by_both_backends() -> None:
    rng = np.random.default_rng(3)
    for seed in range(30):
        indptr = np.concatenate([[0], np.cumsum(rng.integers(0, 5, 12))]).astype(np.int64)
        listing = rng.integers(0, 30 + seed * 20, indptr[-1])
        expected = next(
            (
                row
                for begin, end in itertools.pairwise(indptr.tolist())
                for row in range(begin, end)
                if listing[row] in listing[begin:row]
            ),
            -1,
        )
        for kernels in (reference, native):
            assert kernels.repeated_row(listing, indptr, 700) == expected
            with pytest.raises(ValueError, match="outside the listings"):
                kernels.repeated_row(listing, indptr, int(listing.max()))


def test_no_groups_give_no_results() -> None:
    change = np.ones((2, 8))
    none = np.zeros(0, dtype=np.int64)
    rows = (change, none, np.zeros(0), np.zeros(1, dtype=np.int64))
    assert native.net_ticks(*rows).shape == (0, 8)
    assert native.net_worst_tail(*rows, 1)[0].shape == (0,)
    no_listings = (np.ones((0, 3)), none, np.zeros(0), np.zeros(4, dtype=np.int64))
    assert native.net_ticks(*no_listings).tolist() == np.zeros((3, 3)).tolist()
    assert native.net_ranked(*no_listings, 2)[1].tolist() == [1, 1, 1]
