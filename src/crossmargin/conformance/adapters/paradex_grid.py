"""Paradex portfolio margin over the published grid: options of one underlying on their spot."""

import re
from collections.abc import Mapping
from typing import Any

from crossmargin.conformance.case import Case
from crossmargin.conformance.option_legs import OUTRIGHT, add_leg, listed_grid
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.translation import (
    DriverFigure,
    Figure,
    LevelFigure,
    ListFigure,
    NodeFigure,
    Translation,
)
from crossmargin.conformance.vector_reading import (
    COIN,
    given,
    inputs_shape,
    lacking,
    nearest_misfit,
    unknown_rule,
)
from crossmargin.conformance.verdict import Unsupported
from crossmargin.wire.units import float_of

GRID = "scenarios_spot_vol_weight"
DELTAS = inputs_shape("spot deltas")
GIVEN = "spot dte mark_iv pricing vol_rule"
ONE = inputs_shape("spot qty", f"strike type {GIVEN} {GRID}")
LEG = "legs[].type legs[].kind legs[].strike legs[].qty legs[].dte legs[].mark_iv"
LEGS = inputs_shape("spot legs", f"{LEG} {GIVEN} {GRID}")
RULE = (
    r"iv\*\(1\+shock\*\((?P<reference>[\d.]+)/max\((?P<floor>[\d.]+),dte\)\)"
    r"\^\((?P<short>[\d.]+) if dte<(?P<below>[\d.]+) else (?P<long>[\d.]+)\)\)"
)
RULES = {
    "pricing": r"Black-76 on spot, r=0, T=dte/365, mark price = model price",
    "vol_rule": RULE,
}
KNOWN = "iv*(1+shock*(30/max(1,dte))^(0.30 if dte<30 else 0.13))"
UNIT = "one"
NUMBERS = tuple(range(1, 1000))
"""Scenarios are numbered from 1."""


def translate(case: Case) -> Translation | Unsupported:
    """The listed scenarios in their order, under `paradex-portfolio` without its fee."""
    if "deltas" in case.inputs:
        return nearest_misfit(case, [DELTAS]) or _deltas(case)
    kind = str(given(case.inputs, "type kind")).lower()
    option = "strike" in case.inputs or ("type" in case.inputs and kind not in OUTRIGHT)
    needed = ("type", "strike", "dte", "mark_iv") if option and "qty" in case.inputs else ()
    return (
        nearest_misfit(case, [ONE, LEGS])
        or unknown_rule(case, RULES)
        or lacking(case, *needed)
        or _grid(case)
    )


def _legs(case: Case) -> list[tuple[Any, Any, Any, Any, Any]]:
    """(kind, strike, contracts, days, vol) of each leg."""
    inputs = case.inputs
    days, vol = inputs.get("dte"), inputs.get("mark_iv")
    if "legs" not in inputs:
        kind = inputs.get("type", "perp")
        return [(kind, inputs.get("strike"), inputs["qty"], days, vol)]
    found = []
    for leg in inputs["legs"]:
        if isinstance(leg, dict):
            strike, held = leg.get("strike"), leg["qty"]
            kind = given(leg, "type kind")
            found.append((kind, strike, held, leg.get("dte", days), leg.get("mark_iv", vol)))
        else:
            kind, strike, held = leg
            found.append((kind, strike, held, days, vol))
    return found


def _grid(case: Case) -> Translation:
    inputs, legs = case.inputs, _legs(case)
    scene = Scene()
    coin = scene.asset(COIN, index=inputs["spot"])
    for number, (kind, strike, held, days, vol) in enumerate(legs):
        for account, contracts in (("account", held), (f"{UNIT} {number}", 1)):
            add_leg(
                scene,
                coin,
                kind=kind,
                strike=strike,
                contracts=contracts,
                price=inputs["spot"],
                days=days,
                vol=vol,
                account=account,
            )
    marks = tuple(
        NodeFigure(level="maintenance", node="options_value", account=f"{UNIT} {number}")
        for number in range(len(legs))
    )
    figures: dict[str, Figure] = {
        "model_mark": marks[0] if len(marks) == 1 else ListFigure(figures=marks),
        "scan_risk": NodeFigure(level="maintenance", node="scan"),
        "min_delta": NodeFigure(level="maintenance", node="min_delta"),
        "worst_scenario_number": DriverFigure(level="maintenance", node="scan", told=NUMBERS),
        "mmr_before_fees": LevelFigure(level="maintenance", part="requirement"),
        "imr_before_fees": LevelFigure(level="initial", part="requirement"),
    }
    return Translation(
        recipe="paradex-portfolio",
        scene=scene,
        figures=figures,
        overrides={"fee": 0.0},
        scenarios={"grid": _table(inputs)} if GRID in inputs else {},
    )


def _deltas(case: Case) -> Translation:
    """A perpetual of its own for each stated delta, in coins."""
    scene = Scene()
    coin = scene.asset(COIN, index=case.inputs["spot"])
    for number, delta in enumerate(case.inputs["deltas"]):
        price = case.inputs["spot"]
        row = scene.perpetual(coin, name=f"#{number}", mark=price, funding_rate=0)
        scene.position(row, delta, entry=price)
    return Translation(
        recipe="paradex-portfolio",
        scene=scene,
        figures={"min_delta": NodeFigure(level="maintenance", node="min_delta")},
        overrides={"fee": 0.0},
    )


def _table(inputs: Mapping[str, Any]) -> dict[str, Any]:
    rule = re.fullmatch(RULE, inputs.get("vol_rule", KNOWN))
    if rule is None:
        raise ValueError("inputs.vol_rule")
    term = {
        "shock": "relative",
        "reference_days": float_of(rule["reference"]),
        "days_floor": float_of(rule["floor"]),
        "power_short": float_of(rule["short"]),
        "power_long": float_of(rule["long"]),
    }
    rows = inputs[GRID]
    return listed_grid(
        [(float_of(move), f"vol {shock}", weight) for move, shock, weight in rows],
        {f"vol {shock}": {**term, "move": float_of(shock)} for _, shock, _ in rows},
    )
