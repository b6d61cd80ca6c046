"""Derive's second portfolio margin: one underlying, options by expiry, several collaterals."""

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
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.scene_lines import flag
from crossmargin.conformance.shape import misfit, shape
from crossmargin.conformance.translation import (
    FactorFigure,
    Figure,
    LevelFigure,
    NodeFigure,
    ScenarioFigure,
    Translation,
    TruncatedFigure,
)
from crossmargin.conformance.verdict import Unsupported
from crossmargin.wire.units import move_of_multiple

SHAPE = shape(
    f"""
    {PORTFOLIO}
    inputs.collaterals[].name inputs.collaterals[].amount inputs.collaterals[].price
    inputs.collaterals[].confidence inputs.collaterals[].risk_cancelling
    inputs.collaterals[].mm_haircut inputs.collaterals[].im_extra_haircut
    params.scenarios[].spot_mult params.scenarios[].vol params.scenarios[].dampening
    params.skewshock.LINEAR_SCALE_CAP params.skewshock.LINEAR_CBASE
    params.skewshock.ABS_SCALE_CAP params.skewshock.ABS_CBASE params.skewshock.MIN_K_STAR
    params.skewshock.MIN_WIDTH_SCALE params.skewshock.VOL_PARAM_STATIC
    params.skewshock.VOL_PARAM_SCALE
    params.volshock.VOLRANGEUP params.volshock.MIN_VOL_EVAL_SHOCKED params.volshock.VOLRANGEDOWN
    params.volshock.SHORTTERMPOWER params.volshock.LONGTERMPOWER params.volshock.DTE_FLOOR
    params.margin.MM_LOSS_FACTOR params.margin.IM_LOSS_FACTOR params.margin.SHORT_RATE_MULTSCALE
    params.margin.LONG_RATE_MULTSCALE params.margin.SHORT_RATE_ADDSCALE
    params.margin.LONG_RATE_ADDSCALE params.margin.BASE_STATIC_DISCOUNT
    params.margin.BASE_STATIC_DISCOUNT_NEG
    params.basiscontingency.SCENARIO_SPOT_UP params.basiscontingency.SCENARIO_SPOT_DOWN
    params.basiscontingency.BASIS_CONT_ADD_FACTOR params.basiscontingency.BASIS_CONT_MULT_FACTOR
    params.othercontingency.PEG_LOSS_THRESHOLD params.othercontingency.PEG_LOSS_FACTOR
    params.othercontingency.CONF_THRESHOLD params.othercontingency.CONF_MARGIN
    params.othercontingency.MM_PERP_PERCENT params.othercontingency.IM_PERP_PERCENT
    params.othercontingency.MM_OPTION_PERCENT params.othercontingency.IM_OPTION_PERCENT
    """,
    """
    inputs.expiries[].forward
    inputs.expiries[].svi.a inputs.expiries[].svi.b inputs.expiries[].svi.rho
    inputs.expiries[].svi.m inputs.expiries[].svi.sigma inputs.expiries[].svi.forward
    inputs.expiries[].svi.tau_years
    params.othercontingency.IM_PERP_PERCENT_NORMAL
    params.othercontingency.IM_OPTION_PERCENT_NORMAL
    expected.im expected.mm expected.im_truncated expected.mm_truncated expected.mark_to_market
    expected.option_mtm expected.collateral_mtm expected.basis_contingency
    expected.mm_loss_factor expected.im_loss_factor expected.oracle_contingency
    expected.mm_perp_contingency expected.im_perp_contingency
    expected.mm_collateral_haircut expected.im_collateral_haircut
    expected.mm_option_contingency expected.im_option_contingency expected.scenario_pnl
    """,
)

PARAMETERS = {
    ("volshock", "VOLRANGEUP"): "vol_up",
    ("volshock", "VOLRANGEDOWN"): "vol_down",
    ("volshock", "MIN_VOL_EVAL_SHOCKED"): "vol_floor",
    ("volshock", "SHORTTERMPOWER"): "power_short",
    ("volshock", "LONGTERMPOWER"): "power_long",
    ("volshock", "DTE_FLOOR"): "days_floor",
    ("skewshock", "LINEAR_SCALE_CAP"): "skew_linear_cap",
    ("skewshock", "LINEAR_CBASE"): "skew_linear_cap_per_root_year",
    ("skewshock", "ABS_SCALE_CAP"): "skew_absolute_cap",
    ("skewshock", "ABS_CBASE"): "skew_absolute_cap_per_root_year",
    ("skewshock", "MIN_K_STAR"): "skew_width_least",
    ("skewshock", "MIN_WIDTH_SCALE"): "skew_width_scale",
    ("skewshock", "VOL_PARAM_STATIC"): "skew_width_base",
    ("skewshock", "VOL_PARAM_SCALE"): "skew_width_per_root_year",
    ("margin", "MM_LOSS_FACTOR"): "maintenance_factor",
    ("margin", "IM_LOSS_FACTOR"): "initial_factor",
    ("margin", "LONG_RATE_MULTSCALE"): "long_rate_factor",
    ("margin", "LONG_RATE_ADDSCALE"): "long_rate_add",
    ("margin", "SHORT_RATE_MULTSCALE"): "short_rate_factor",
    ("margin", "SHORT_RATE_ADDSCALE"): "short_rate_add",
    ("margin", "BASE_STATIC_DISCOUNT"): "long_discount",
    ("margin", "BASE_STATIC_DISCOUNT_NEG"): "short_discount",
    ("basiscontingency", "BASIS_CONT_ADD_FACTOR"): "basis_add",
    ("basiscontingency", "BASIS_CONT_MULT_FACTOR"): "basis_per_year",
    ("othercontingency", "PEG_LOSS_THRESHOLD"): "depeg_below",
    ("othercontingency", "PEG_LOSS_FACTOR"): "depeg_factor",
    ("othercontingency", "CONF_THRESHOLD"): "confidence_below",
    ("othercontingency", "CONF_MARGIN"): "confidence_factor",
    ("othercontingency", "MM_PERP_PERCENT"): "perpetual_maintenance",
    ("othercontingency", "IM_PERP_PERCENT"): "perpetual_initial",
    ("othercontingency", "MM_OPTION_PERCENT"): "naked_option_maintenance",
    ("othercontingency", "IM_OPTION_PERCENT"): "naked_option_initial",
}

FIGURES: Mapping[str, Figure] = {
    "im": LevelFigure(level="initial"),
    "mm": LevelFigure(level="maintenance"),
    "im_truncated": TruncatedFigure(of=LevelFigure(level="initial")),
    "mm_truncated": TruncatedFigure(of=LevelFigure(level="maintenance")),
    "mark_to_market": NodeFigure(level="initial", node="mark_to_market"),
    "option_mtm": NodeFigure(level="initial", node="option_value"),
    "collateral_mtm": NodeFigure(level="initial", node="collateral_value"),
    "basis_contingency": NodeFigure(level="initial", node="basis", negated=True),
    "mm_loss_factor": FactorFigure(level="maintenance", node="maintenance_loss"),
    "im_loss_factor": FactorFigure(level="initial", node="initial_loss"),
    "oracle_contingency": NodeFigure(level="initial", node="confidence", negated=True),
    "mm_perp_contingency": NodeFigure(level="initial", node="perpetual_maintenance", negated=True),
    "im_perp_contingency": NodeFigure(level="initial", node="perpetual_initial", negated=True),
    "mm_collateral_haircut": NodeFigure(level="initial", node="haircut_maintenance", negated=True),
    "im_collateral_haircut": NodeFigure(level="initial", node="haircut_initial", negated=True),
    "mm_option_contingency": NodeFigure(
        level="initial", node="naked_option_maintenance", negated=True
    ),
    "im_option_contingency": NodeFigure(level="initial", node="naked_option_initial", negated=True),
}

MATRIX_VOLS = {"up": "up", "down": "down", "none": "same"}
SKEW_VOLS = {"linear": "linear", "abs": "absolute"}

STILL = {"name": "nothing", "price_move": [0.0], "vol": ["same"], "loss_weight": 0.0}
"""A family needs a scenario; one that costs nothing where the vector has none of its kind."""


def translate(case: Case) -> Translation | Unsupported:
    """Every figure of the reference portfolios, and each scenario where they are listed."""
    wrong = misfit(case, SHAPE)
    if wrong is not None:
        return wrong
    words = {each["vol"] for each in case.params["scenarios"]}
    unknown = words.difference(MATRIX_VOLS, SKEW_VOLS)
    if unknown:
        return Unsupported(reason=f"unknown vol shocks {', '.join(sorted(map(str, unknown)))}")
    scene = started(case)
    perpetual_row(scene, case.inputs["perp"])
    option_rows(scene, case)
    moves, maintenance, initial = _collaterals(scene, case)
    for row in (*scene.assets, *scene.listings):
        scene.figure("manager_confidence", row, case.inputs["spot_confidence"])
    matrix, skew, cells = _families(case)
    return Translation(
        recipe="derive-pmrm2",
        scene=scene,
        overrides={
            **{name: case.params[a][b] for (a, b), name in PARAMETERS.items()},
            "basis_up": move_of_multiple(case.params["basiscontingency"]["SCENARIO_SPOT_UP"]),
            "basis_down": move_of_multiple(case.params["basiscontingency"]["SCENARIO_SPOT_DOWN"]),
            "moves_along": moves,
            "haircut_maintenance": maintenance,
            "haircut_initial": initial,
        },
        scenarios={"matrix": {"family": matrix}, "skew": {"family": skew}},
        figures={**FIGURES, "scenario_pnl": ScenarioFigure(level="initial", cells=cells)},
    )


def _collaterals(
    scene: Scene, case: Case
) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Balances; which of them move with the underlying, and their two haircuts."""
    moves, maintenance, initial = {BASE: 1.0, CASH: 0.0}, {CASH: 0.0}, {CASH: 0.0}
    for i, each in enumerate(case.inputs["collaterals"]):
        code = scene.asset(
            f"{each['name']}#{i}", index=each["price"], confidence=each["confidence"]
        )
        scene.balance(code, each["amount"])
        where = f"inputs.collaterals[{i}].risk_cancelling"
        moves[code] = 1.0 if flag(each["risk_cancelling"], where) else 0.0
        maintenance[code] = each["mm_haircut"]
        initial[code] = each["im_extra_haircut"]
    return moves, maintenance, initial


def _families(
    case: Case,
) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]], tuple[tuple[str, int], ...]]:
    """The scenarios by kind, and where each of the list is found again."""
    matrix: list[Mapping[str, Any]] = []
    skew: list[Mapping[str, Any]] = []
    cells = []
    for i, each in enumerate(case.params["scenarios"]):
        turns = each["vol"] in SKEW_VOLS
        kept, node = (skew, "skew_scan") if turns else (matrix, "scan")
        cells.append((node, len(kept)))
        kept.append(
            {
                "name": f"scenario {i}",
                "price_edge": "$moves_along",
                "price_move": [move_of_multiple(each["spot_mult"])],
                "vol": [{**MATRIX_VOLS, **SKEW_VOLS}[each["vol"]]],
                "loss_weight": each["dampening"],
            }
        )
    return matrix or [STILL], skew or [STILL], tuple(cells)
