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
    rules = scenarios.vol_rules
    share = np.stack([_share_of_move(rule, years, forward, strike) for rule in rules], axis=1)
    is_relative = np.array([rule.shock is VolShock.RELATIVE for rule in rules])
    amount = np.where(is_relative, share * vol[:, None], share)
    move = scenarios.vol_move[underlying]
    shocked: F8 = amount[:, scenarios.vol_rule]
    shocked *= move
    shocked += vol[:, None]
    floor = np.array([rule.vol_floor for rule in rules])[scenarios.vol_rule]
    if floor.any():
        move *= share[:, scenarios.vol_rule]
        np.maximum(shocked, floor, out=shocked, where=move > 0.0)
    return np.maximum(shocked, 0.0, out=shocked)


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
    if rule.shock is VolShock.NONE:
        return np.zeros(len(years))
    share = rule.parallel * term_factor(rule, years)
    if rule.skew_per_log_moneyness:
        share = share + rule.skew_per_log_moneyness * log_fixed(strike / forward)
    return share
