import numpy as np
import pytest

from crossmargin.kernels import NotFinite, TickOverflow, native, reference
from tests.kernels.native_sets import LIBRARY

BACKENDS = [reference, native] if LIBRARY is not None else [reference]


def market(seed: int, listings: int = 12, scenarios: int = 21) -> np.ndarray:
    return np.round(np.random.default_rng(seed).normal(0.0, 1e4, (listings, scenarios)), 2)


def positions(seed: int, groups: int, accounts: int, listings: int = 12):
    """Rows of groups, each listing once, and the account of each group in no order."""
    rng = np.random.default_rng(seed)
    held = [rng.permutation(listings)[: rng.integers(0, 8)] for _ in range(groups)]
    indptr = np.cumsum([0, *(len(rows) for rows in held)], dtype=np.int64)
    listing = np.concatenate(held).astype(np.int64)
    contracts = np.round(rng.normal(0.0, 5.0, listing.size), 1)
    account = rng.permutation(np.arange(groups) % accounts).astype(np.int64)
    return listing, contracts, indptr, account


def recomputed(change: np.ndarray, book, tail_count: int, accounts: int):
    """Worst, scenario and tail of every account from nothing but the rows of the book."""
    listing, contracts, indptr, account = book.rows()
    row_account = np.repeat(account, np.diff(indptr))
    order = np.argsort(row_account, kind="stable")
    cuts = np.searchsorted(row_account[order], np.arange(accounts + 1))
    return reference.net_worst_tail(change, listing[order], contracts[order], cuts, tail_count)


def assert_equal_bits(found, expected) -> None:
    for one, other in zip(found, expected, strict=True):
        assert np.asarray(one).tobytes() == np.asarray(other).tobytes()


@pytest.mark.parametrize("kernels", BACKENDS)
@pytest.mark.parametrize("tail_count", [1, 3, 6])
def test_three_hundred_changes_equal_a_recomputation_from_the_rows(kernels, tail_count) -> None:
    rng = np.random.default_rng(tail_count)
    change = market(1)
    book = kernels.ResidentBook(change, *positions(2, 9, 4), tail_count, 0.0)
    live = set(range(9))
    for step in range(300):
        group = int(rng.choice(sorted(live)))
        listing = int(rng.integers(0, 12))
        match step % 12:
            case 3:
                first = int(rng.integers(0, 10))
                fresh = market(step, 2)
                change[first : first + 2] = fresh
                affected = book.set_changes(first, fresh)
                assert np.array_equal(affected, np.unique(affected))
            case 7:
                live.add(book.add_group(int(rng.integers(0, book.accounts_count + 1))))
            case 9 if len(live) > 3:
                book.remove_group(group)
                live.remove(group)
            case _:
                size = float(np.round(rng.normal(0.0, 5.0), 1)) if step % 5 else 0.0
                book.set_contracts(group, listing, size)
                assert book.contracts(group, listing) == size
        if step % 10 == 0:
            expected = recomputed(change, book, tail_count, book.accounts_count)
            assert_equal_bits(book.tails(), expected)
    assert book.accounts_count > 4
    assert_equal_bits(book.tails(), recomputed(change, book, tail_count, book.accounts_count))


@pytest.mark.skipif(LIBRARY is None, reason="crossmargin-native is not installed")
def test_both_backends_answer_every_call_alike() -> None:
    rng = np.random.default_rng(5)
    rows = positions(3, 12, 5)
    books = [kernels.ResidentBook(market(4), *rows, 2, 0.25) for kernels in BACKENDS]

    def both(name: str, *arguments: object) -> None:
        one, other = (getattr(book, name)(*arguments) for book in books)
        if isinstance(one, tuple):
            assert_equal_bits(one, other)
        else:
            assert np.array_equal(one, other), name

    for step in range(200):
        group, listing = int(rng.integers(0, 12)), int(rng.integers(0, 12))
        both("set_contracts", group, listing, float(np.round(rng.normal(), 1)))
        both("contracts", group, listing)
        if step % 20 == 0:
            both("set_changes", int(rng.integers(0, 8)), market(step, 4))
            both("add_group", int(rng.integers(0, 6)))
            both("tails")
            both("rows")
            both("tail", int(rng.integers(0, 5)))
            both("ticks", int(rng.integers(0, 5)))
    both("remove_group", 3)
    both("rows")
    assert [book.groups_count for book in books] == [22, 22]


@pytest.mark.skipif(LIBRARY is None, reason="crossmargin-native is not installed")
def test_many_accounts_are_settled_by_threads_to_the_same_bits() -> None:
    change = market(6, 12, 200)
    rows = positions(7, 3_000, 800)
    expected = reference.ResidentBook(change, *rows, 2, 0.0)
    before = LIBRARY.threads()
    try:
        for threads in (1, 2, 3):
            LIBRARY.use_threads(threads)
            book = native.ResidentBook(change, *rows, 2, 0.0)
            assert_equal_bits(book.tails(), expected.tails())
            book.set_changes(2, market(8, 6, 200))
            fresh = change.copy()
            fresh[2:8] = market(8, 6, 200)
            assert_equal_bits(book.tails(), recomputed(fresh, book, 2, 800))
    finally:
        LIBRARY.use_threads(before)


@pytest.mark.parametrize("kernels", BACKENDS)
def test_an_account_without_positions_has_zero_ticks(kernels) -> None:
    none = np.zeros(0, dtype=np.int64)
    book = kernels.ResidentBook(
        market(1), none, np.zeros(0), np.zeros(1, dtype=np.int64), none, 2, 0.0
    )
    assert (book.accounts_count, book.groups_count) == (0, 0)
    group = book.add_group(0)
    assert book.tail(0) == (0.0, 0, 0.0)
    assert not book.ticks(0).any()
    worst, _ = book.set_contracts(group, 3, -2.0)
    assert worst == np.rint(-2.0 * market(1)[3]).min()
    assert book.set_contracts(group, 3, 0.0) == (0.0, 0.0)
    assert book.rows()[0].size == 0


@pytest.mark.parametrize("kernels", BACKENDS)
def test_a_refused_call_changes_nothing(kernels) -> None:
    rows = positions(2, 9, 4)
    book = kernels.ResidentBook(market(1), *rows, 2, 0.0)
    before, held = book.tails(), book.rows()
    listing = int(rows[0][0])
    group = int(np.flatnonzero(np.diff(rows[2]))[0])
    not_a_number, too_much = market(1)[:1] * np.nan, np.full((1, 21), 2.0**52 + 1.0)
    for refused, name, arguments in (
        (TickOverflow, "set_contracts", (group, 1, 1e13)),
        (NotFinite, "set_contracts", (group, 1, float("nan"))),
        (NotFinite, "set_contracts", (group, 1, float("inf"))),
        (NotFinite, "set_changes", (listing, not_a_number)),
        (TickOverflow, "set_changes", (listing, too_much)),
        (IndexError, "set_contracts", (9, 1, 1.0)),
        (IndexError, "set_contracts", (-1, 1, 1.0)),
        (IndexError, "set_contracts", (0, 12, 1.0)),
        (IndexError, "set_contracts", (0, -1, 1.0)),
        (IndexError, "contracts", (0, 12)),
        (IndexError, "contracts", (9, 0)),
        (IndexError, "set_changes", (11, market(1)[:2])),
        (ValueError, "set_changes", (0, market(1)[:, :5].copy())),
        (IndexError, "add_group", (5,)),
        (IndexError, "add_group", (-1,)),
        (IndexError, "remove_group", (9,)),
        (IndexError, "tail", (4,)),
        (IndexError, "ticks", (-1,)),
    ):
        with pytest.raises(refused):
            getattr(book, name)(*arguments)
    assert_equal_bits(book.tails(), before)
    assert_equal_bits(book.rows(), held)


@pytest.mark.parametrize("kernels", BACKENDS)
def test_an_overflow_names_the_group(kernels) -> None:
    book = kernels.ResidentBook(market(1), *positions(2, 9, 4), 2, 0.0)
    with pytest.raises(TickOverflow, match=r"group 5: absolute ticks may add up") as refused:
        book.set_contracts(5, 1, 1e13)
    assert refused.value.group == 5


@pytest.mark.parametrize("kernels", BACKENDS)
def test_a_removed_group_is_gone_and_its_number_is_given_out_again(kernels) -> None:
    book = kernels.ResidentBook(market(1), *positions(2, 9, 4), 2, 0.0)
    book.remove_group(6)
    for name, arguments in (("set_contracts", (6, 0, 1.0)), ("remove_group", (6,))):
        with pytest.raises(IndexError, match="no such group"):
            getattr(book, name)(*arguments)
    assert book.rows()[3][6] == -1
    assert book.add_group(4) == 6
    assert book.tail(4) == (0.0, 0, 0.0)


@pytest.mark.parametrize("kernels", BACKENDS)
def test_a_book_that_cannot_be_is_refused(kernels) -> None:
    change = market(1)
    listing, contracts, indptr, account = positions(2, 9, 4)
    twice = listing.copy()
    group = int(np.flatnonzero(np.diff(indptr) > 1)[0])
    twice[indptr[group] + 1] = twice[indptr[group]]
    lost = account.copy()
    lost[0] = -1
    broken = contracts.copy()
    broken[0] = np.nan
    for refused, arguments in (
        (ValueError, (change, twice, contracts, indptr, account, 2, 0.0)),
        (ValueError, (change, listing + 12, contracts, indptr, account, 2, 0.0)),
        (ValueError, (change, listing, contracts, indptr, account[:-1].copy(), 2, 0.0)),
        (ValueError, (change, listing, contracts, indptr, account, 22, 0.0)),
        (ValueError, (change, listing, contracts, indptr, account, 0, 0.0)),
        (IndexError, (change, listing, contracts, indptr, lost, 2, 0.0)),
        (NotFinite, (change, listing, broken, indptr, account, 2, 0.0)),
        (TickOverflow, (change, listing, contracts * 1e13, indptr, account, 2, 0.0)),
    ):
        with pytest.raises(refused):
            kernels.ResidentBook(*arguments)


@pytest.mark.skipif(LIBRARY is None, reason="crossmargin-native is not installed")
def test_a_native_update_refuses_arguments_that_are_no_numbers() -> None:
    book = native.ResidentBook(market(1), *positions(2, 9, 4), 2, 0.0)
    for arguments in ((0, 1), (0, 1, "2"), (0.5, 1, 2.0), (0, 1, 2.0, 3)):
        with pytest.raises(TypeError):
            book.set_contracts(*arguments)
    with pytest.raises(TypeError):
        LIBRARY.ResidentBook.__new__(LIBRARY.ResidentBook).set_contracts(0, 0, 1.0)
