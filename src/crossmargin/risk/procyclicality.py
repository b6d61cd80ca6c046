"""What keeps margin from rising when it hurts most: a multiplier that rises at once and falls
slowly.
"""

import numpy as np
from numpy.typing import NDArray

F8 = NDArray[np.float64]


def trusted_vol(realised: F8, implied: F8, trust: F8) -> F8:
    """(any shape) the larger of realised and implied vol, the implied one held within `trust` times
    the realised and its inverse.

    A feed that someone tampers with thus moves margin by no more than `trust` (at least 1) either
    way. NaN where either is missing.
    """
    held = np.minimum(np.maximum(implied, realised / trust), realised * trust)
    return np.maximum(realised, held)


def damped_multiplier(vol: F8, reference: F8, floor: F8, cap: F8, release_frac: F8) -> F8:
    """(T, groups) vols in time order, newest last -> (groups,) the multiplier of today.

    Each day it is vol / reference, not below `floor` and not above `cap`, but never less than
    1 - `release_frac` of the day before: it rises at once and is released slowly. NaN where a vol
    is missing.
    """
    if len(vol) == 0:
        raise ValueError("a multiplier needs at least one day")
    today = np.minimum(np.maximum(vol[0] / reference, floor), cap)
    for each in vol[1:]:
        raw = np.minimum(np.maximum(each / reference, floor), cap)
        today = np.maximum(raw, today * (1.0 - release_frac))
    return np.asarray(today)


def staged_requirement(now: F8, existing: F8, before: F8, limit_frac: float) -> F8:
    """(accounts,) what is asked for today when existing risk is staged and new risk is not.

    `now` is the unlimited figure of today's book, `existing` that of what of yesterday's book is
    still held, at today's parameters, `before` what was asked for yesterday. Existing risk rises by
    at most `limit_frac` of `before` a step; what was added pays in full at once. The rest, `now`
    less the result, is margin in transition: 0 or more, and to be published.
    """
    if not limit_frac >= 0.0:
        raise ValueError(f"a step limit of {limit_frac} is negative")
    staged = np.minimum(existing, before * (1.0 + limit_frac))
    return np.asarray(np.minimum(now, staged + np.maximum(0.0, now - existing)))
