"""Crowds are published step by step, with a lag, and owners' parts with them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.market.quoted import Quoted
from crossmargin.market.quoted import given as stated
from crossmargin.market.totals import MarketTotals, lagged_totals, stepped_totals

DEPTH = 100.0
DOLLARS = st.floats(0.0, 1e6)


def totals(parts: dict[str, float], depth: float | None = DEPTH) -> MarketTotals:
    return MarketTotals(
        as_of_ns=0,
        sequence=1,
        crowd_long={"BTC": _said(sum(parts.values()))},
        owner_crowd_long={(owner, "BTC"): _said(part) for owner, part in parts.items()},
        cycle_depth={} if depth is None else {"BTC": _said(depth)},
    )


def _said(value: float) -> Quoted:
    return stated(value, "test")


def test_a_crowd_goes_towards_what_it_is_by_a_share_of_the_depth() -> None:
    before, now = totals({"a": 100.0, "b": 100.0}), totals({"b": 500.0, "c": 100.0})
    found = stepped_totals(before, now, 0.5)
    assert found.crowd_long["BTC"].value == 250.0
    parts = {owner: part.value for (owner, _), part in found.owner_crowd_long.items()}
    assert parts == {"a": 87.5, "b": 150.0, "c": 12.5}
    assert stepped_totals(before, now, 4.0).crowd_long["BTC"].value == 600.0
    assert stepped_totals(before, totals({"b": 500.0}, None), 0.5).crowd_long["BTC"].value == 500.0


@given(DOLLARS, DOLLARS, DOLLARS, DOLLARS, st.floats(0.0, 50.0))
def test_a_step_is_bounded_and_parts_still_add_up(
    a: float, b: float, c: float, d: float, step: float
) -> None:
    before, now = totals({"a": a, "b": b}), totals({"a": c, "b": d})
    found = stepped_totals(before, now, step)
    crowd = found.crowd_long["BTC"].value
    assert abs(crowd - (a + b)) <= step * DEPTH * (1.0 + 1e-9) + 1e-6
    parts = sum(part.value for part in found.owner_crowd_long.values())
    assert abs(parts - crowd) <= 1e-6 * max(1.0, crowd)
    assert min(a + b, c + d) - 1e-6 <= crowd <= max(a + b, c + d) + 1e-6


@given(DOLLARS, DOLLARS, st.floats(50.0, 200.0))
def test_steps_arrive(a: float, c: float, step: float) -> None:
    published, now = totals({"a": a}), totals({"a": c})
    for _ in range(int(1e6 / (step * DEPTH)) + 2):
        published = stepped_totals(published, now, step)
        if published.crowd_long["BTC"].value == c:
            break
    assert published.crowd_long["BTC"].value == c


def test_what_is_published_is_as_old_as_the_lag() -> None:
    computed = [replace(totals({"a": 1.0}), as_of_ns=at, sequence=at) for at in (10, 30, 20)]
    for now, lag, found in ((40, 15, 20), (40, 10, 30), (29, 0, 20), (25, 15, 10)):
        published = lagged_totals(computed, now, lag)
        assert published is not None
        assert published.as_of_ns == found
    assert lagged_totals(computed, 25, 16) is None
    assert lagged_totals([], 25, 0) is None
    with pytest.raises(ValueError, match="negative"):
        lagged_totals(computed, 25, -1)
