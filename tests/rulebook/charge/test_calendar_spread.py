import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.rulebook.charge.calendar_spread import CalendarSpread, matched
from crossmargin.rulebook.charge.orders import OrderFill
from crossmargin.rulebook.rate import Number
from tests.rulebook.small_book import in_units, small_context

MARCH, JUNE = "deribit:BTC/USDT:USDT-260327", "deribit:BTC/USDT:USDT-260626"
PERPETUAL = "deribit:BTC/USDT:USDT"
MARKS = {name: {"mark": 100.0} for name in (PERPETUAL, MARCH, JUNE)}


def spread(positions: dict[str, float], **account: object) -> float:
    charge = CalendarSpread(
        of="delta_cash",
        by="underlying",
        rate=Number(value=0.001),
        orders=OrderFill.WORST if account else OrderFill.NONE,
    )
    context = small_context(
        accounts={"one": {"positions": positions, **account}},
        prices={"BTC": 100.0, "USDT": 1.0},
        listings=MARKS,
    )
    found = charge.evaluate(context, "account")
    assert found.parts is not None
    assert found.parts.positions.sum() == pytest.approx(found.amount[0])
    return float(in_units(context, found.amount)[0])


def test_two_matched_months_pay_for_the_days_between_them() -> None:
    assert spread({MARCH: 3, JUNE: -2}) == pytest.approx(2 * 100 * 91 * 0.001, abs=1e-5)


def test_one_side_alone_pays_nothing() -> None:
    assert spread({MARCH: 3, JUNE: 2}) == 0.0


def test_the_nearest_terms_are_matched_first() -> None:
    days = 85 + 8 / 24
    near = spread({PERPETUAL: 1, MARCH: 1, JUNE: -1})
    assert near == pytest.approx(100 * 0.001 * (days + 91), abs=1e-4)


def test_open_orders_pay_for_the_most_that_they_could_hedge() -> None:
    order = {"listing": JUNE, "side": "sell", "contracts": 2}
    assert spread({MARCH: 3}, orders=[order]) == pytest.approx(2 * 100 * 91 * 0.001, abs=1e-5)


@given(
    st.lists(
        st.tuples(st.integers(-5, 5), st.integers(0, 6), st.integers(0, 2)), min_size=1, max_size=12
    )
)
def test_matching_takes_all_of_the_smaller_side_and_each_entry_once(
    rows: list[tuple[int, int, int]],
) -> None:
    rows = sorted(rows, key=lambda row: row[2])
    amount, days, group = (np.array(column) for column in zip(*rows, strict=True))
    pairs = matched(amount.astype(float), days.astype(float), group.astype(np.int64))
    assert (amount[pairs.long] > 0).all()
    assert (amount[pairs.short] < 0).all()
    assert (group[pairs.long] == group[pairs.short]).all()
    for one in range(3):
        own = amount[group == one]
        smaller = min(own[own > 0].sum(), -own[own < 0].sum())
        assert pairs.amount[group[pairs.long] == one].sum() == pytest.approx(smaller)
    used = np.zeros(len(amount))
    np.add.at(used, pairs.long, pairs.amount)
    np.add.at(used, pairs.short, pairs.amount)
    assert (used <= np.abs(amount) + 1e-9).all()


@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 9)), min_size=1, max_size=5),
    st.lists(st.integers(0, 9), min_size=1, max_size=5),
)
def test_equal_sides_cost_the_area_between_their_running_totals(
    longs: list[tuple[int, int]], short_days: list[int]
) -> None:
    # What must be carried past each day is what one side has more up to it: no matching costs less.
    total = sum(size for size, _ in longs)
    shorts = [total // len(short_days)] * len(short_days)
    shorts[0] += total - sum(shorts)
    amount = np.array([size for size, _ in longs] + [-size for size in shorts], dtype=float)
    days = np.array([day for _, day in longs] + short_days, dtype=float)
    pairs = matched(amount, days, np.zeros(len(amount), dtype=np.int64))
    cost = (pairs.amount * np.abs(days[pairs.long] - days[pairs.short])).sum()
    carried = sum(abs(amount[days <= day].sum()) for day in range(10))
    assert cost == pytest.approx(carried)
