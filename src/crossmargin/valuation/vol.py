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
    is_relative = np.array([rule.shock is not VolShock.POINTS for rule in rules])
    amount = np.where(is_relative, share * vol[:, None], share)
    move = scenarios.vol_move[underlying]
    shocked: F8 = amount[:, scenarios.vol_rule]
    shocked *= move
    shocked += vol[:, None]
    floor = np.array([rule.vol_floor for rule in rules])[scenarios.vol_rule]
    if floor.any():
        move *= share[:, scenarios.vol_rule]
        at_rest = np.array([rule.floor_at_rest for rule in rules])[scenarios.vol_rule]
        np.maximum(shocked, floor, out=shocked, where=(move > 0.0) | (at_rest & (move == 0.0)))
    return np.maximum(shocked, 0.0, out=shocked)


def term_factor(rule: VolRule, years: F8) -> F8:
    """(options,) (reference_days / days) ** power: how much more a short-dated vol moves.

    Short or long is asked of the days that are left, not of the floor under them. At expiry without
    a `days_floor` there is no vol left to move, and the factor is 1.
    """
    left = years * DAYS_PER_YEAR
    days = np.maximum(left, rule.days_floor)
    is_short = (
        left <= rule.reference_days if rule.reference_is_short else left < rule.reference_days
    )
    power = np.where(is_short, rule.power_short, rule.power_long)
    ratio = np.where(days > 0.0, rule.reference_days / np.where(days > 0.0, days, 1.0), 1.0)
    # A power of 0 or a ratio of 1 gives exactly 1, as exp(0) does.
    return exp_fixed(power * log_fixed(ratio))


def _share_of_move(rule: VolRule, years: F8, forward: F8, strike: F8) -> F8:
    if rule.shock is VolShock.NONE:
        return np.zeros(len(years))
    if rule.turns_skew:
        return _skew_share(rule, years, forward, strike)
    share = rule.parallel * term_factor(rule, years)
    if rule.skew_per_log_moneyness:
        share = share + rule.skew_per_log_moneyness * log_fixed(strike / forward)
    return share


def _skew_share(rule: VolRule, years: F8, forward: F8, strike: F8) -> F8:
    """(options,) cap x k / width, held at cap on the side of its own sign."""
    root = np.sqrt(years)
    cap = rule.cap_base + rule.cap_per_sqrt_year * root
    width = rule.width_scale * root * (rule.width_base + rule.width_per_sqrt_year * root)
    width = np.maximum(rule.width_least, width)
    log_moneyness = log_fixed(strike / forward)
    if rule.shock is VolShock.SKEW_ABSOLUTE:
        log_moneyness = np.abs(log_moneyness)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = log_moneyness * cap / width
    # A negative cap is no error at the source: the bound then lies on the other side of 0.
    return np.where(log_moneyness >= 0.0, np.minimum(cap, share), np.maximum(-cap, share))
