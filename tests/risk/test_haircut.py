import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from crossmargin.risk.haircut import risk_based_haircut

VOL, SHARE = st.floats(0.0, 1.0), st.floats(0.0, 2.0)
CORRELATION = st.floats(-1.0, 1.0)


def haircut(vol: float, correlation: float = 0.0, cost: float = 0.0, days: float = 1.0) -> float:
    own = (np.array([each]) for each in (vol, correlation, cost))
    return float(risk_based_haircut(*own, days=days, level=0.99)[0])


@given(VOL, CORRELATION, st.floats(0.0, 1.0), st.floats(0.1, 10.0))
def test_the_formula_in_plain_python(
    vol: float, correlation: float, cost: float, days: float
) -> None:
    fall = norm.ppf(0.99) * vol * math.sqrt(days) * (1.0 + max(0.0, correlation))
    expected = 1.0 - math.exp(-fall) * (1.0 - cost)
    assert haircut(vol, correlation, cost, days) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(VOL, VOL, CORRELATION, CORRELATION, SHARE, SHARE)
def test_more_risk_never_has_a_smaller_haircut(
    vol: float, vol_more: float, with_it: float, more_with_it: float, cost: float, dearer: float
) -> None:
    low = haircut(min(vol, vol_more), min(with_it, more_with_it), min(cost, dearer))
    high = haircut(max(vol, vol_more), max(with_it, more_with_it), max(cost, dearer))
    assert 0.0 <= low <= high + 1e-15
    assert high <= 1.0


def test_what_is_not_known_is_no_haircut() -> None:
    assert math.isnan(haircut(math.nan))
    assert math.isnan(haircut(0.1, 0.0, math.nan))
    assert haircut(0.0) == 0.0
