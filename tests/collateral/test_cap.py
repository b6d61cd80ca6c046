import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from crossmargin.collateral.cap import Cap, capped, shared_scale
from crossmargin.collateral.packing import most_that_fits

NAN = float("nan")


def cap_on(key: list[int], limit: list[float]) -> Cap:
    return Cap(key=np.array(key), limit=np.array(limit))


def test_rows_under_one_cap_share_it_in_proportion() -> None:
    found = capped(
        np.array([30.0, 10.0, 5.0]), np.zeros(3, dtype=np.int64), [cap_on([0, 0, 1], [20.0] * 3)]
    )
    np.testing.assert_allclose(found, [15.0, 5.0, 5.0])


def test_a_cap_holds_for_each_account_by_itself() -> None:
    found = capped(np.array([30.0, 15.0]), np.array([0, 1]), [cap_on([0, 0], [20.0] * 2)])
    np.testing.assert_allclose(found, [20.0, 15.0])


def test_a_row_outside_or_without_a_limit_keeps_its_credit() -> None:
    found = capped(
        np.array([30.0, 30.0]), np.zeros(2, dtype=np.int64), [cap_on([-1, 0], [1.0, NAN])]
    )
    np.testing.assert_allclose(found, 30.0)


def test_worthless_collateral_in_the_same_place_takes_nothing_from_good_collateral() -> None:
    # One venue with a cap of 10; the second row's bridge has a cap of 0.
    caps = [cap_on([0, 0], [10.0, 10.0]), cap_on([-1, 0], [NAN, 0.0])]
    found = capped(np.array([10.0, 10.0]), np.zeros(2, dtype=np.int64), caps)
    np.testing.assert_allclose(found, [10.0, 0.0])


def test_the_order_of_caps_does_not_change_an_accounts_credit() -> None:
    caps = [
        cap_on([0, 0, 1], [12.0, 12.0, 9.0]),
        cap_on([0, 1, 1], [7.0, 10.0, 10.0]),
        cap_on([0, 1, 0], [11.0, 30.0, 11.0]),
    ]
    account = np.zeros(3, dtype=np.int64)
    credit = np.array([10.0, 8.0, 9.5])
    totals = {capped(credit, account, order).sum() for order in (caps, caps[::-1])}
    assert max(totals) - min(totals) < 1e-9


@given(
    amount=st.lists(st.floats(0.0, 1e6), min_size=1, max_size=6),
    seed=st.integers(0, 2**32 - 1),
)
def test_overlapping_caps_give_the_optimum_of_the_linear_programme(
    amount: list[float], seed: int
) -> None:
    draw = np.random.default_rng(seed)
    member = draw.integers(0, 2, size=(4, len(amount))).astype(float)
    limit = draw.uniform(0.0, 1e6, size=4)
    use = np.concatenate([member, np.eye(len(amount))])
    found = most_that_fits(use, np.concatenate([limit, amount]))
    best = linprog(
        -np.ones(len(amount)), A_ub=member, b_ub=limit, bounds=[(0.0, a) for a in amount]
    )
    assert found.sum() == pytest.approx(-best.fun, rel=1e-7, abs=1e-3)
    assert np.all(member @ found <= limit * (1 + 1e-9) + 1e-6)
    assert np.all((found >= 0.0) & (found <= np.array(amount) * (1 + 1e-12) + 1e-9))


def test_an_unknown_credit_makes_the_account_unknown_where_caps_overlap() -> None:
    caps = [cap_on([0, 0], [1.0, 1.0]), cap_on([0, 0], [2.0, 2.0]), cap_on([0, 1], [3.0, NAN])]
    found = capped(np.array([NAN, 9.0]), np.zeros(2, dtype=np.int64), caps)
    assert np.isnan(found[0])


def test_all_accounts_share_what_a_venue_counts() -> None:
    limit = np.array([100.0, 100.0, NAN, 100.0, np.inf])
    total = np.array([400.0, 50.0, NAN, NAN, NAN])
    np.testing.assert_array_equal(shared_scale(limit, total), [0.25, 1.0, 1.0, NAN, 1.0])
