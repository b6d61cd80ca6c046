"""Deribit's portfolio margin: what the vol shocks of its matrix make of an option's vol, and the
contingencies of its first version.
"""

from crossmargin.conformance.adapters import deribit_grid, deribit_parts
from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.translation import NodeFigure, Translation, VolFigure
from crossmargin.conformance.vector_reading import (
    COIN,
    inputs_shape,
    lacking,
    nearest_misfit,
    unknown_rule,
)
from crossmargin.conformance.verdict import Unsupported
from crossmargin.domain.instrument import Right
from crossmargin.wire.units import float_of, negative_of, seconds_of_days

VOL = inputs_shape(
    """mark_iv days_to_expiry volatility_range_up volatility_range_down short_term_vega_power
    long_term_vega_power""",
    "min_volatility_for_shock_up short_term_if",
)
FIRST = inputs_shape("", "gross_options option_rate futures_long futures_short futures_rate")
NEEDS = {
    "option_contingency_btc": "gross_options option_rate",
    "futures_contingency_btc": "futures_long futures_short futures_rate",
}
RULES = {"short_term_if": r"days *<=? *30"}
DOWN, UP = 0, 1


def translate(case: Case) -> Translation | Unsupported:
    """One option in the matrix of `deribit-portfolio`, futures and options of 2017, or parts that
    are stated.
    """
    if deribit_grid.is_of_positions(case):
        return deribit_grid.translate(case)
    if deribit_parts.is_of_parts(case):
        return deribit_parts.translate(case)
    if "mark_iv" in case.inputs:
        return nearest_misfit(case, [VOL]) or unknown_rule(case, RULES) or _vol(case)
    needed = " ".join(names for key, names in NEEDS.items() if key in case.expected).split()
    return (
        nearest_misfit(case, [FIRST if _is_first(case) else VOL])
        or lacking(case, *needed)
        or _first(case)
    )


def _is_first(case: Case) -> bool:
    return "gross_options" in case.inputs or "futures_long" in case.inputs


def _vol(case: Case) -> Translation:
    """At the money: the shock does not read the strike."""
    inputs = case.inputs
    scene = Scene()
    coin = scene.asset(COIN, index=1)
    row = scene.option(
        coin,
        seconds=seconds_of_days(inputs["days_to_expiry"]),
        strike=1,
        right=Right.CALL,
        forward=1,
        vol=inputs["mark_iv"],
        rate=0,
    )
    scene.position(row, 1)
    rule = {
        "shock": "relative",
        "power_short": float_of(inputs["short_term_vega_power"]),
        "power_long": float_of(inputs["long_term_vega_power"]),
        "reference_is_short": "<=" in inputs.get("short_term_if", ""),
    }
    least = float_of(inputs.get("min_volatility_for_shock_up", 0))
    matrix = {
        "vol_move": {
            "down": {**rule, "move": "-$vol_down"},
            "up": {**rule, "move": "$vol_up", "vol_floor": least},
        },
        "family": [{"name": "vol", "price_move": [0.0], "vol": ["down", "up"]}],
    }
    return Translation(
        recipe="deribit-portfolio",
        scene=scene,
        figures={
            "time_factor": VolFigure(scenarios="matrix", number=UP, row=row, factor=True),
            "vol_up": VolFigure(scenarios="matrix", number=UP, row=row),
            "vol_down": VolFigure(scenarios="matrix", number=DOWN, row=row),
        },
        overrides={
            "vol_up": {coin: float_of(inputs["volatility_range_up"])},
            "vol_down": float_of(inputs["volatility_range_down"]),
        },
        scenarios={"matrix": matrix},
    )


def _first(case: Case) -> Translation:
    """Coins are worth one, so that what is charged in coins is read as it is."""
    inputs = case.inputs
    scene = Scene()
    coin = scene.asset(COIN, index=1)
    scene.account()
    option = scene.option(
        coin, seconds=seconds_of_days(30), strike=1, right=Right.CALL, forward=1, mark=0
    )
    scene.position(option, inputs.get("gross_options", 0))
    for name, size in (
        ("#long", inputs.get("futures_long", 0)),
        ("#short", negative_of(inputs.get("futures_short", 0))),
    ):
        scene.position(scene.perpetual(coin, name=name, mark=1), size)
    return Translation(
        recipe="deribit-portfolio-2017",
        scene=scene,
        figures={
            "option_contingency_btc": NodeFigure(level="initial", node="option_contingency"),
            "futures_contingency_btc": NodeFigure(level="initial", node="futures_contingency"),
        },
        overrides={
            "option_rate": float_of(inputs.get("option_rate", 0)),
            "futures_rate": float_of(inputs.get("futures_rate", 0)),
        },
    )
