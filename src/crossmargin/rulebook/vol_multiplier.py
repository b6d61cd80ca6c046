"""A multiplier of margin that follows vol, from the histories of the run."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import Failure, InputRefused, Reason
from crossmargin.base.instant import NS_PER_DAY
from crossmargin.market.history import ReturnHistory, log_moves
from crossmargin.market.volatility import ewma_variance
from crossmargin.risk.procyclicality import damped_multiplier, trusted_vol
from crossmargin.rulebook.context import Context
from crossmargin.rulebook.group_field import one_per_group
from crossmargin.rulebook.rate import VolMultiplier, VolSource
from crossmargin.rulebook.run import Run

F8 = NDArray[np.float64]

DAYS_PER_YEAR = 365.0


def vol_multiplier(rate: VolMultiplier, context: Context, at: str, inner: Sequence[F8]) -> F8:
    """(groups,) the multiplier of each group; NaN for a group without an asset or a history.

    `inner` holds the rates inside, (groups,) each: reference, floor, cap, release, trust.
    `InputRefused` where a bound is no bound, or a group has several underlyings and none is named.
    """
    reference, floor, cap, release, trust = inner
    _refuse_bad_bounds(context.run, inner)
    asset = _assets(rate, context, at)
    known = asset >= 0
    realised, implied = context.run.keep(("vol paths", rate), lambda: _paths(context.run, rate))
    place = np.where(known, asset, 0)
    vol = realised[:, place]
    if rate.source is VolSource.LARGER:
        vol = trusted_vol(vol, implied[:, place], trust)
    return np.where(known, damped_multiplier(vol, reference, floor, cap, release), np.nan)


def _assets(rate: VolMultiplier, context: Context, at: str) -> NDArray[np.int64]:
    """(groups,) the asset whose vol counts, -1 for none."""
    run = context.run
    codes = run.universe.assets
    if rate.asset is not None:
        if rate.asset not in codes:
            return np.full(context.groups_count(at), -1, dtype=np.int64)
        return np.full(context.groups_count(at), codes.index(rate.asset), dtype=np.int64)
    base = run.risk_unit[run.universe.underlying].astype(np.float64)
    found = one_per_group(context, at, base, "the underlying of a vol multiplier")
    return np.where(np.isnan(found), -1.0, found).astype(np.int64)


def _refuse_bad_bounds(run: Run, inner: Sequence[F8]) -> None:
    reference, floor, cap, release, trust = inner
    for holds, message in (
        (reference > 0.0, "reference is not above 0"),
        ((floor > 0.0) & (floor <= cap), "floor is not above 0, or above cap"),
        ((release >= 0.0) & (release <= 1.0), "release is not within 0 to 1"),
        (trust >= 1.0, "trust is below 1"),
    ):
        missing = np.isnan(reference + floor + cap + release + trust)
        if not (holds | missing).all():
            where = f"recipe {run.terms.name}, vol_multiplier"
            raise InputRefused([Failure(Reason.OUT_OF_BOUNDS, where, message)])


def _paths(run: Run, rate: VolMultiplier) -> tuple[F8, F8]:
    """(days, assets) realised and implied vols of a year at the last closes, newest last; NaN where
    there is no history.
    """
    count, codes = int(rate.days), run.universe.assets
    realised, implied = np.full((2, count, len(codes)), np.nan)
    history, index = run.priced.history, run.priced.vol_history
    if history is None or len(history.date_ns) < count + 1:
        return realised, implied
    dates = history.date_ns[-count:]
    for place, code in enumerate(codes):
        if code in history.assets:
            realised[:, place] = _realised(history, code, rate.decay)[-count:]
        if index is not None and code in index.assets:
            implied[:, place] = _at(index, code, dates)
    return realised, implied


def _realised(history: ReturnHistory, code: str, decay: float) -> F8:
    """(dates,) a year's vol as it was forecast at each close; NaN throughout where a day is
    missing.
    """
    returns = log_moves(history, 1)[:, history.assets.index(code)]
    if not np.isfinite(returns).all() or (np.diff(history.date_ns) != NS_PER_DAY).any():
        return np.full(len(history.date_ns), np.nan)
    return np.asarray(np.sqrt(DAYS_PER_YEAR * ewma_variance(returns, decay)))


def _at(index: ReturnHistory, code: str, dates: NDArray[np.int64]) -> F8:
    """(days,) the level of a vol index on each date, NaN where it has none."""
    row = np.minimum(np.searchsorted(index.date_ns, dates), len(index.date_ns) - 1)
    level = index.price[row, index.assets.index(code)]
    return np.where(index.date_ns[row] == dates, level, np.nan)
