import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.base.counter_hash import GOLDEN_STEP, counter_hash, mixed, unit_fraction

WORDS = st.integers(0, 2**64 - 1)


def _mixed_in_integers(word: int) -> int:
    mask = 2**64 - 1
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 & mask
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB & mask
    return word ^ (word >> 31)


def test_the_finaliser_gives_the_published_first_words_of_splitmix64_with_seed_0():
    steps = np.array([GOLDEN_STEP * n % 2**64 for n in (1, 2, 3)], dtype=np.uint64)

    assert [hex(word) for word in mixed(steps).tolist()] == [
        "0xe220a8397b1dcdaf",
        "0x6e789e6aa1b965f4",
        "0x6c45d188009454f",
    ]


@given(seed=WORDS, stream=st.integers(0, 2**64 - 2), counter=WORDS)
def test_every_word_is_what_exact_integers_give(seed, stream, counter):
    key = _mixed_in_integers((seed + (stream + 1) * GOLDEN_STEP) % 2**64)
    expected = _mixed_in_integers((key + (counter + 1) * GOLDEN_STEP) % 2**64)

    assert counter_hash(seed, stream, np.array([counter], dtype=np.uint64)).tolist() == [expected]


@given(seed=WORDS, start=st.integers(0, 2**40), cut=st.integers(1, 99))
def test_a_word_does_not_depend_on_the_words_asked_for_beside_it(seed, start, cut):
    counters = np.arange(start, start + 100, dtype=np.uint64)
    whole = counter_hash(seed, 5, counters)
    parts = [counter_hash(seed, 5, counters[:cut]), counter_hash(seed, 5, counters[cut:])]

    assert np.array_equal(whole, np.concatenate(parts))
    assert len(set(whole.tolist())) == 100


def test_streams_and_seeds_share_no_words():
    counters = np.arange(1000, dtype=np.uint64)
    words = [counter_hash(seed, stream, counters) for seed in (0, 1, 7) for stream in (0, 1, 17)]

    assert len(np.unique(np.concatenate(words))) == 9000


def test_a_seed_outside_64_bits_is_refused():
    for seed in (-1, 2**64):
        with pytest.raises(ValueError, match="seed and stream"):
            counter_hash(seed, 0, np.zeros(1, dtype=np.uint64))


def test_fractions_lie_in_0_to_1_and_the_largest_word_stays_below_1():
    ends = np.array([0, 2**11 - 1, 2**64 - 1], dtype=np.uint64)

    assert unit_fraction(ends).tolist() == [0.0, 0.0, 1.0 - 2.0**-53]


def test_fractions_are_spread_evenly():
    fractions = unit_fraction(counter_hash(3, 2, np.arange(100_000, dtype=np.uint64)))
    in_each_tenth = np.bincount((fractions * 10).astype(int), minlength=10)

    # 10,000 are expected in each; six standard deviations are 570.
    assert np.all(np.abs(in_each_tenth - 10_000) < 570)
