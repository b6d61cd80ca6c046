"""Derive's first portfolio margin: one underlying, its base asset the only collateral."""

from collections.abc import Mapping
from typing import Any

from crossmargin.conformance.adapters.derive_portfolio import (
    BASE,
    CASH,
    PORTFOLIO,
    option_rows,
    perpetual_row,
    started,
)
from crossmargin.conformance.case import Case
from crossmargin.conformance.shape import misfit, shape
from crossmargin.conformance.translation import (
    Figure,
    LevelFigure,
    NodeFigure,
    ScenarioFigure,
    Translation,
    TruncatedFigure,
)
from crossmargin.conformance.verdict import Unsupported
from crossmargin.wire.units import days_of_seconds, move_of_multiple

PARAMETERS = {
    "im_factor": "initial_factor",
    "peg_threshold": "depeg_below",
    "peg_factor": "depeg_factor",
    "conf_threshold": "confidence_below",
    "conf_margin": "confidence_factor",
    "base_percent": "base_static",
    "perp_percent": "perpetual_static",
    "option_percent": "naked_option_static",
    "base_static_discount": "long_discount",
    "rate_mult": "long_rate_factor",
    "rate_add": "long_rate_add",
    "basis_add": "basis_add",
    "basis_mult": "basis_per_year",
    "vol_range_up": "vol_up",
    "vol_range_down": "vol_down",
    "short_term_power": "power_short",
    "long_term_power": "power_long",
}

SHAPE = shape(
    f"""
    {PORTFOLIO} inputs.base params.scenarios[].spot_mult params.scenarios[].vol
    params.basis_spot_up params.basis_spot_down params.dte_floor_sec
    {" ".join(f"params.{name}" for name in PARAMETERS)}
    """,
    """
    inputs.expiries[].forward expected.im expected.mm expected.im_truncated expected.mm_truncated
    expected.mark_to_market expected.option_mtm expected.base_mtm expected.basis_contingency
    expected.static_contingency expected.confidence_contingency expected.scenario_pnl
    """,
)

FIGURES: Mapping[str, Figure] = {
    "im": LevelFigure(level="initial"),
    "mm": LevelFigure(level="maintenance"),
    "im_truncated": TruncatedFigure(of=LevelFigure(level="initial")),
    "mm_truncated": TruncatedFigure(of=LevelFigure(level="maintenance")),
    "mark_to_market": NodeFigure(level="initial", node="mark_to_market"),
    "option_mtm": NodeFigure(level="initial", node="option_value"),
    "base_mtm": NodeFigure(level="initial", node="base_value"),
    "basis_contingency": NodeFigure(level="initial", node="basis", negated=True),
    "static_contingency": NodeFigure(level="initial", node="static"),
    "confidence_contingency": NodeFigure(level="initial", node="confidence"),
}

VOLS = {"up": "up", "down": "down", "none": "same"}


def translate(case: Case) -> Translation | Unsupported:
    """Margin, its parts, and each scenario where they are listed."""
    wrong = misfit(case, SHAPE)
    if wrong is not None:
        return wrong
    unknown = {str(each["vol"]) for each in case.params["scenarios"]}.difference(VOLS)
    if unknown:
        return Unsupported(reason=f"unknown vol shocks {', '.join(sorted(unknown))}")
    scene = started(case)
    scene.balance(BASE, case.inputs["base"])
    perpetual_row(scene, case.inputs["perp"])
    option_rows(scene, case)
    for row in (*scene.assets, *scene.listings):
        scene.figure("manager_confidence", row, case.inputs["spot_confidence"])
    params = case.params
    return Translation(
        recipe="derive-pmrm1",
        scene=scene,
        overrides={
            **{name: params[key] for key, name in PARAMETERS.items()},
            "basis_up": move_of_multiple(params["basis_spot_up"]),
            "basis_down": move_of_multiple(params["basis_spot_down"]),
            "days_floor": days_of_seconds(params["dte_floor_sec"]),
            "moves_along": {BASE: 1.0, CASH: 0.0},
        },
        scenarios={
            "matrix": {"family": [_family(i, x) for i, x in enumerate(params["scenarios"])]}
        },
        figures={
            **FIGURES,
            "scenario_pnl": ScenarioFigure(
                level="initial",
                cells=tuple(("scan", i) for i in range(len(params["scenarios"]))),
            ),
        },
    )


def _family(number: int, scenario: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "name": f"scenario {number}",
        "price_edge": "$moves_along",
        "price_move": [move_of_multiple(scenario["spot_mult"])],
        "vol": [VOLS[scenario["vol"]]],
    }
