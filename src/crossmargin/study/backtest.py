"""Recipes over the past: every day's requirement of stated portfolios against the next day's loss.

Each day is one evaluation of the one path: the market at the close before, histories up to then,
and nothing of the day itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.canonical import content_hash
from crossmargin.domain.asset import Asset
from crossmargin.market.history import ReturnHistory, simple_moves
from crossmargin.market.volatility import ewma_variance
from crossmargin.risk.procyclicality import staged_requirement
from crossmargin.rulebook.assess import assess
from crossmargin.rulebook.recipe import Recipe
from crossmargin.study.coverage import Coverage, coverage
from crossmargin.study.past_day import priced_day
from crossmargin.study.portfolio import NOTIONAL, PORTFOLIOS, Portfolio
from crossmargin.study.realised_loss import DayLosses

F8 = NDArray[np.float64]
I8 = NDArray[np.int64]
LossOf: TypeAlias = Callable[[Portfolio], DayLosses | None]

FIRST_DAY = 501
"""Days before the first test day: what the longest window of a bundled recipe needs."""
VOL_DECAY = 0.97
"""Weight of the volatility that tells wild days from calm ones."""
STEP_LIMIT_FRAC = 0.10
"""By how much existing risk's margin may rise a day before the rest of it is in transition."""


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarginRun:
    """(portfolios, D) margins of one level of a recipe, fractions of one leg, known before the days
    that begin on `date_ns` (D,); `volatility` (portfolios, D) of a day, known then as well.
    """

    portfolios: tuple[Portfolio, ...]
    date_ns: I8
    margin_frac: F8
    volatility: F8


@final
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Backtest:
    """One recipe on one portfolio: (days,) margin and loss as fractions of one leg, the volatility
    of a day as it was known before, and the tests.
    """

    portfolio: Portfolio
    level: float
    date_ns: I8
    margin_frac: F8
    loss_frac: F8
    volatility: F8
    coverage: Coverage

    @property
    def peak_to_trough(self) -> float | None:
        """Largest over smallest margin; None where a margin was nothing."""
        smallest = float(self.margin_frac.min())
        return float(self.margin_frac.max()) / smallest if smallest > 0.0 else None

    def largest_rise(self, days: int) -> float:
        """Largest relative rise of the margin over so many tested days."""
        before = self.margin_frac[:-days]
        known = before > 0.0
        if not known.any():
            return 0.0
        return float((self.margin_frac[days:][known] / before[known]).max() - 1.0)

    def in_transition_frac(self, limit_frac: float = STEP_LIMIT_FRAC) -> F8:
        """(days,) what a step limit on existing risk leaves for later, as a fraction of the margin;
        the portfolio is held throughout, so all of it is existing risk.
        """
        asked = self.margin_frac.copy()
        for day in range(1, len(asked)):
            now = self.margin_frac[day : day + 1]
            asked[day] = staged_requirement(now, now, asked[day - 1 : day], limit_frac)[0]
        with np.errstate(invalid="ignore", divide="ignore"):
            share = (self.margin_frac - asked) / self.margin_frac
        return np.where(self.margin_frac > 0.0, share, 0.0)


def run_margins(
    recipe: Recipe,
    prices: ReturnHistory,
    vol_index: ReturnHistory,
    assets: Mapping[str, Asset],
    *,
    every: int = 1,
    portfolios: Sequence[Portfolio] = PORTFOLIOS,
    since_ns: int | None = None,
    until_ns: int | None = None,
) -> dict[str, MarginRun]:
    """By level of the recipe: every portfolio's requirement before every `every`-th day.

    Days begin on `since_ns` or later and before `until_ns`. Where no portfolio has an option the
    recipe runs without its vol rules, whose history is much shorter: there is no vol to move.
    """
    with_options = any(each.options for each in portfolios)
    first = _first_day(vol_index, prices) if with_options else FIRST_DAY
    own = recipe if with_options else without_vol_rules(recipe)
    days = np.arange(first, len(prices.date_ns) - 1, every)
    begin = prices.date_ns[days + 1]
    kept = np.ones(len(days), dtype=np.bool_)
    if since_ns is not None:
        kept &= begin >= since_ns
    if until_ns is not None:
        kept &= begin < until_ns
    days = days[kept]
    margins = {level.name: np.empty((len(portfolios), len(days))) for level in own.levels}
    for place, day in enumerate(days.tolist()):
        book, priced = priced_day(prices, vol_index, assets, day, portfolios)
        found = assess(own, book, priced, reporting="USD")
        unit = 2.0**found.tick_exponent / NOTIONAL
        for level, margin in margins.items():
            margin[:, place] = found.levels[level].requirement * unit
    volatility = np.array([_volatility(each, prices, days) for each in portfolios])
    return {
        level: MarginRun(
            portfolios=tuple(portfolios),
            date_ns=begin[kept],
            margin_frac=margin,
            volatility=volatility,
        )
        for level, margin in margins.items()
    }


def held_against(run: MarginRun, loss_of: LossOf, level: float = 0.99) -> list[Backtest]:
    """Margins against the losses of the days that have one; a portfolio without losses is left out.

    `level` is the coverage that breaches are counted against: a rulebook without one of its own is
    held to it.
    """
    found = []
    for place, portfolio in enumerate(run.portfolios):
        losses = loss_of(portfolio)
        if losses is None:
            continue
        date_ns, own, theirs = np.intersect1d(run.date_ns, losses.date_ns, return_indices=True)
        if not len(date_ns):
            continue
        margin, loss = run.margin_frac[place, own], losses.loss_frac[theirs]
        volatility = run.volatility[place, own]
        found.append(
            Backtest(
                portfolio=portfolio,
                level=level,
                date_ns=date_ns,
                margin_frac=margin,
                loss_frac=loss,
                volatility=volatility,
                coverage=coverage(margin, loss, 1.0 - level, volatility),
            )
        )
    return found


def without_vol_rules(recipe: Recipe) -> Recipe:
    """The recipe with vols that stay in every scenario from history."""
    scenarios = {
        name: {key: value for key, value in table.items() if key not in ("vol_rule", "vol_proxy")}
        if "window_days" in table
        else table
        for name, table in recipe.terms.scenarios.items()
    }
    changed = content_hash({"recipe": recipe.terms.content_hash, "vol_rule": "none"})
    terms = replace(recipe.terms, scenarios=scenarios, content_hash=changed)
    return replace(recipe, terms=terms)


def _first_day(vol_index: ReturnHistory, prices: ReturnHistory) -> int:
    """The first day before which there is history enough of the vol index too."""
    since = int(vol_index.date_ns[min(FIRST_DAY, len(vol_index.date_ns) - 1)])
    return max(FIRST_DAY, int(np.searchsorted(prices.date_ns, since)))


def _volatility(portfolio: Portfolio, prices: ReturnHistory, days: I8) -> F8:
    """(days,) volatility forecast of the portfolio's own move; of its coins where legs cancel, or
    are options.
    """
    weight = np.array([portfolio.weight(coin) for coin in prices.assets])
    if portfolio.options or not weight.any():
        weight = np.array([float(coin in portfolio.used) for coin in prices.assets])
    moves = simple_moves(prices, 1) @ weight
    return np.asarray(np.sqrt(ewma_variance(moves, VOL_DECAY)[days]))
