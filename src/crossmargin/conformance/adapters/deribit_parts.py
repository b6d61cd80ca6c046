"""Deribit's portfolio margin from stated parts, and the roll shock of deltas by their terms."""

from typing import Any

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.stated_recipe import stated
from crossmargin.conformance.translation import (
    Figure,
    LevelFigure,
    NodeFigure,
    Translation,
)
from crossmargin.conformance.vector_reading import (
    COIN,
    given,
    inputs_shape,
    lacking,
    listed,
    nearest_misfit,
)
from crossmargin.conformance.verdict import Unsupported
from crossmargin.wire.units import decimal_of, float_of, seconds_of_days

PARTS = "worst_case roll_shock delta_shock open_orders_margin mmp_margin"
WHOLE = "risk_matrix_margin"
WITHOUT = ("correlation_contingency", "spot_margin")
"""Parts that the recipe does not have, since they are nothing in what it is for."""
FACTOR = "mm_factor maintenance_factor maintenance_margin_factor"
STATED = inputs_shape("", f"{PARTS} {WHOLE} {' '.join(WITHOUT)} {FACTOR}")
DELTAS = "deltas delta delta_coins delta_total"
TERMS = "days days_to_expiry"
ROLL = inputs_shape("annualised_move_risk min_annualised_move", f"{DELTAS} {TERMS}")

INITIAL = LevelFigure(level="initial", part="requirement")
MAINTENANCE = LevelFigure(level="maintenance", part="requirement")
FIGURES: dict[str, Figure] = {
    "risk_matrix_margin": NodeFigure(level="maintenance", node="risk_matrix_margin"),
    "initial_margin": INITIAL,
    "im": INITIAL,
    "maintenance_margin": MAINTENANCE,
    "mm": MAINTENANCE,
}


def is_of_parts(case: Case) -> bool:
    """Whether the vector states parts of a margin, or deltas that roll."""
    return any(key in case.inputs for key in ("worst_case", WHOLE, "annualised_move_risk"))


def translate(case: Case) -> Translation | Unsupported:
    """Under `deribit-segregated-portfolio`, a coin at one dollar."""
    if "annualised_move_risk" not in case.inputs:
        wrong = nearest_misfit(case, [STATED])
        other = [key for key in WITHOUT if decimal_of(case.inputs.get(key, 0))]
        if wrong is None and other:
            return Unsupported(reason=f"inputs.{other[0]} is a part that the recipe does not have")
        return wrong or _parts(case)
    return nearest_misfit(case, [ROLL]) or lacking(case, DELTAS) or _roll(case)


def _parts(case: Case) -> Translation:
    scene = Scene()
    scene.position(scene.perpetual(scene.asset(COIN, index=1), mark=1), 1, entry=1)
    factor = given(case.inputs, FACTOR)
    return Translation(
        recipe="deribit-segregated-portfolio",
        scene=scene,
        figures=FIGURES,
        overrides={} if factor is None else {"maintenance_factor": float_of(factor)},
        definitions={
            name: stated(float_of(case.inputs.get(name, 0)))
            for name in (*PARTS.split(), WHOLE)
            if name != WHOLE or WHOLE in case.inputs
        },
        reporting="USD",
    )


def _roll(case: Case) -> Translation:
    """A future for each delta that has days to go, a perpetual for one that has none."""
    inputs, scene = case.inputs, Scene()
    coin = scene.asset(COIN, index=1)
    deltas = listed(given(inputs, DELTAS))
    terms: list[Any] = listed(given(inputs, TERMS) or [None for _ in deltas])
    scene.account()
    for delta, days in zip(deltas, terms, strict=True):
        row = (
            scene.future(coin, seconds=seconds_of_days(days), mark=1)
            if days
            else scene.perpetual(coin, mark=1, funding_rate=0)
        )
        scene.position(row, delta, entry=1)
    return Translation(
        recipe="deribit-segregated-portfolio",
        scene=scene,
        figures={"roll_shock": NodeFigure(level="maintenance", node="roll_shock")},
        overrides={
            "roll_per_year": {coin: float_of(inputs["annualised_move_risk"])},
            "roll_least": {coin: float_of(inputs["min_annualised_move"])},
        },
        reporting="USD",
    )
