"""The schedule of BCBS and IOSCO: gross margin, or notionals with rates, and trades' values."""

from typing import Any

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.stated_recipe import stated
from crossmargin.conformance.translation import LevelFigure, NodeFigure, Translation
from crossmargin.conformance.vector_reading import (
    COIN,
    given,
    inputs_shape,
    listed,
    nearest_misfit,
    unknown_rule,
)
from crossmargin.conformance.verdict import Unsupported
from crossmargin.wire.units import float_of

VALUES = "trade_pvs pvs"
RATES = "rates rate"
GROSS = inputs_shape("gross_im", f"{VALUES} rule")
TRADES = inputs_shape("notionals", f"{RATES} {VALUES} rule")
FORM = r"0\.4\*gross ?\+ ?0\.6\*NGR\*gross"
RATIO = r"NGR ?= ?max\(sum PV, ?0\)/sum max\(PV, ?0\)"
NONE = r"NGR ?= ?1 (when|if) gross PV (is|=) ?0"
RULES = {"rule": rf"({FORM}|{RATIO}|{NONE})([,;] ?({FORM}|{RATIO}|{NONE}))*"}


def translate(case: Case) -> Translation | Unsupported:
    """A trade for each value, under `schedule-im`."""
    return nearest_misfit(case, [GROSS, TRADES]) or unknown_rule(case, RULES) or _trades(case)


def _trades(case: Case) -> Translation:
    inputs, scene = case.inputs, Scene()
    values: list[Any] = listed(given(inputs, VALUES) or [0])
    sizes = listed(inputs.get("notionals", [1 for _ in values]))
    rate = given(inputs, RATES)
    rates: list[Any] = rate if isinstance(rate, list) else [rate for _ in sizes]
    by_trade: dict[str, float] = {}
    scene.account()
    for number, (size, value, share) in enumerate(zip(sizes, values, rates, strict=True)):
        coin = scene.asset(f"{COIN}{number}", index=1)
        scene.position(scene.perpetual(coin, mark=1), size, profit=value)
        if share is not None:
            by_trade[coin] = float_of(share)
    gross = "gross_im" in inputs
    return Translation(
        recipe="schedule-im",
        scene=scene,
        figures={
            "im": LevelFigure(level="initial", part="requirement"),
            "gross_im": NodeFigure(level="initial", node="gross"),
        },
        overrides={"rate": by_trade} if by_trade else {},
        definitions={"gross": stated(float_of(inputs["gross_im"]))} if gross else {},
    )
