"""Kraken Futures: margin equity after haircuts, and the larger of two stated sides."""

from crossmargin.conformance.case import Case
from crossmargin.conformance.scene import Scene
from crossmargin.conformance.stated_recipe import stated
from crossmargin.conformance.translation import (
    Figure,
    LevelFigure,
    ListFigure,
    NodeFigure,
    ShareFigure,
    SizeFigure,
    Translation,
)
from crossmargin.conformance.vector_reading import (
    inputs_shape,
    listed,
    nearest_misfit,
    renamed,
    tiers,
)
from crossmargin.conformance.verdict import Unsupported
from crossmargin.rulebook.amount import Amount
from crossmargin.wire.units import float_of

PRICE = "_usd"
READ = {
    "im": ("initial_margin", False),
    "initial_margin": ("initial_margin", False),
    "im_rate": ("initial_margin", True),
    "mm": ("requirement", False),
    "maintenance_margin": ("requirement", False),
    "mm_rate": ("requirement", True),
}
"""Expected key -> the node, and whether it is over the size."""
MONEY = "USD"
WORDS = {
    "contracts": "position size contracts_held position_contracts",
    "bounds": "level_upper_bounds tier_upper_bounds upper_bounds levels",
    "rates": "im_rates initial_margins initial_rates im",
}
LEVELS = inputs_shape("contracts bounds rates", "mm_share")


def translate(case: Case) -> Translation | Unsupported:
    """One account under `kraken`: coins with their prices, dollars, and one position."""
    levels = renamed(case, WORDS)
    if "contracts" in levels.inputs:
        return nearest_misfit(levels, [LEVELS]) or _levels(levels)
    coins = [key.removesuffix(PRICE) for key in case.inputs if key.endswith(PRICE)]
    priced = " ".join(f"{coin} {coin}{PRICE}" for coin in coins)
    known = inputs_shape(priced, "haircut usd upnl long_margin short_margin")
    return nearest_misfit(case, [known]) or _account(case, coins)


def _levels(case: Case) -> Translation:
    """Positions of so many contracts of one dollar, each at the rate of the level it reaches."""
    inputs, scene = case.inputs, Scene()
    coin = scene.asset("COIN", index=1)
    row = scene.perpetual(coin, mark=1)
    sizes = listed(inputs["contracts"])
    names = [f"account {number}" for number in range(len(sizes))]
    for account, size in zip(names, sizes, strict=True):
        scene.position(row, size, entry=1, account=account)
    bound, rate = tiers(inputs["bounds"], inputs["rates"])
    figures: dict[str, Figure] = {}
    for key, (node, relative) in READ.items():
        own: list[Figure] = []
        for account in names:
            paid = NodeFigure(level="maintenance", node=node, account=account)
            size = SizeFigure(amount=Amount.ABS_NET, of="contracts", account=account)
            own.append(ShareFigure(of=paid, base=size) if relative else paid)
        several = isinstance(inputs["contracts"], list)
        figures[key] = ListFigure(figures=tuple(own)) if several else own[0]
    return Translation(
        recipe="kraken",
        scene=scene,
        figures=figures,
        overrides={
            "bounds": {coin: [float_of(each) for each in bound]},
            "rates": {coin: [float_of(each) for each in rate]},
            "haircut": {MONEY: 0.0},
        },
    )


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
