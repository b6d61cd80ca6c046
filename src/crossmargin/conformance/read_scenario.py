"""Figures of single scenarios: what is gained in each, which one decided, what becomes of a vol."""

from typing import Any, assert_never

import numpy as np

from crossmargin.conformance.answer_tree import account_row, answer_of, context_of
from crossmargin.conformance.translation import DriverFigure, ScenarioFigure, VolFigure
from crossmargin.rulebook.assess import MarginColumns
from crossmargin.rulebook.charge.scan import scan_ticks
from crossmargin.rulebook.charge.scan_loss import ScanLoss
from crossmargin.rulebook.context import ACCOUNT
from crossmargin.rulebook.evaluate import Answer
from crossmargin.rulebook.node import Leaf
from crossmargin.rulebook.reduce import parent_groups
from crossmargin.valuation.vol import term_factor, vol_in_scenarios


def read_scenario_figure(
    figure: ScenarioFigure | DriverFigure | VolFigure, columns: MarginColumns
) -> float | str | list[Any] | None:
    """The figure; KeyError when the recipe has no such node, or the node is no scan."""
    match figure:
        case ScenarioFigure():
            return _scenarios(figure, columns)
        case DriverFigure():
            return _driver(figure, columns)
        case VolFigure():
            return _vol(figure, columns)
        case _:
            assert_never(figure)


def _scenarios(figure: ScenarioFigure, columns: MarginColumns) -> list[float]:
    context = context_of(columns)
    account = account_row(columns, figure.account)
    gained: dict[str, np.ndarray[Any, np.dtype[np.float64]]] = {}
    for name, _ in figure.cells:
        if name not in gained:
            charge = _scan(answer_of(figure.level, name, columns), name)
            scanned = scan_ticks(context, charge.scenarios, charge.groups, ACCOUNT)
            weight = context.run.scan(charge.scenarios).scenarios.loss_weight
            own = scanned.ticks[account] * weight
            gained[name] = np.where(scanned.unavailable[account], np.nan, own)
    sign = -1.0 if figure.negated else 1.0
    cells = [sign * gained[name][number] + 0.0 for name, number in figure.cells]
    return [float(np.ldexp(cell, columns.tick_exponent)) for cell in cells]


def _driver(figure: DriverFigure, columns: MarginColumns) -> float | str | None:
    """None where nothing decided, or more than one group of the account did."""
    context, answer = context_of(columns), answer_of(figure.level, figure.node, columns)
    owner = parent_groups(context, answer.at, ACCOUNT)
    driver = answer.outcome.driver
    own = np.flatnonzero(owner == account_row(columns, figure.account))
    if driver is None or len(own) != 1 or driver[own[0]] < 0:
        return None
    told = figure.told[int(driver[own[0]])]
    return told if isinstance(told, str) else float(told)


def _vol(figure: VolFigure, columns: MarginColumns) -> float:
    run = context_of(columns).run
    universe, market = run.universe, run.market
    names = [universe.name_of(i) for i in range(universe.listings_count)]
    row = np.array([names.index(figure.row)])
    scenarios = run.scan(figure.scenarios).scenarios
    years = market.years[row]
    if figure.factor:
        rule = scenarios.vol_rules[int(scenarios.vol_rule[figure.number])]
        return float(term_factor(rule, years)[0])
    vols = vol_in_scenarios(
        scenarios,
        universe.underlying[row],
        years,
        market.vol[row],
        market.forward[row],
        universe.strike[row],
    )
    return float(vols[0, figure.number])


def _scan(answer: Answer, name: str) -> ScanLoss:
    if isinstance(answer.node, Leaf) and isinstance(answer.node.charge, ScanLoss):
        return answer.node.charge
    raise KeyError(f"{name} is no scan of scenarios")
