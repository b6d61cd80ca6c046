"""SPAN: the 16 scenarios of a strangle or of any legs of one month."""

from typing import Any

from crossmargin.conformance.adapters import span_parts
from crossmargin.conformance.case import Case
from crossmargin.conformance.option_legs import add_leg, listed_grid
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.translation import (
    DriverFigure,
    LevelFigure,
    NodeFigure,
    Translation,
)
from crossmargin.conformance.vector_reading import (
    COIN,
    inputs_shape,
    nearest_misfit,
    unknown_rule,
)
from crossmargin.conformance.verdict import Unsupported
from crossmargin.wire.units import float_of, fraction_of, share_of

SCAN = inputs_shape(
    """F T_days iv price_scan_range vol_scan_range_abs legs price_moves_multiples vol_moves
    fraction""",
    "pricing",
)
RULES = {"pricing": r"Black-76, r=0, T=[\d.]+/365 in every scenario"}
VOLS: dict[float, str] = {1.0: "up", -1.0: "down", 0.0: "same"}
NUMBERS = tuple(range(1, 1000))
"""Scenarios are numbered from 1."""


def translate(case: Case) -> Translation | Unsupported:
    """The listed scenarios in their order, under `span`; nothing but the scan is charged."""
    if span_parts.is_of_parts(case):
        return span_parts.translate(case)
    wrong = nearest_misfit(case, [SCAN]) or unknown_rule(case, RULES)
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
    for leg in inputs["legs"]:
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
            "span_requirement": LevelFigure(level="maintenance", part="requirement"),
        },
        overrides={
            "price_scan_range": {coin: share_of(inputs["price_scan_range"], inputs["F"])},
            "vol_scan_range": float_of(inputs["vol_scan_range_abs"]),
            "inter_month_rate": {coin: 0.0},
        },
        scenarios={"sixteen": _sixteen(inputs)},
    )


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
