"""Kraken Futures: margin equity after haircuts, and the larger of two stated sides."""

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.stated_recipe import stated
from crossmargin.conformance.translation import LevelFigure, NodeFigure, Translation
from crossmargin.conformance.vector_reading import inputs_shape, nearest_misfit
from crossmargin.conformance.verdict import Unsupported
from crossmargin.wire.units import float_of

PRICE = "_usd"
MONEY = "USD"


def translate(case: Case) -> Translation | Unsupported:
    """One account under `kraken`: coins with their prices, dollars, and one position."""
    coins = [key.removesuffix(PRICE) for key in case.inputs if key.endswith(PRICE)]
    priced = " ".join(f"{coin} {coin}{PRICE}" for coin in coins)
    known = inputs_shape(priced, "haircut usd upnl long_margin short_margin")
    return nearest_misfit(case, [known]) or _account(case, coins)


def _account(case: Case, coins: list[str]) -> Translation:
    inputs, scene = case.inputs, Scene()
    haircuts = {MONEY: 0.0}
    for coin in coins:
        code = scene.asset(coin.upper(), index=inputs[f"{coin}{PRICE}"])
        scene.balance(code, inputs[coin])
        haircuts[code] = float_of(inputs.get("haircut", 0))
    scene.balance(MONEY, inputs.get("usd", 0))
    row = scene.perpetual(scene.asset("COIN", index=1), mark=1)
    scene.position(row, 1, profit=inputs.get("upnl", 0))
    return Translation(
        recipe="kraken",
        scene=scene,
        figures={
            "margin_equity": LevelFigure(level="initial", part="equity"),
            "total_margin_requirement": NodeFigure(level="maintenance", node="initial_margin"),
            "maintenance_margin": LevelFigure(level="maintenance", part="requirement"),
        },
        overrides={"haircut": haircuts, "bounds": {"COIN": []}, "rates": {"COIN": [0.0]}},
        definitions={
            side: stated(float_of(inputs.get(side, 0))) for side in ("long_margin", "short_margin")
        },
    )
