"""Numbers that look random and are a pure function of (seed, stream, counter)."""

import numpy as np
from numpy.typing import NDArray

GOLDEN_STEP = 0x9E3779B97F4A7C15
"""2**64 divided by the golden ratio, made odd: the step between counters."""

_FIRST_FACTOR = np.uint64(0xBF58476D1CE4E5B9)
_SECOND_FACTOR = np.uint64(0x94D049BB133111EB)
_WORD = 2**64


def mixed(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """(any shape) uint64 -> uint64: the splitmix64 finaliser, one to one on 64-bit words.

    Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014, in
    the variant of Vigna's splitmix64.
    """
    words = (words ^ (words >> np.uint64(30))) * _FIRST_FACTOR
    words = (words ^ (words >> np.uint64(27))) * _SECOND_FACTOR
    return words ^ (words >> np.uint64(31))


def counter_hash(seed: int, stream: int, counters: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """(any shape) counters -> uint64: mixed(key + (counter + 1) x GOLDEN_STEP), modulo 2**64.

    The key is the same function of `seed` with `stream` as its counter. Two counters of one
    stream never give the same word, so sorting by the words has no ties.
    """
    if not 0 <= seed < _WORD or not 0 <= stream < _WORD - 1:
        raise ValueError(f"seed and stream must be in [0, 2**64), were {seed} and {stream}")
    key = mixed(np.array([(seed + (stream + 1) * GOLDEN_STEP) % _WORD], dtype=np.uint64))
    return mixed(key + (counters + np.uint64(1)) * np.uint64(GOLDEN_STEP))


def unit_fraction(words: NDArray[np.uint64]) -> NDArray[np.float64]:
    """(any shape) uint64 -> float64 in [0, 1): the upper 53 bits, exactly."""
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53
