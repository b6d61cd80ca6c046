import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.market.price_average import CHECKPOINTS, mean, observed, started


def test_the_mean_weighs_each_sample_with_the_time_it_held() -> None:
    average = observed(started(100.0, 0), 200.0, 30, 100)
    assert mean(average, 100, 100) == (100.0 * 30 + 200.0 * 70) / 100
    assert mean(average, 130, 100) == 200.0


def test_time_before_the_first_sample_counts_as_what_is_said_of_it() -> None:
    average = started(10.0, 50)
    assert mean(average, 100, 100, before=0.0) == 5.0
    assert mean(average, 100, 100) == 10.0
    assert mean(average, 50, 100) == 10.0


def test_a_flood_of_samples_takes_no_more_room() -> None:
    average = started(1.0, 0)
    for instant in range(1, 5_000):
        average = observed(average, 1.0 + instant % 2, instant, 1_000)
    assert len(average.checkpoints) <= 2 * CHECKPOINTS + 3
    assert mean(average, 5_000, 1_000) == pytest.approx(1.5, abs=0.01)


def test_a_sample_from_the_past_is_refused() -> None:
    with pytest.raises(ValueError, match="comes after"):
        observed(started(1.0, 10), 2.0, 9, 100)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 50), st.floats(1.0, 1e6)), min_size=1, max_size=60),
    st.integers(0, 200),
)
def test_the_mean_stays_between_the_least_and_the_largest_sample(
    samples: list[tuple[int, float]], later: int
) -> None:
    now, average = 0, started(samples[0][1], 0)
    for gap, value in samples:
        now += gap
        average = observed(average, value, now, 100)
    values = [value for _, value in samples]
    found = mean(average, now + later, 100)
    assert min(values) * (1 - 1e-9) <= found <= max(values) * (1 + 1e-9)
