"""Regulation T: one naked option."""

from typing import Any

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.translation import LevelFigure, Translation
from crossmargin.conformance.vector_reading import (
    COIN,
    given,
    inputs_shape,
    nearest_misfit,
    right_of,
)
from crossmargin.conformance.verdict import Unsupported
from crossmargin.wire.units import float_of, negative_of, seconds_of_days

NAKED = inputs_shape("S K premium", "rate min_rate multiplier type right option_type contracts qty")
SHARES_PER_CONTRACT = 100


def translate(case: Case) -> Translation | Unsupported:
    """One short contract under `reg-t`."""
    return nearest_misfit(case, [NAKED]) or _naked(case)


def _naked(case: Case) -> Translation:
    inputs, scene = case.inputs, Scene()
    index = scene.asset(COIN, index=inputs["S"])
    row = scene.option(
        index,
        seconds=seconds_of_days(30),
        strike=inputs["K"],
        right=right_of(case),
        contract_size=inputs.get("multiplier", SHARES_PER_CONTRACT),
        forward=inputs["S"],
        mark=inputs["premium"],
    )
    contracts = given(inputs, "contracts qty") or 1
    scene.position(row, contracts if contracts < 0 else negative_of(contracts))
    overrides: dict[str, Any] = {}
    if "rate" in inputs:
        overrides["rate"] = {index: float_of(inputs["rate"])}
    if "min_rate" in inputs:
        overrides["least"] = float_of(inputs["min_rate"])
    return Translation(
        recipe="reg-t",
        scene=scene,
        figures={"requirement": LevelFigure(level="maintenance", part="requirement")},
        overrides=overrides,
    )
