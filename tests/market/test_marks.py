import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.base.failure import InputRefused
from crossmargin.base.instant import NS_PER_SECOND
from crossmargin.market.marks import (
    BookTop,
    PerpetualMark,
    PerpetualMarkPolicy,
    perpetual_mark,
    perpetual_push_frac,
)

SECOND = NS_PER_SECOND
START = 1_800_000_000 * SECOND
POLICY = PerpetualMarkPolicy(premium_cap_frac=0.005, averaging_ns=300 * SECOND)


def after(
    samples: list[tuple[int, float]], index: float = 100.0, policy: PerpetualMarkPolicy = POLICY
) -> PerpetualMark:
    """The mark after books with these middles, (second, price), each holding until the next."""
    found = None
    for second, price in samples:
        top = BookTop(impact_bid=price, impact_ask=price)
        found = perpetual_mark(policy, index, top, found, START + second * SECOND)
    assert found is not None
    return found


def test_a_lasting_premium_becomes_the_mark_and_a_larger_one_only_the_clamp() -> None:
    assert after([(0, 100.3), (600, 100.3)]).mark == pytest.approx(100.3)
    assert after([(0, 150.0), (600, 150.0)]).mark == pytest.approx(100.5)
    assert after([(0, 50.0), (600, 50.0)]).mark == pytest.approx(99.5)


def test_a_premium_counts_for_the_share_of_the_window_that_it_lasted() -> None:
    assert after([(0, 100.0), (600, 150.0), (630, 150.0)]).mark == pytest.approx(100.05)
    assert after([(0, 150.0)]).mark == 100.0
    assert after([(0, 150.0), (3, 150.0)]).mark == pytest.approx(100.005)


@pytest.mark.parametrize(
    "top",
    [
        None,
        BookTop(impact_bid=101.0, impact_ask=100.0),
        BookTop(impact_bid=math.nan, impact_ask=101.0),
        BookTop(impact_bid=0.0, impact_ask=101.0),
        BookTop(impact_bid=100.0, impact_ask=math.inf),
    ],
)
def test_a_book_that_says_nothing_has_no_premium(top: BookTop | None) -> None:
    first = perpetual_mark(POLICY, 100.0, top, None, START)
    assert perpetual_mark(POLICY, 100.0, top, first, START + 600 * SECOND).mark == 100.0


def test_an_index_inside_the_spread_has_no_premium() -> None:
    top = BookTop(impact_bid=99.0, impact_ask=101.0)
    first = perpetual_mark(POLICY, 100.0, top, None, START)
    assert perpetual_mark(POLICY, 100.0, top, first, START + 600 * SECOND).premium_frac == 0.0


@settings(max_examples=40)
@given(
    quiet=st.lists(st.floats(1.0, 1e4), min_size=1, max_size=8),
    pushed=st.lists(st.floats(1e-6, 1e9), min_size=1, max_size=20),
    gap_seconds=st.integers(1, 30),
)
def test_own_trades_move_the_mark_by_no_more_than_the_stated_bound(
    quiet: list[float], pushed: list[float], gap_seconds: int
) -> None:
    before = [(i * 60, price) for i, price in enumerate(quiet)]
    start = before[-1][0]
    duration = len(pushed) * gap_seconds
    steps = [start + i * gap_seconds for i in range(len(pushed))]
    alone = after([*before, *((second, quiet[-1]) for second in steps), (start + duration, 1.0)])
    own = after([*before, *zip(steps, pushed, strict=True), (start + duration, 1.0)])
    moved = abs(own.mark - alone.mark) / 100.0
    # Checkpoints are a thirty-second of the window apart: that much is read as if it were even.
    slack = 2.0 * POLICY.premium_cap_frac / 16
    assert moved <= perpetual_push_frac(POLICY, duration * SECOND) + slack


def test_the_bound_grows_with_time_up_to_both_clamps() -> None:
    assert perpetual_push_frac(POLICY, 30 * SECOND) == pytest.approx(0.001)
    assert perpetual_push_frac(POLICY, 3_000 * SECOND) == 0.01


@pytest.mark.parametrize("index", [0.0, -1.0, math.nan, math.inf])
def test_a_mark_needs_a_positive_index(index: float) -> None:
    with pytest.raises(ValueError, match="positive"):
        perpetual_mark(POLICY, index, None, None, START)


def test_a_policy_without_a_window_is_refused() -> None:
    with pytest.raises(InputRefused, match="averaging_ns") as refused:
        PerpetualMarkPolicy(premium_cap_frac=math.nan, averaging_ns=0)
    assert len(refused.value.failures) == 2
