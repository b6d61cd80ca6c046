"""LCH PAIRS: the mean of the worst of stated losses, and the worst of the later ones."""

import re
from collections import deque
from typing import Any

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.translation import LevelFigure, Translation
from crossmargin.conformance.vector_reading import COIN, inputs_shape, nearest_misfit
from crossmargin.conformance.verdict import Unsupported
from crossmargin.wire.units import at_exponent, decimal_of, in_exponent, level_of_worst, negative_of

LOSSES = inputs_shape("losses n_tail", "old_window")
COUNTED = r"(-?\d+) *\.\. *(-?\d+)\b.*"
LARGEST_LAST = r".*in time order, largest last"
OLD_WINDOW = 1250
"""Days of which the rule before took the worst."""
DIGITS = range(16)


def translate(case: Case) -> Translation | Unsupported:
    """A short position that loses a day's amount when the price rises by it."""
    wrong = nearest_misfit(case, [LOSSES])
    if wrong is not None:
        return wrong
    losses = _losses(case.inputs["losses"])
    if losses is None:
        return Unsupported(reason=f"inputs.losses are not known: {case.inputs['losses']!r}")
    return _tail(case, losses)


def _losses(written: Any) -> list[Any] | None:
    """A list as it is; whole numbers from one to another, in order, where a text says so."""
    if isinstance(written, list):
        return written
    found = re.fullmatch(COUNTED, str(written))
    if found is None or not re.fullmatch(LARGEST_LAST, str(written)):
        return None
    first, last = int(found[1]), int(found[2])
    return [*range(first, last), last]


def _tail(case: Case, losses: list[Any]) -> Translation | Unsupported:
    least = sorted(decimal_of(loss) for loss in losses)[0]
    digits = next((d for d in DIGITS if least > negative_of(at_exponent(1, d))), None)
    if digits is None:
        return Unsupported(reason=f"inputs.losses has a gain of {least}, which no price can make")
    scene = Scene()
    price = at_exponent(1, digits)
    coin = scene.asset(COIN, index=price)
    scene.position(scene.perpetual(coin, mark=price), -1, entry=price)
    old = case.inputs.get("old_window", OLD_WINDOW)
    days = [
        {"name": f"{number}", "price_move": {coin: float(in_exponent(loss, digits))}}
        for number, loss in enumerate(losses)
    ]
    recent = deque(days, maxlen=old)
    return Translation(
        recipe="lch-pairs",
        scene=scene,
        figures={
            "es": LevelFigure(level="initial", part="requirement"),
            "old_worst_loss": LevelFigure(level="before", part="requirement"),
        },
        scenarios={"days": {"event": days}, "recent": {"event": list(recent)}},
        definitions={
            "shortfall": {
                "charge": "expected_shortfall",
                "scenarios": "days",
                "level": level_of_worst(case.inputs["n_tail"], len(losses)),
            }
        },
    )
