import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.collateral.credit import CollateralRows, Haircuts
from crossmargin.collateral.interval import CreditInterval, PriceInterval, credit_interval
from crossmargin.collateral.schedule import Flat

NAN = float("nan")


def interval(
    amount: list[float], low: list[float], last_good: list[float], high: list[float]
) -> CreditInterval:
    count = len(amount)
    rows = CollateralRows(
        account=np.zeros(count, dtype=np.int64),
        asset=np.arange(count),
        amount=np.array(amount),
        usable=np.ones(count, dtype=np.bool_),
        location_weight=np.ones(count),
        scale=np.ones(count),
    )
    haircuts = Haircuts(
        schedule=Flat(weight=np.full(count, 0.9)),
        liquidity_weight=np.ones(count),
        revalued=np.zeros(count, dtype=np.bool_),
    )
    price = PriceInterval(low=np.array(low), last_good=np.array(last_good), high=np.array(high))
    return credit_interval(rows, haircuts, price, ["BTC", "ETH", "SOL", "USDE"][:count])


def test_a_price_with_bounds_gives_three_ends() -> None:
    found = interval([10.0, -10.0], [80.0, 80.0], [100.0, 100.0], [110.0, 110.0])
    np.testing.assert_allclose(found.worst, [720.0, -1_100.0])
    np.testing.assert_allclose(found.last_good, [900.0, -1_100.0])
    np.testing.assert_allclose(found.best, [990.0, -800.0])
    assert found.missing == ()


def test_without_a_low_price_new_credit_is_nothing_and_maintenance_keeps_the_last_good() -> None:
    found = interval([10.0], [NAN], [100.0], [NAN])
    np.testing.assert_allclose([found.worst[0], found.last_good[0], found.best[0]], [0, 900, 900])


def test_without_any_price_the_figure_is_unavailable_and_says_why() -> None:
    found = interval([10.0, 0.0], [NAN, NAN], [NAN, NAN], [NAN, NAN])
    assert found.worst[0] == 0.0
    assert np.isnan(found.last_good[0])
    assert np.isnan(found.best[0])
    np.testing.assert_array_equal([found.worst[1], found.last_good[1], found.best[1]], 0.0)
    [failure] = found.missing
    assert failure.where == "assets.BTC"


def test_a_debt_without_an_upper_bound_has_no_worst_end() -> None:
    found = interval([-10.0], [NAN], [100.0], [NAN])
    assert np.isnan(found.worst[0])
    np.testing.assert_allclose([found.last_good[0], found.best[0]], -1_000.0)


def test_bounds_that_contradict_each_other_widen_the_interval() -> None:
    found = interval([10.0], [90.0], [80.0], [85.0])
    assert found.worst[0] == pytest.approx(720.0)
    assert found.best[0] == pytest.approx(810.0)


@given(
    amount=st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3),
    prices=st.lists(
        st.lists(st.floats(0.01, 1e5) | st.just(NAN), min_size=3, max_size=3),
        min_size=3,
        max_size=3,
    ),
)
def test_the_ends_are_ordered_wherever_they_exist(
    amount: list[float], prices: list[list[float]]
) -> None:
    found = interval(amount, *prices)
    for low, high in (
        (found.worst, found.last_good),
        (found.last_good, found.best),
        (found.worst, found.best),
    ):
        both = ~np.isnan(low) & ~np.isnan(high)
        assert np.all(low[both] <= high[both] + 1e-6)
