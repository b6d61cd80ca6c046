"""SPAN from stated arrays of profit or loss, and requirements from stated parts."""

from typing import Any

from crossmargin.conformance.case import Case
from crossmargin.conformance.option_legs import listed_grid
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.stated_recipe import stated
from crossmargin.conformance.translation import (
    DriverFigure,
    Figure,
    LevelFigure,
    NodeFigure,
    Translation,
)
from crossmargin.conformance.vector_reading import COIN, inputs_shape, nearest_misfit, renamed
from crossmargin.conformance.verdict import Unsupported
from crossmargin.wire.units import at_exponent, decimal_of, float_of, in_exponent, negative_of

GAINS = "gains pnl pnls pnl_by_scenario array_pnl profits gain_by_scenario"
LOSSES = "losses risk_array array loss_array array_losses loss_by_scenario"
WORDS = {
    "gains": GAINS,
    "losses": LOSSES,
    "scan_risk": "scan scanning_risk",
    "inter_month": "inter_month_charge intermonth intermonth_charge calendar_charge",
    "delivery": "delivery_charge delivery_month_charge",
    "commodity_credit": "inter_commodity_credit intercommodity_credit credit",
    "short_option_floor": "short_option_minimum som short_option_minimum_charge",
    "net_option_value": "nov",
}
PARTS = (
    "scan_risk",
    "inter_month",
    "delivery",
    "commodity_credit",
    "short_option_floor",
    "net_option_value",
)
ARRAY = inputs_shape("", "gains losses")
STATED = inputs_shape("scan_risk", " ".join(PARTS))
DIGITS = range(3, 19)
NUMBERS = tuple(range(1, 1000))
"""Scenarios are numbered from 1."""

REQUIRED = LevelFigure(level="maintenance", part="requirement")
RISKS = ("commodity_risk", "span_risk", "risk", "risk_requirement", "total_risk")
NAMES = ("span_requirement", "requirement", "total", "margin")


def is_of_parts(case: Case) -> bool:
    """Whether the vector states what scenarios come to, or parts of a requirement."""
    return bool({"gains", "losses", "scan_risk"} & renamed(case, WORDS).inputs.keys())


def translate(case: Case) -> Translation | Unsupported:
    """Under `span`, without charges that are not stated."""
    named = renamed(case, WORDS)
    if "scan_risk" in named.inputs:
        return nearest_misfit(named, [STATED]) or _parts(named)
    return nearest_misfit(named, [ARRAY]) or _array(named)


def _parts(case: Case) -> Translation:
    scene = Scene()
    scene.position(scene.perpetual(scene.asset(COIN, index=1), mark=1), 1, entry=1)
    return Translation(
        recipe="span",
        scene=scene,
        figures={
            **dict.fromkeys(NAMES, REQUIRED),
            **dict.fromkeys(RISKS, NodeFigure(level="maintenance", node="commodities")),
        },
        definitions={name: stated(float_of(case.inputs.get(name, 0))) for name in PARTS},
    )


def _array(case: Case) -> Translation | Unsupported:
    """One contract of so high a price that each row is a small move of it."""
    inputs = case.inputs
    gains = inputs.get("gains")
    if gains is None:
        gains = [negative_of(loss) for loss in inputs["losses"]]
    elif "losses" in inputs:
        return Unsupported(reason="inputs state both gains and losses")
    rows = [decimal_of(gain) for gain in gains]
    digits = next(d for d in DIGITS if sorted(rows)[0] > negative_of(at_exponent(1, d)))
    price = at_exponent(1, digits)
    scene = Scene()
    coin = scene.asset(COIN, index=price)
    scene.position(scene.perpetual(coin, mark=price), 1, entry=price)
    moves: list[tuple[float, str, Any]] = [
        (float(in_exponent(row, digits)), "same", 1) for row in rows
    ]
    figures: dict[str, Figure] = {
        **dict.fromkeys(NAMES, REQUIRED),
        "scan_risk": NodeFigure(level="maintenance", node="scan_risk"),
        "active_scenario": DriverFigure(level="maintenance", node="scan_risk", told=NUMBERS),
    }
    return Translation(
        recipe="span",
        scene=scene,
        figures=figures,
        overrides={"inter_month_rate": {coin: 0.0}},
        scenarios={"sixteen": listed_grid(moves, {})},
    )
