import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.base.failure import Reason
from crossmargin.collateral.schedule import (
    Flat,
    Measure,
    Schedule,
    SizeScaled,
    Tiered,
    market_credit,
    schedule_failures,
)

INF = float("inf")
NAN = float("nan")

FLAT = Flat(weight=np.array([0.98]))
BY_AMOUNT = Tiered(
    bound=np.array([[10.0, 20.0, 40.0]]),
    weight=np.array([[0.98, 0.95, 0.5, 0.0]]),
    measure=Measure.AMOUNT,
)
BY_VALUE = Tiered(
    bound=np.array([[1e5, 1e6]]), weight=np.array([[0.9, 0.8, 0.1]]), measure=Measure.VALUE
)
BY_SIZE = SizeScaled(weight=np.array([0.95]), factor=np.array([0.002]), numerator=np.array([1.1]))
SCHEDULES = [FLAT, BY_AMOUNT, BY_VALUE, BY_SIZE]


def credit_of(schedule: Schedule, amount: float, price: float) -> float:
    found = market_credit(
        schedule, np.zeros(1, dtype=np.int64), np.array([amount]), np.array([price])
    )
    return float(found[0])


@pytest.mark.parametrize(
    ("amount", "before", "after"), [(5e6, 2.55e6, 4.1e6), (10e6, 2.55e6, 5.6e6)]
)
def test_beth_is_discounted_slice_by_slice(amount: float, before: float, after: float) -> None:
    # OKX, 18 July 2024: the last slice gives nothing, which is a cap.
    old = Tiered(
        bound=np.array([[1e6, 2e6, 4e6]]),
        weight=np.array([[0.8, 0.75, 0.5, 0.0]]),
        measure=Measure.VALUE,
    )
    new = Tiered(
        bound=np.array([[2e6, 4e6, 8e6]]),
        weight=np.array([[0.95, 0.85, 0.5, 0.0]]),
        measure=Measure.VALUE,
    )
    assert credit_of(old, amount / 3_000.0, 3_000.0) == pytest.approx(before, abs=1e-6)
    assert credit_of(new, amount / 3_000.0, 3_000.0) == pytest.approx(after, abs=1e-6)


@pytest.mark.parametrize(("coins", "expected"), [(35.0, 1_627_500.0), (60.0, 2_240_000.0)])
def test_bybit_tiers_count_coins(coins: float, expected: float) -> None:
    bybit = Tiered(
        bound=np.array([[10.0, 20.0, 30.0, 40.0, 50.0]]),
        weight=np.array([[0.98, 0.95, 0.9, 0.85, 0.8, 0.0]]),
        measure=Measure.AMOUNT,
    )
    assert credit_of(bybit, coins, 50_000.0) == pytest.approx(expected, abs=1e-6)


def test_two_bitcoin_in_two_tiers_count_as_one_point_seven() -> None:
    tiers = Tiered(bound=np.array([[1.0]]), weight=np.array([[0.9, 0.8]]), measure=Measure.AMOUNT)
    assert credit_of(tiers, 2.0, 1.0) == pytest.approx(1.7, abs=1e-12)


def test_a_large_holding_weighs_less_by_the_root_of_its_size() -> None:
    # 1.1 / (1 + 0.002 x sqrt(250,000)) = 0.55; below 6,233 coins the plain weight holds.
    assert credit_of(BY_SIZE, 250_000.0, 2.0) == pytest.approx(275_000.0)
    assert credit_of(BY_SIZE, 100.0, 2.0) == pytest.approx(190.0)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
@given(
    amounts=st.lists(st.floats(0.0, 1e7), min_size=3, max_size=3).map(sorted),
    price=st.floats(1e-6, 1e6),
)
def test_credit_grows_with_the_quantity_ever_more_slowly_and_stays_below_the_market_value(
    schedule: Schedule, amounts: list[float], price: float
) -> None:
    low, middle, high = (credit_of(schedule, amount, price) for amount in amounts)
    dust = 1e-9 * amounts[2] * price
    assert -dust <= low <= middle + dust <= high + 2 * dust
    for amount, credit in zip(amounts, (low, middle, high), strict=True):
        assert credit <= amount * price + dust
    # Marginal credit does not increase: the chord to the middle lies on or above the long chord.
    reach = amounts[2] - amounts[0]
    if reach > 0.0:
        share = (amounts[1] - amounts[0]) / reach
        assert middle >= low + share * (high - low) - 4 * dust


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
def test_nothing_held_needs_no_price_and_something_held_does(schedule: Schedule) -> None:
    assert credit_of(schedule, 0.0, NAN) == 0.0
    assert np.isnan(credit_of(schedule, 1.0, NAN))


def test_what_weighs_nothing_is_worth_nothing_even_without_a_price() -> None:
    assert credit_of(Flat(weight=np.array([0.0])), 100_000.0, NAN) == 0.0


def test_an_asset_without_a_weight_has_no_credit_figure() -> None:
    assert np.isnan(credit_of(Flat(weight=np.array([NAN])), 1.0, 100.0))


def test_an_asset_with_fewer_tiers_is_padded_without_effect() -> None:
    tiers = Tiered(
        bound=np.array([[1.0, INF], [1.0, 2.0]]),
        weight=np.array([[0.9, 0.8, 0.8], [0.9, 0.8, 0.1]]),
        measure=Measure.AMOUNT,
    )
    found = market_credit(tiers, np.array([0, 1]), np.array([5.0, 5.0]), np.array([1.0, 1.0]))
    np.testing.assert_allclose(found, [4.1, 2.0])


def test_every_schedule_used_here_is_accepted() -> None:
    assert [f for schedule in SCHEDULES for f in schedule_failures(schedule, ["BTC"], "x")] == []


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (Flat(weight=np.array([1.01])), "a weight outside 0 to 1"),
        (
            Tiered(bound=np.array([[1.0]]), weight=np.array([[0.5, 0.6]]), measure=Measure.VALUE),
            "a tier weighs more than the one before it",
        ),
        (
            Tiered(
                bound=np.array([[2.0, 2.0]]),
                weight=np.array([[0.5, 0.4, 0.3]]),
                measure=Measure.VALUE,
            ),
            "bounds of tiers do not ascend from 0",
        ),
        (
            SizeScaled(weight=np.array([0.5]), factor=np.array([-1.0]), numerator=np.array([1.1])),
            "a negative size factor",
        ),
    ],
)
def test_a_schedule_that_could_reward_concentration_is_refused(
    schedule: Schedule, message: str
) -> None:
    [failure] = schedule_failures(schedule, ["BTC"], "haircuts")
    assert failure.reason is Reason.OUT_OF_BOUNDS
    assert failure.where == "haircuts.BTC"
    assert message in failure.message
