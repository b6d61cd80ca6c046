"""EMIR's three tools against procyclical margin, on stated margins."""

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.translation import LevelFigure, Translation
from crossmargin.conformance.vector_reading import COIN, inputs_shape, nearest_misfit
from crossmargin.conformance.verdict import Unsupported
from crossmargin.wire.units import float_of

TOOLS = inputs_shape("core", "stressed margin_10y buffer stress_weight")
PARAMETERS = {
    "core": "core",
    "stressed": "stressed",
    "margin_10y": "ten_years",
    "buffer": "buffer",
    "stress_weight": "stress_weight",
}
NEEDS = {"stress_weighted": "stressed", "floored": "margin_10y"}


def translate(case: Case) -> Translation | Unsupported:
    """The stated margins under the small recipe `emir-apc`: each tool is a level."""
    wrong = nearest_misfit(case, [TOOLS])
    if wrong is not None:
        return wrong
    missing = [need for key, need in NEEDS.items() if key in case.expected]
    missing = [f"inputs.{need}" for need in missing if need not in case.inputs]
    if missing:
        return Unsupported(reason=f"missing keys {', '.join(missing)}")
    scene = Scene()
    scene.position(scene.perpetual(scene.asset(COIN, index=1), mark=1), 1, entry=1)
    return Translation(
        recipe="emir-apc",
        scene=scene,
        figures={
            key: LevelFigure(level=key, part="requirement")
            for key in ("buffered", "stress_weighted", "floored")
        },
        overrides={
            name: float_of(case.inputs[key])
            for key, name in PARAMETERS.items()
            if key in case.inputs
        },
    )
