"""Market and liquidity haircuts of a recipe, from its parameters."""

from dataclasses import dataclass
from enum import StrEnum
from typing import final

import numpy as np
from numpy.typing import NDArray

from crossmargin.base.failure import refuse_if_any
from crossmargin.collateral.credit import Haircuts
from crossmargin.collateral.schedule import (
    Flat,
    Measure,
    Schedule,
    SizeScaled,
    Tiered,
    schedule_failures,
)
from crossmargin.rulebook.charge.tier_table import TierTable, tier_table
from crossmargin.rulebook.group_field import instrument_parameter, required
from crossmargin.rulebook.run import Run

F8 = NDArray[np.float64]


@final
class Stated(StrEnum):
    """How a venue publishes: haircuts (what does not count), or weights (what does)."""

    HAIRCUT = "haircut"
    WEIGHT = "weight"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class HaircutWords:
    """The words of a collateral charge that say how much of a coin's value counts."""

    rates: str
    stated: Stated
    bounds: str | None
    measure: Measure
    size_factor: str | None
    size_numerator: str | None
    liquidity: str | None
    revalued: tuple[str, ...]


def haircuts_of(run: Run, words: HaircutWords) -> Haircuts:
    """(assets,) the haircuts of every asset, NaN where a table has no entry and no otherwise.

    `InputRefused` for haircuts that would reward a concentration.
    """
    schedule = _schedule(run, words)
    where = f"recipe {run.terms.name}, params.{words.rates.removeprefix('$')}"
    refuse_if_any(schedule_failures(schedule, run.universe.assets, where))
    liquidity = np.zeros(len(run.universe.assets))
    if words.liquidity is not None:
        liquidity = by_asset(run, words.liquidity)
    revalued = np.array([code in words.revalued for code in run.universe.assets], dtype=np.bool_)
    return Haircuts(
        schedule=schedule,
        liquidity_weight=1.0 - liquidity,
        revalued=revalued | ("*" in words.revalued),
    )


def by_asset(run: Run, reference: str) -> F8:
    """(assets,) a numeric parameter ("$name") by asset."""
    parameter = run.terms.parameters[reference.removeprefix("$")]
    if parameter.by is None:
        required(run, parameter)
        if not isinstance(parameter.value, float | int):
            raise TypeError(f"params.{parameter.name} is a list where a number is needed")
        return np.full(len(run.universe.assets), float(parameter.value))
    return instrument_parameter(run, parameter.name)[run.universe.listings_count :]


def _schedule(run: Run, words: HaircutWords) -> Schedule:
    if words.bounds is not None:
        table = _tiers(run, words.bounds, words.rates)
        return Tiered(
            bound=table.bound, weight=_weight(table.rate, words.stated), measure=words.measure
        )
    weight = _weight(by_asset(run, words.rates), words.stated)
    if words.size_factor is None or words.size_numerator is None:
        return Flat(weight=weight)
    return SizeScaled(
        weight=weight,
        factor=by_asset(run, words.size_factor),
        numerator=by_asset(run, words.size_numerator),
    )


def _tiers(run: Run, bounds: str, rates: str) -> TierTable:
    parameter = run.terms.parameters[rates.removeprefix("$")]
    if parameter.by not in (None, "asset"):
        raise KeyError(f"params.{parameter.name} is by {parameter.by}: haircuts are by asset")
    return tier_table(run, bounds, rates, run.universe.assets)


def _weight(rate: F8, stated: Stated) -> F8:
    return 1.0 - rate if stated is Stated.HAIRCUT else rate
