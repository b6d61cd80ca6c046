"""Tails of many scenarios: what a screen finds first is what all exact sums say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.kernels import reference, tail

TICKS = 2.0**14


def book(
    seed: int, scenarios: int, *, groups: int = 60, step: float = 1.0, heavy: bool = False
) -> tuple[np.ndarray, ...]:
    """Rows of 1 to 9 listings out of 20; `step` is what changes are multiples of, in dollars."""
    draw = np.random.default_rng(seed)
    change = draw.normal(0, 1000, (20, scenarios))
    if heavy:
        change = 0.2 * change + 1000 * draw.standard_t(2, scenarios)
    change = np.ascontiguousarray(np.rint(change / step) * step * TICKS)
    indptr = np.append(0, np.cumsum(draw.integers(1, 10, groups)))
    listing = draw.integers(0, 20, indptr[-1])
    contracts = np.round(draw.normal(0, 5, indptr[-1]), 1)
    return change, listing, contracts, indptr


def by_hand(rows: tuple[np.ndarray, ...], count: int, part: float) -> tuple[np.ndarray, ...]:
    ticks = reference.net_ticks(*rows)
    lowest = np.sort(ticks, axis=1)
    total = lowest[:, :count].sum(axis=1)
    if part:
        total = total + part * lowest[:, count]
    return lowest[:, 0], ticks.argmin(axis=1), total


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    scenarios=st.sampled_from([64, 100, 251, 1000]),
    share=st.floats(0.0, 1.0),
    part=st.sampled_from([0.0, 0.5]),
    step=st.sampled_from([2.0**-14, 1.0, 400.0, 5000.0]),
    heavy=st.booleans(),
)
def test_a_wide_tail_is_the_lowest_of_all_exact_sums(
    seed: int, scenarios: int, share: float, part: float, step: float, heavy: bool
) -> None:
    rows = book(seed, scenarios, step=step, heavy=heavy)
    most = scenarios // tail.WIDE_PER_RANK - 1
    count = max(tail.SCREEN_RANKS_MAX + 1, round(share * most))
    found = reference.net_worst_tail(*rows, count, tail_fraction=part)
    for ours, theirs in zip(found, by_hand(rows, count, part), strict=True):
        assert ours.tolist() == theirs.tolist()


def test_the_screen_leaves_few_sums_to_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    summed = tail.summed
    monkeypatch.setattr(tail, "summed", lambda *rows: made.append(len(rows[1])) or summed(*rows))
    rows = book(5, 1000, groups=400)
    reference.net_worst_tail(*rows, 25)
    assert sum(made) <= 4
    # Where scenarios are equal by nature there are too many candidates, and all sums are made.
    made.clear()
    coarse = book(5, 1000, groups=400, step=20_000.0)
    reference.net_worst_tail(*coarse, 25)
    assert sum(made) >= 300


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e9])
def test_it_holds_for_sizes_of_any_kind_beside_each_other(size: float) -> None:
    change, listing, contracts, indptr = book(9, 400)
    contracts = contracts * np.where(np.arange(len(contracts)) % 3 == 0, size, 1.0)
    rows = (change * 2.0**-10, listing, contracts, indptr)
    found = reference.net_worst_tail(*rows, 20)
    for ours, theirs in zip(found, by_hand(rows, 20, 0.0), strict=True):
        assert ours.tolist() == theirs.tolist()
