"""FTX, historic: the initial margin fraction of a position's size."""

from typing import Any

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.translation import (
    LevelFigure,
    NodeFigure,
    ShareFigure,
    SizeFigure,
    Translation,
    WorthFigure,
)
from crossmargin.conformance.vector_reading import COIN, inputs_shape, nearest_misfit, renamed
from crossmargin.conformance.verdict import Unsupported
from crossmargin.rulebook.amount import Amount
from crossmargin.wire.units import float_of, share_of

SIZE = inputs_shape("imf_factor position_open_size", "base_imf max_leverage cap")
WORDS = {
    "position_open_size": "open_size position_size size qty quantity",
    "base_imf": "base base_initial",
    "weight": "initial_weight collateral_weight total_weight",
}
WEIGHT = inputs_shape("imf_factor position_open_size weight")
UNBOUNDED = 100.0
"""Published fractions are told as the formula has them, above fully funded too."""


def translate(case: Case) -> Translation | Unsupported:
    """A position of so many coins at one dollar, under `ftx-historic`."""
    case = renamed(case, WORDS)
    if "weight" in case.inputs:
        return nearest_misfit(case, [WEIGHT]) or _weight(case)
    return nearest_misfit(case, [SIZE]) or _size(case)


def _size(case: Case) -> Translation:
    inputs, scene = case.inputs, Scene()
    coin = scene.asset(COIN, index=1)
    row = scene.perpetual(coin, mark=1)
    scene.position(row, inputs["position_open_size"], entry=1)
    overrides: dict[str, Any] = {
        "size_factor": {coin: float_of(inputs["imf_factor"])},
        "fully_funded": float_of(inputs.get("cap", UNBOUNDED)),
    }
    if "base_imf" in inputs:
        overrides["base_initial"] = {coin: float_of(inputs["base_imf"])}
    elif "max_leverage" in inputs:
        overrides["base_initial"] = {coin: share_of(1, inputs["max_leverage"])}
    return Translation(
        recipe="ftx-historic",
        scene=scene,
        figures={
            "imf": ShareFigure(
                of=NodeFigure(level="initial", node="initial_margin"),
                base=SizeFigure(amount=Amount.ABS_NET, of="notional"),
            )
        },
        overrides=overrides,
    )


def _weight(case: Case) -> Translation:
    """What so many coins at one dollar count for over what they are worth."""
    inputs, scene = case.inputs, Scene()
    coin = scene.asset(COIN, index=1)
    scene.balance(coin, inputs["position_open_size"])
    return Translation(
        recipe="ftx-historic",
        scene=scene,
        figures={
            "weight": ShareFigure(
                of=LevelFigure(level="initial", part="equity"), base=WorthFigure()
            )
        },
        overrides={
            "initial_weight": {coin: float_of(inputs["weight"])},
            "collateral_factor": {coin: float_of(inputs["imf_factor"])},
            "size_factor": {coin: 0.0},
        },
    )
