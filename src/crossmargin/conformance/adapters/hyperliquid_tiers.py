"""Hyperliquid: maintenance margin of a notional under tiers of leverage."""

from typing import Any

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.translation import LevelFigure, ListFigure, NodeFigure, Translation
from crossmargin.conformance.vector_reading import COIN, inputs_shape, listed, nearest_misfit
from crossmargin.conformance.verdict import Unsupported
from crossmargin.wire.units import decimal_of, float_of

TIERS = inputs_shape("tier_lower_bounds max_leverage notional", "leverage")


def translate(case: Case) -> Translation | Unsupported:
    """A position for each notional, at one dollar a coin, under `hyperliquid`."""
    return nearest_misfit(case, [TIERS]) or _tiers(case)


def _tiers(case: Case) -> Translation:
    inputs, scene = case.inputs, Scene()
    coin = scene.asset(COIN, index=1)
    row = scene.perpetual(coin, mark=1)
    names = [f"account {number}" for number in range(len(listed(inputs["notional"])))]
    for account, notional in zip(names, listed(inputs["notional"]), strict=True):
        scene.position(row, notional, account=account, entry=1)
    kept = tuple(
        LevelFigure(level="maintenance", part="requirement", account=name) for name in names
    )
    opened = tuple(NodeFigure(level="withdrawal", node="initial_margin", account=n) for n in names)
    several = isinstance(inputs["notional"], list)
    overrides: dict[str, Any] = {
        "bounds": {coin: [float_of(b) for b in inputs["tier_lower_bounds"] if decimal_of(b)]},
        "max_leverage": {coin: [float_of(each) for each in listed(inputs["max_leverage"])]},
    }
    if "leverage" in inputs:
        overrides["leverage"] = dict.fromkeys(names, float_of(inputs["leverage"]))
    return Translation(
        recipe="hyperliquid",
        scene=scene,
        figures={
            "maintenance_margin": ListFigure(figures=kept) if several else kept[0],
            "initial_margin": ListFigure(figures=opened) if several else opened[0],
        },
        overrides=overrides,
    )
