"""The vol of every option in every scenario."""

import numpy as np
from numpy.typing import NDArray

from crossmargin.kernels import exp_fixed, log_fixed
from crossmargin.scenario.scenario_set import ScenarioSet, VolRule, VolShock

F8 = NDArray[np.float64]

DAYS_PER_YEAR = 365.0


def vol_in_scenarios(
    scenarios: ScenarioSet,
    underlying: NDArray[np.int64],
    years: F8,
    vol: F8,
    forward: F8,
    strike: F8,
) -> F8:
    """(options, scenarios) shocked vol >= 0, from (options,) figures before any scenario.

    The term factor uses the days left now, before time passes; the skew the forward before it
    moves (sticky strike). A rule's floor raises only vols that move upwards.
    """
    shocked = np.empty((len(vol), scenarios.scenarios_count))
    for number, rule in enumerate(scenarios.vol_rules):
        cells = np.flatnonzero(scenarios.vol_rule == number)
        if rule.shock is VolShock.NONE:
            shocked[:, cells] = vol[:, None]
            continue
        share = _share_of_move(rule, years, forward, strike)
        size = scenarios.vol_move[np.ix_(underlying, cells)] * share[:, None]
        base = vol[:, None]
        moved = base * (1.0 + size) if rule.shock is VolShock.RELATIVE else base + size
        moved = np.where(size > 0.0, np.maximum(moved, rule.vol_floor), moved)
        shocked[:, cells] = np.maximum(moved, 0.0)
    return shocked


def term_factor(rule: VolRule, years: F8) -> F8:
    """(options,) (reference_days / days) ** power: how much more a short-dated vol moves.

    At expiry without a `days_floor` there is no vol left to move, and the factor is 1.
    """
    days = np.maximum(years * DAYS_PER_YEAR, rule.days_floor)
    is_short = (
        days <= rule.reference_days if rule.reference_is_short else days < rule.reference_days
    )
    power = np.where(is_short, rule.power_short, rule.power_long)
    ratio = np.where(days > 0.0, rule.reference_days / np.where(days > 0.0, days, 1.0), 1.0)
    # A power of 0 or a ratio of 1 gives exactly 1, as exp(0) does.
    return exp_fixed(power * log_fixed(ratio))


def _share_of_move(rule: VolRule, years: F8, forward: F8, strike: F8) -> F8:
    share = rule.parallel * term_factor(rule, years)
    if rule.skew_per_log_moneyness:
        share = share + rule.skew_per_log_moneyness * log_fixed(strike / forward)
    return share
