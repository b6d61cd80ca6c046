"""Binance's proof of solvency: what collateral counts for by tiers."""

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.shape import misfit, shape
from crossmargin.conformance.translation import LevelFigure, Translation
from crossmargin.conformance.verdict import Unsupported
from crossmargin.wire.units import float_of, frac_of_percent

TIERS = shape(
    """inputs.collateral_value params.tier_upper_bounds params.tier_ratio_percent
    expected.haircut_value"""
)
NOTHING_ABOVE = 0.0


def translate(case: Case) -> Translation | Unsupported:
    """So many coins at one dollar each, under the recipe `binance-zkmerkle`."""
    return misfit(case, TIERS) or _tiered(case)


def _tiered(case: Case) -> Translation:
    scene = Scene()
    scene.balance(scene.asset("COIN", index=1), case.inputs["collateral_value"])
    percents = case.params["tier_ratio_percent"]
    return Translation(
        recipe="binance-zkmerkle",
        scene=scene,
        figures={"haircut_value": LevelFigure(level="solvency", part="equity")},
        overrides={
            "bounds": [float_of(bound) for bound in case.params["tier_upper_bounds"]],
            "rates": [*[frac_of_percent(percent) for percent in percents], NOTHING_ABOVE],
        },
    )
