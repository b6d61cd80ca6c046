"""SPAN: the 16 scenarios of a strangle or of any legs of one month."""

from typing import Any

from crossmargin.conformance.adapters import span_parts
from crossmargin.conformance.case import Case
from crossmargin.conformance.option_legs import add_leg, listed_grid
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.translation import (
    DriverFigure,
    Figure,
    LevelFigure,
    NodeFigure,
    ScenarioFigure,
    Translation,
)
from crossmargin.conformance.vector_reading import (
    COIN,
    inputs_shape,
    nearest_misfit,
    renamed,
    unknown_rule,
)
from crossmargin.conformance.verdict import Unsupported
from crossmargin.wire.units import float_of, fraction_of, share_of

WORDS = {
    "strike": "k",
    "type": "right option_type kind",
    "qty": "contracts size",
    "price_moves_multiples": "price_moves price_multiples",
    "fraction": "fractions weights loss_fraction",
}
RANGES = "F T_days iv price_scan_range vol_scan_range_abs price_moves_multiples vol_moves fraction"
SCAN = inputs_shape(f"{RANGES} legs", "pricing")
ONE = inputs_shape(f"{RANGES} type strike", "qty pricing")
GAINS = ("pnl", "gains", "pnl_by_scenario", "scenario_pnl")
LOSSES = ("risk_array", "array", "losses", "scenario_losses", "loss_array")
RULES = {"pricing": r"Black-76, r=0, T=[\d.]+/365 in every scenario"}
VOLS: dict[float, str] = {1.0: "up", -1.0: "down", 0.0: "same"}
NUMBERS = tuple(range(1, 1000))
"""Scenarios are numbered from 1."""


def translate(case: Case) -> Translation | Unsupported:
    """The listed scenarios in their order, under `span`; nothing but the scan is charged."""
    if span_parts.is_of_parts(case):
        return span_parts.translate(case)
    case = renamed(case, WORDS)
    wrong = nearest_misfit(case, [SCAN, ONE]) or unknown_rule(case, RULES)
    if wrong is not None:
        return wrong
    if any(float_of(move) not in VOLS for move in case.inputs["vol_moves"]):
        return Unsupported(reason="inputs.vol_moves are other than 1, -1 and 0")
    return _scan(case)


def _scan(case: Case) -> Translation:
    inputs = case.inputs
    scene = Scene()
    coin = scene.asset(COIN, index=inputs["F"])
    scene.account()
    one = [inputs.get("type"), inputs.get("strike"), inputs.get("qty", 1)]
    for leg in inputs.get("legs", [one]):
        kind, strike, held = leg
        add_leg(
            scene,
            coin,
            kind=kind,
            strike=strike,
            contracts=held,
            price=inputs["F"],
            days=inputs["T_days"],
            vol=inputs["iv"],
        )
    return Translation(
        recipe="span",
        scene=scene,
        figures={
            "scan_risk": NodeFigure(level="maintenance", node="scan_risk"),
            "active_scenario": DriverFigure(level="maintenance", node="scan_risk", told=NUMBERS),
            "net_option_value": NodeFigure(level="maintenance", node="net_option_value"),
            **{key: _cells(inputs, negated=False) for key in GAINS},
            **{key: _cells(inputs, negated=True) for key in LOSSES},
            "span_requirement": LevelFigure(level="maintenance", part="requirement"),
        },
        overrides={
            "price_scan_range": {coin: share_of(inputs["price_scan_range"], inputs["F"])},
            "vol_scan_range": float_of(inputs["vol_scan_range_abs"]),
            "inter_month_rate": {coin: 0.0},
        },
        scenarios={"sixteen": _sixteen(inputs)},
    )


def _cells(inputs: Any, *, negated: bool) -> Figure:
    cells = tuple(("scan_risk", number) for number, _ in enumerate(inputs["fraction"]))
    return ScenarioFigure(level="maintenance", cells=cells, negated=negated)


def _sixteen(inputs: Any) -> dict[str, Any]:
    moves = zip(
        inputs["price_moves_multiples"], inputs["vol_moves"], inputs["fraction"], strict=True
    )
    table = listed_grid(
        [(fraction_of(price), VOLS[float_of(vol)], weight) for price, vol, weight in moves],
        {
            "up": {"shock": "points", "move": "$vol_scan_range"},
            "down": {"shock": "points", "move": "-$vol_scan_range"},
        },
    )
    for family in table["family"]:
        family["price_edge"] = "$price_scan_range"
        family["time_days"] = "$days_passed"
    return table
