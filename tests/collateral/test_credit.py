import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from crossmargin.collateral.cap import Cap
from crossmargin.collateral.credit import CollateralRows, Credit, Haircuts, collateral_credit
from crossmargin.collateral.schedule import Flat, Measure, SizeScaled, Tiered

NAN = float("nan")
F8 = NDArray[np.float64]


def rows_of(
    amount: list[float],
    asset: list[int] | None = None,
    account: list[int] | None = None,
    location_weight: list[float] | None = None,
    usable: list[bool] | None = None,
    caps: tuple[Cap, ...] = (),
) -> CollateralRows:
    count = len(amount)
    return CollateralRows(
        account=np.array(account or [0] * count, dtype=np.int64),
        asset=np.array(asset or [0] * count, dtype=np.int64),
        amount=np.array(amount),
        usable=np.array([True] * count if usable is None else usable, dtype=np.bool_),
        location_weight=np.array([1.0] * count if location_weight is None else location_weight),
        scale=np.ones(count),
        caps=caps,
    )


def flat(*weight: float, liquidity: float = 1.0, revalued: bool = False) -> Haircuts:
    return Haircuts(
        schedule=Flat(weight=np.array(weight)),
        liquidity_weight=np.full(len(weight), liquidity),
        revalued=np.full(len(weight), revalued),
    )


def tiers(bound: list[float], weight: list[float]) -> Haircuts:
    return Haircuts(
        schedule=Tiered(bound=np.array([bound]), weight=np.array([weight]), measure=Measure.AMOUNT),
        liquidity_weight=np.ones(1),
        revalued=np.zeros(1, dtype=np.bool_),
    )


def at(rows: CollateralRows, haircuts: Haircuts, price: list[float]) -> Credit:
    return collateral_credit(rows, haircuts, np.array(price), np.array(price))


def equity(rows: CollateralRows, haircuts: Haircuts, price: list[float]) -> float:
    found = at(rows, haircuts, price)
    return float((found.credit + found.debt).sum())


def test_six_assets_at_flat_haircuts_give_the_total_that_bit_com_prints() -> None:
    amount = [3.136088934, 14_000.0, 5.0, 100_000.0, 4.0, 347_974.9709]
    price = [
        37_496.76318,
        3.2118265e-05,
        0.02507838032,
        1.109749128e-06,
        0.1497739099,
        1.000296667,
    ]
    haircuts = flat(1 - 0.02, 0.0, 0.0, 0.0, 0.0, 1 - 0.001)
    found = at(rows_of(amount, asset=[0, 1, 2, 3, 4, 5]), haircuts, price)
    assert found.credit[0] == pytest.approx(115_241.3204, abs=1e-3)
    assert found.credit[5] == pytest.approx(347_730.1252, abs=1e-3)
    assert found.credit.sum() == pytest.approx(462_971.4456, abs=1e-3)


def test_three_haircuts_multiply() -> None:
    found = at(rows_of([100.0], location_weight=[0.95]), flat(0.9, liquidity=0.98), [3_000.0])
    assert found.credit[0] == pytest.approx(251_370.0)


def test_revalued_collateral_loses_its_market_haircut_and_no_other() -> None:
    inside = flat(0.9, liquidity=0.98, revalued=True)
    found = at(rows_of([100.0], location_weight=[0.95]), inside, [3_000.0])
    assert found.credit[0] == pytest.approx(100 * 3_000 * 0.98 * 0.95)


def test_a_debt_is_never_reduced_by_a_haircut_and_is_valued_at_its_own_price() -> None:
    found = collateral_credit(
        rows_of([-2.0], location_weight=[0.5]),
        flat(0.5, liquidity=0.5),
        np.array([100.0]),
        np.array([103.0]),
    )
    assert found.credit[0] == 0.0
    assert found.debt[0] == -206.0


def test_coins_repay_a_debt_of_their_asset_before_the_haircut() -> None:
    found = at(rows_of([10.0, -4.0]), flat(0.9), [100.0])
    np.testing.assert_allclose(found.credit, [540.0, 0.0])
    np.testing.assert_allclose(found.debt, [0.0, 0.0])


def test_what_the_coins_do_not_repay_is_owed_in_full() -> None:
    found = at(rows_of([3.0, -4.0, -2.0]), flat(0.9), [100.0])
    np.testing.assert_allclose(found.credit, 0.0)
    np.testing.assert_allclose(found.debt, [0.0, -200.0, -100.0])


def test_coins_at_a_place_without_trust_repay_nothing() -> None:
    assert equity(rows_of([5.0, -5.0], location_weight=[0.0, 1.0]), flat(1.0), [100.0]) == -500.0


def test_the_safest_coins_repay_first() -> None:
    found = at(rows_of([5.0, 5.0, -5.0], location_weight=[0.5, 1.0, 1.0]), flat(1.0), [100.0])
    np.testing.assert_allclose(found.credit, [250.0, 0.0, 0.0])


def test_coins_that_are_pledged_elsewhere_give_no_credit_and_repay_nothing() -> None:
    found = at(rows_of([5.0, -5.0], usable=[False, True]), flat(1.0), [100.0])
    np.testing.assert_allclose(found.credit, 0.0)
    np.testing.assert_allclose(found.debt, [0.0, -500.0])


def test_slices_go_to_the_safest_place_first() -> None:
    split = at(rows_of([10.0, 10.0], location_weight=[0.5, 1.0]), tiers([10.0], [0.9, 0.0]), [1.0])
    np.testing.assert_allclose(split.credit, [0.0, 9.0])


def test_a_missing_location_haircut_is_missing_credit_only_where_something_is_held() -> None:
    found = at(rows_of([1.0, 0.0], asset=[0, 0], location_weight=[NAN, NAN]), flat(0.9), [1.0])
    assert np.isnan(found.credit[0])
    assert found.credit[1] == 0.0
    owing = at(rows_of([1.0, -3.0], location_weight=[NAN, 1.0]), flat(0.9), [1.0])
    assert np.isnan(owing.credit[0] + owing.debt[1])


def test_no_rows_give_no_credit() -> None:
    assert len(at(rows_of([]), flat(0.9), [1.0]).credit) == 0


def test_what_stands_above_a_cap_of_all_accounts_is_scaled_away() -> None:
    rows = dataclasses.replace(rows_of([4.0]), scale=np.array([0.25]))
    assert at(rows, flat(1.0), [10.0]).credit[0] == 10.0


def test_coins_under_a_full_cap_take_no_slice_from_coins_that_count() -> None:
    haircuts = Haircuts(
        schedule=Tiered(
            bound=np.array([[500.0]]), weight=np.array([[0.8, 0.4]]), measure=Measure.AMOUNT
        ),
        liquidity_weight=np.ones(1),
        revalued=np.zeros(1, dtype=np.bool_),
    )
    for full in (0.0, 100.0):
        cap = Cap(key=np.array([0, -1]), limit=np.array([full, NAN]))
        alone = at(rows_of([0.0, 500.0], caps=(cap,)), haircuts, [1.0])
        both = at(rows_of([500.0, 500.0], caps=(cap,)), haircuts, [1.0])
        assert alone.credit.sum() == pytest.approx(400.0)
        assert both.credit.sum() == pytest.approx(400.0 + full)
        assert both.credit[0] <= full * (1 + 1e-9)


def test_weights_scaled_by_size_refuse_a_full_cap_of_a_place() -> None:
    haircuts = Haircuts(
        schedule=SizeScaled(
            weight=np.array([0.9]), factor=np.array([0.01]), numerator=np.array([1.1])
        ),
        liquidity_weight=np.ones(1),
        revalued=np.zeros(1, dtype=np.bool_),
    )
    cap = Cap(key=np.array([0, -1]), limit=np.array([10.0, NAN]))
    with pytest.raises(ValueError, match="scaled by size"):
        at(rows_of([500.0, 500.0], caps=(cap,)), haircuts, [1.0])
    everywhere = Cap(key=np.array([0, 0]), limit=np.array([10.0, 10.0]))
    found = at(rows_of([500.0, 500.0], caps=(everywhere,)), haircuts, [1.0])
    assert found.credit.sum() == pytest.approx(10.0)


amounts = st.lists(st.floats(-1e5, 1e5, allow_subnormal=False), min_size=4, max_size=4)
weights = st.lists(st.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0]), min_size=4, max_size=4)


def _capped_rows(amount: list[float], weight: list[float]) -> CollateralRows:
    """Two assets at three places; a cap on an asset crosses a cap on a place."""
    asset_cap = Cap(key=np.array([0, 0, 1, 1]), limit=np.array([4e5, 4e5, np.inf, np.inf]))
    place_cap = Cap(key=np.array([0, 1, 1, -1]), limit=np.array([3e5, 2e5, 2e5, np.nan]))
    return rows_of(amount, asset=[0, 0, 1, 1], location_weight=weight, caps=(asset_cap, place_cap))


@given(amount=amounts, weight=weights, row=st.integers(0, 3), more=st.floats(0.0, 1e5))
def test_more_of_anything_never_lowers_what_collateral_and_debt_come_to(
    amount: list[float], weight: list[float], row: int, more: float
) -> None:
    haircuts = Haircuts(
        schedule=Tiered(
            bound=np.array([[1e3, 1e4], [5e2, np.inf]]),
            weight=np.array([[0.95, 0.5, 0.0], [0.8, 0.4, 0.4]]),
            measure=Measure.AMOUNT,
        ),
        liquidity_weight=np.array([0.99, 0.97]),
        revalued=np.zeros(2, dtype=np.bool_),
    )
    before = equity(_capped_rows(amount, weight), haircuts, [100.0, 7.0])
    changed = [x + more if i == row else x for i, x in enumerate(amount)]
    after = equity(_capped_rows(changed, weight), haircuts, [100.0, 7.0])
    assert after >= before - 1e-3


@given(amount=amounts, weight=weights)
def test_credit_is_between_nothing_and_market_value_and_debt_is_never_a_gain(
    amount: list[float], weight: list[float]
) -> None:
    price = np.array([100.0, 7.0])
    rows = _capped_rows(amount, weight)
    found = collateral_credit(rows, flat(0.9, 0.8), price, price * 1.02)
    market = np.maximum(rows.amount, 0.0) * price[rows.asset]
    assert np.all(found.credit >= 0.0)
    assert np.all(found.credit <= market * (1 + 1e-12))
    assert np.all(found.debt <= 0.0)
    assert np.all(found.debt >= np.minimum(rows.amount, 0.0) * price[rows.asset] * 1.02 - 1e-6)
    assert found.credit[:2].sum() <= 4e5 * (1 + 1e-9)
    assert found.credit[0] <= 3e5 * (1 + 1e-9)
    assert found.credit[1:3].sum() <= 2e5 * (1 + 1e-9)


@given(data=st.lists(st.tuples(amounts, weights), min_size=2, max_size=4))
def test_an_account_alone_has_the_bits_it_has_in_a_batch(
    data: list[tuple[list[float], list[float]]],
) -> None:
    alone = [at(_capped_rows(a, w), flat(0.9, 0.8), [100.0, 7.0]) for a, w in data]
    count = len(data)
    one = _capped_rows(*data[0])
    batch = CollateralRows(
        account=np.repeat(np.arange(count), 4),
        asset=np.tile(one.asset, count),
        amount=np.concatenate([a for a, _ in data]),
        usable=np.ones(4 * count, dtype=np.bool_),
        location_weight=np.concatenate([w for _, w in data]),
        scale=np.ones(4 * count),
        caps=tuple(
            Cap(key=np.tile(cap.key, count), limit=np.tile(cap.limit, count)) for cap in one.caps
        ),
    )
    together = at(batch, flat(0.9, 0.8), [100.0, 7.0])
    assert together.credit.tobytes() == np.concatenate([x.credit for x in alone]).tobytes()
    assert together.debt.tobytes() == np.concatenate([x.debt for x in alone]).tobytes()
