"""Depth through the cycle is a day that was, and a bad one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.risk.cycle_depth import cycle_depth


def test_a_tenth_of_thirty_days_is_the_third_smallest() -> None:
    assert cycle_depth(np.arange(30.0, 0.0, -1.0), 0.1) == 3.0
    assert cycle_depth(np.array([5.0]), 0.1) == 5.0


@given(st.lists(st.floats(0.0, 1e9), min_size=1, max_size=40), st.floats(0.01, 1.0))
def test_so_many_days_do_not_exceed_it(days: list[float], share: float) -> None:
    found = cycle_depth(np.array(days), share)
    assert found in days
    assert sum(day <= found for day in days) >= share * len(days) - 1e-6
    assert sum(day < found for day in days) < share * len(days)


@pytest.mark.parametrize(("days", "share"), [([], 0.1), ([1.0, np.nan], 0.5), ([1.0], 0.0)])
def test_what_is_no_month_has_no_depth(days: list[float], share: float) -> None:
    with pytest.raises(ValueError, match=r"depth through the cycle|share of"):
        cycle_depth(np.array(days), share)
